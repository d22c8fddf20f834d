/**
 * The volumes of a node, whoever uses them, and those in no group in particular: opened when the node starts, made and
 * deleted by command while it runs. A volume that was made by command has a document beside it in its array's volume
 * table, so that what a group leaves behind when it goes out of cluster.yaml is not offered to hosts by itself.
 *
 * Made:    document durable -> volume durable -> exported. Dying in between leaves a document without a volume, which the
 *          next start drops, or a volume that the next start exports.
 * Deleted: sessions ended -> volume gone -> document gone. Dying in between leaves all of it, or a document alone.
 */
import type { DurableBlockStore } from "@waystation/contracts/block-device";
import { Failure } from "@waystation/contracts/errors";
import { isName, nameRule, type NodeName, type VolumeName } from "@waystation/contracts/ids";
import type { Log } from "@waystation/contracts/log";
import type { StoredVolume, VolumeOrder, VolumeUse } from "@waystation/contracts/storage-front";
import type { Cluster } from "@waystation/config/cluster";
import { journalVolumesOf } from "@waystation/config/journal-volumes";
import { volumesOf } from "@waystation/config/load";
import type { StandaloneAccess, StandaloneFront } from "@waystation/node/standalone-front";
import type { VolumeSummary } from "@waystation/volumes/volumes";
import type { OpenArray } from "./array-report.js";
import { openOrCreateVolume } from "./configured-volumes.js";

const sectorBytes = 4096;
const documentPrefix = "standalone/";

export interface VolumeCatalogue {
  list(): readonly StoredVolume[];
  create(order: VolumeOrder): Promise<void>;
  delete(name: string): Promise<void>;
}

export interface CatalogueOptions {
  readonly arrays: readonly OpenArray[];
  readonly cluster: Cluster;
  readonly node: NodeName;
  readonly front: StandaloneFront;
  readonly log: Log;
}

interface Place {
  readonly on: OpenArray;
  readonly volume: VolumeSummary;
}

export async function openVolumeCatalogue(options: CatalogueOptions): Promise<VolumeCatalogue> {
  const { arrays, cluster, node, front, log } = options;
  const useOf = uses(cluster, node);
  const configured = cluster.standaloneVolumes.filter((volume) => volume.node === node);
  const open = new Map<string, DurableBlockStore>();
  let changing: Promise<unknown> = Promise.resolve();

  const exclusively = (change: () => Promise<void>): Promise<void> => {
    const mine = changing.then(change);
    changing = mine.catch(() => {});
    return mine;
  };
  const show = (name: VolumeName, store: DurableBlockStore): void => {
    open.set(name, store);
    front.add({ name, store, access: "read-write", description: "volume in no group" });
  };
  const places = (): Place[] =>
    arrays.flatMap((on) => on.volumes.list({ hidden: true }).map((volume) => ({ on, volume })));
  const find = (name: string): Place => {
    const place = places().find(({ volume }) => volume.name === name);
    if (place !== undefined) return place;
    const names = arrays.flatMap(({ volumes }) => volumes.list().map((volume) => volume.name)).join(", ");
    throw new Failure("VOLUME_NOT_FOUND", `no volume ${JSON.stringify(name)} on ${node}; it has: ${names || "none"}`);
  };

  const create = async ({ name, array, sizeBytes }: VolumeOrder): Promise<void> => {
    const on = arrayNamed(arrays, array, node);
    const volume = checkNew({ name, sizeBytes, taken: places(), node });
    const document = `${documentPrefix}${volume}`;
    await on.volumes.documents.put(document, {});
    await on.volumes.create(volume, sizeBytes).catch(async (error: unknown) => {
      await on.volumes.documents.delete(document);
      throw error;
    });
    show(volume, on.volumes.open(volume));
    log.info({ volume, array, sizeBytes }, "volume made");
  };

  const remove = async (text: string): Promise<void> => {
    const { on, volume } = find(text);
    const { name } = volume;
    const obstacle = useOf(name).obstacle ?? configuredObstacle(configured, name);
    if (obstacle !== null) throw new Failure("VOLUME_IN_USE", `volume ${name} cannot be deleted: ${obstacle}`);
    await front.remove(name, "the volume is being deleted");
    await open.get(name)?.close();
    open.delete(name);
    try {
      await on.volumes.delete(name);
    } catch (error) {
      // Something stands on it, or the array failed: it is there as before.
      if (on.volumes.list().some((there) => there.name === name)) show(name, on.volumes.open(name));
      throw error;
    }
    await on.volumes.documents.delete(`${documentPrefix}${name}`);
    log.info({ volume: name, array: on.array.name }, "volume deleted");
  };

  for (const on of arrays) {
    const here = configured.filter(({ array }) => array === on.array.name);
    for (const { name, sizeBytes } of here)
      show(name, await openOrCreateVolume(on.volumes, { name, sizeBytes, array: on.array.name }));
    for (const name of madeByCommand(on)) {
      const isThere = on.volumes.list().some((volume) => volume.name === name);
      if (!isThere) await on.volumes.documents.delete(`${documentPrefix}${name}`);
      else if (!open.has(name) && useOf(name).use === "standalone") show(name, on.volumes.open(name));
    }
  }

  return {
    list: () =>
      arrays.flatMap((on) =>
        on.volumes.list().map(({ name, sizeBytes }): StoredVolume => {
          const { use } = useOf(name);
          const access: StandaloneAccess = front.accessOf(name) ?? "closed";
          return {
            name,
            array: on.array.name,
            kind: "thick",
            use,
            sizeBytes,
            usedBytes: sizeBytes,
            access,
            detail: use === "standalone" && !open.has(name) ? leftBehind : "",
            origin: null,
          };
        }),
      ),
    create: (order) => exclusively(() => create(order)),
    delete: (name) => exclusively(() => remove(name)),
  };
}

const leftBehind = "of no group any more, not exported: put it back into cluster.yaml, or delete it";

interface Use {
  readonly use: VolumeUse;
  /** Why it can neither be deleted nor copied here. */
  readonly obstacle: string | null;
}

/** Who uses which volume, by the cluster file. */
function uses(cluster: Cluster, node: NodeName): (name: string) => Use {
  const known = new Map<string, Use>();
  for (const { name, group } of volumesOf(cluster, node)) {
    const text = `it is in group ${group ?? "?"}; take it out of cluster.yaml and start ${node} again first`;
    known.set(name, { use: "replicated", obstacle: text });
  }
  for (const journal of journalVolumesOf(cluster)) {
    if (journal.node !== node) continue;
    known.set(journal.name, { use: "journal", obstacle: `it holds the journal of group ${journal.group}` });
  }
  return (name) => known.get(name) ?? { use: "standalone", obstacle: null };
}

function configuredObstacle(configured: readonly { readonly name: string }[], name: string): string | null {
  const stands = configured.some((volume) => volume.name === name);
  return stands ? "it stands in cluster.yaml; take it out there and start the node again first" : null;
}

function madeByCommand({ volumes }: OpenArray): VolumeName[] {
  return volumes.documents
    .names()
    .filter((name) => name.startsWith(documentPrefix))
    .map((name) => name.slice(documentPrefix.length) as VolumeName);
}

export function arrayNamed(arrays: readonly OpenArray[], name: string, node: NodeName): OpenArray {
  const found = arrays.find(({ array }) => array.name === name);
  if (found !== undefined) return found;
  const names = arrays.map(({ array }) => array.name).join(", ");
  throw new Failure("UNKNOWN_ARRAY", `no array ${JSON.stringify(name)} on ${node}; it has: ${names || "none"}`);
}

interface NewVolume {
  readonly name: string;
  readonly sizeBytes: number;
  readonly taken: readonly Place[];
  readonly node: NodeName;
}

function checkNew({ name, sizeBytes, taken, node }: NewVolume): VolumeName {
  if (!isName(name)) throw new Failure("VOLUME_NAME", `${JSON.stringify(name)} is no volume name: ${nameRule}`);
  const same = taken.find(({ volume }) => volume.name === name);
  if (same !== undefined) {
    const text = `${node} has a volume ${name} already, on array ${same.on.array.name}: choose another name`;
    throw new Failure("VOLUME_EXISTS", text);
  }
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes <= 0 || sizeBytes % sectorBytes !== 0)
    throw new Failure("VOLUME_SIZE", `volume ${name} cannot have ${sizeBytes} bytes: a multiple of 4 KiB is needed`);
  return name as VolumeName;
}

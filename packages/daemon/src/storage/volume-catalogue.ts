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
import type { CopyOrder, SnapshotOrder, StoredVolume, VolumeOrder } from "@waystation/contracts/storage-front";
import type { Cluster } from "@waystation/config/cluster";
import type { StandaloneFront } from "@waystation/node/standalone-front";
import type { VolumeSummary } from "@waystation/volumes/volumes";
import type { OpenArray } from "./array-report.js";
import { ensureVolume } from "./configured-volumes.js";
import { standaloneText, type PairDesk } from "./pair-desk.js";
import { allPlaces, arrayNamed, placeOf, type VolumePlace, type VolumeUses } from "./volume-places.js";

const sectorBytes = 4096;
const documentPrefix = "standalone/";

export interface VolumeCatalogue {
  list(): readonly StoredVolume[];
  create(order: VolumeOrder): Promise<void>;
  snapshot(order: SnapshotOrder): Promise<void>;
  clone(order: CopyOrder): Promise<void>;
  delete(name: string): Promise<void>;
}

export interface CatalogueOptions {
  readonly arrays: readonly OpenArray[];
  readonly cluster: Cluster;
  readonly node: NodeName;
  readonly front: StandaloneFront;
  readonly uses: VolumeUses;
  /** Through which volumes are opened for hosts. */
  readonly desk: PairDesk;
  readonly log: Log;
}

export async function openVolumeCatalogue(options: CatalogueOptions): Promise<VolumeCatalogue> {
  const { arrays, cluster, node, front, uses, desk, log } = options;
  const configured = cluster.standaloneVolumes.filter((volume) => volume.node === node);
  const open = new Map<string, DurableBlockStore>();
  let changing: Promise<unknown> = Promise.resolve();

  const exclusively = (change: () => Promise<void>): Promise<void> => {
    const mine = changing.then(change);
    changing = mine.catch(() => {});
    return mine;
  };
  const show = (name: VolumeName): void => {
    const store = desk.volume(name);
    const { access, detail } = desk.accessOf(name);
    open.set(name, store);
    front.add({ name, store, access, description: detail === "" ? standaloneText : detail });
  };

  /** Makes a volume with its document, and shows it to hosts. */
  const make = async (on: OpenArray, name: VolumeName, run: () => Promise<void>): Promise<void> => {
    const document = `${documentPrefix}${name}`;
    await on.volumes.documents.put(document, {});
    await run().catch(async (error: unknown) => {
      await on.volumes.documents.delete(document);
      throw error;
    });
    show(name);
  };

  const create = async ({ name: text, array, sizeBytes, thin }: VolumeOrder): Promise<void> => {
    const on = arrayNamed(arrays, array);
    const name = checkName(text, node, allPlaces(arrays));
    checkSize(name, sizeBytes);
    await make(on, name, () => on.volumes.create(name, sizeBytes, { thin }));
    log.info({ volume: name, array, sizeBytes, thin }, "volume made");
  };

  const copy = async (kind: "snapshot" | "clone", order: SnapshotOrder): Promise<void> => {
    const { origin, name: text, unreserved = false } = order;
    const options = kind === "snapshot" && unreserved ? { reserve: false } : {};
    const { on, volume } = placeOf(arrays, origin);
    uses.checkStandalone(volume.name);
    const name = checkName(text, node, allPlaces(arrays));
    await desk.whileWhole(volume.name, () => make(on, name, () => on.volumes[kind](name, volume.name, options)));
    log.info({ volume: name, array: on.array.name, origin }, `${kind} made`);
  };

  const remove = async (text: string): Promise<void> => {
    const { on, volume } = placeOf(arrays, text);
    const { name } = volume;
    uses.checkStandalone(name);
    const obstacle = configuredObstacle(configured, name) ?? pairObstacle(desk, name);
    if (obstacle !== null) throw new Failure("VOLUME_IN_USE", `volume ${name} cannot be deleted: ${obstacle}`);
    checkAlone(on, name);
    await front.remove(name, "the volume is being deleted");
    await open.get(name)?.close();
    open.delete(name);
    try {
      await on.volumes.delete(name);
    } catch (error) {
      // Something stands on it, or the array failed: it is there as before.
      if (on.volumes.list().some((there) => there.name === name)) show(name);
      throw error;
    }
    await on.volumes.documents.delete(`${documentPrefix}${name}`);
    log.info({ volume: name, array: on.array.name }, "volume deleted");
  };

  for (const on of arrays) {
    const here = configured.filter(({ array }) => array === on.array.name);
    for (const { name, sizeBytes } of here) {
      await ensureVolume(on.volumes, { name, sizeBytes, array: on.array.name });
      show(name);
    }
    for (const name of madeByCommand(on)) {
      const isThere = on.volumes.list().some((volume) => volume.name === name);
      if (!isThere) await on.volumes.documents.delete(`${documentPrefix}${name}`);
      else if (!open.has(name) && uses.of(name) === "standalone") show(name);
    }
  }

  const describe = (on: OpenArray, volume: VolumeSummary): StoredVolume => {
    const { name, sizeBytes, exclusiveBytes, snapshotOf, cloneOf } = volume;
    const use = uses.of(name);
    return {
      ...{ name, array: on.array.name, kind: kindOf(volume), use, sizeBytes, usedBytes: exclusiveBytes },
      access: front.accessOf(name) ?? "closed",
      detail: use === "standalone" && !open.has(name) ? leftBehind : desk.accessOf(name).detail,
      origin: snapshotOf ?? cloneOf,
    };
  };

  return {
    list: () => arrays.flatMap((on) => on.volumes.list().map((volume) => describe(on, volume))),
    create: (order) => exclusively(() => create(order)),
    snapshot: (order) => exclusively(() => copy("snapshot", order)),
    clone: (order) => exclusively(() => copy("clone", order)),
    delete: (name) => exclusively(() => remove(name)),
  };
}

const leftBehind = "of no group any more, not exported: put it back into cluster.yaml, or delete it";

function configuredObstacle(configured: readonly { readonly name: string }[], name: string): string | null {
  const stands = configured.some((volume) => volume.name === name);
  return stands ? "it stands in cluster.yaml; take it out there and start the node again first" : null;
}

function pairObstacle(desk: PairDesk, name: string): string | null {
  const deletion = desk.deletionOf(name);
  return deletion === null ? null : `it is ${desk.accessOf(name).detail}; first ${deletion}`;
}

function madeByCommand({ volumes }: OpenArray): VolumeName[] {
  return volumes.documents
    .names()
    .filter((name) => name.startsWith(documentPrefix))
    .map((name) => name.slice(documentPrefix.length) as VolumeName);
}

function checkName(name: string, node: NodeName, taken: readonly VolumePlace[]): VolumeName {
  if (!isName(name)) throw new Failure("VOLUME_NAME", `${JSON.stringify(name)} is no volume name: ${nameRule}`);
  const same = taken.find(({ volume }) => volume.name === name);
  if (same === undefined) return name as VolumeName;
  const text = `${node} has a volume ${name} already, on array ${same.on.array.name}: choose another name`;
  throw new Failure("VOLUME_EXISTS", text);
}

function checkSize(name: VolumeName, sizeBytes: number): void {
  if (Number.isSafeInteger(sizeBytes) && sizeBytes > 0 && sizeBytes % sectorBytes === 0) return;
  throw new Failure("VOLUME_SIZE", `volume ${name} cannot have ${sizeBytes} bytes: a multiple of 4 KiB is needed`);
}

/** Before its sessions are ended for nothing. */
function checkAlone({ volumes }: OpenArray, name: VolumeName): void {
  const others = volumes.list({ hidden: true });
  const snapshots = others.filter(({ snapshotOf }) => snapshotOf === name).map((volume) => volume.name);
  const clones = others.filter(({ cloneOf }) => cloneOf === name).map((volume) => volume.name);
  if (snapshots.length > 0) {
    const text = `volume ${name} has snapshots: first wayctl volume delete ${snapshots.join(" ")}`;
    throw new Failure("VOLUME_HAS_SNAPSHOTS", text);
  }
  if (clones.length === 0) return;
  throw new Failure("VOLUME_HAS_CLONES", `snapshot ${name} has clones: first wayctl volume delete ${clones.join(" ")}`);
}

function kindOf({ kind, isReserved, cloneOf }: VolumeSummary): StoredVolume["kind"] {
  if (kind !== "mapped") return kind;
  if (cloneOf !== null) return "clone";
  return isReserved ? "mapped" : "thin";
}

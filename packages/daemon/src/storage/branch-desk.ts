/**
 * Branches: what a volume of a group held before another history overwrote it (PROTOCOL 6.4), kept as a hidden snapshot on
 * the same array and shown to hosts, read-only, as VOLUME@BRANCH. A document beside it in the volume table says so.
 *
 * Made:    document durable -> snapshot durable -> exported. Dying in between leaves a document without a snapshot, which
 *          the next start drops, or a branch that the next start exports; making it again does what is left.
 * Dropped: sessions ended -> snapshot gone -> document gone. Dying in between leaves all of it, or a document alone.
 */
import type { Clock } from "@waystation/contracts/clock";
import { Failure, reasonOf } from "@waystation/contracts/errors";
import { isName, type VolumeName } from "@waystation/contracts/ids";
import type { Log } from "@waystation/contracts/log";
import type { Branch, Branches } from "@waystation/node/ports";
import type { StandaloneFront } from "@waystation/node/standalone-front";
import { daemonFailure } from "../errors.js";
import type { OpenArray } from "./array-report.js";

const documentPrefix = "branch/";

export interface BranchDesk extends Branches {
  close(): Promise<void>;
}

export interface BranchDeskOptions {
  readonly arrays: readonly OpenArray[];
  readonly front: StandaloneFront;
  readonly clock: Clock;
  readonly log: Log;
}

interface OpenBranch extends Branch {
  readonly on: OpenArray;
  readonly snapshot: VolumeName;
  readonly close: () => Promise<void>;
}

export async function openBranchDesk({ arrays, front, clock, log }: BranchDeskOptions): Promise<BranchDesk> {
  const open = new Map<string, OpenBranch>();
  let changing: Promise<unknown> = Promise.resolve();

  const exclusively = (change: () => Promise<void>): Promise<void> => {
    const mine = changing.then(change);
    changing = mine.catch(() => {});
    return mine;
  };

  const show = (on: OpenArray, branch: Pick<Branch, "volume" | "name" | "createdWallMs">): void => {
    const snapshot = snapshotName(branch.volume, branch.name);
    const store = on.volumes.open(snapshot);
    const { sizeBytes } = store;
    const shown = exportName(branch.volume, branch.name);
    open.set(shown, { ...branch, sizeBytes, on, snapshot, close: () => store.close() });
    const description = `what ${branch.volume} held before it was overwritten (branch ${branch.name})`;
    front.add({ name: shown as VolumeName, store, access: "read-only", description });
  };

  const create = async (volume: VolumeName, name: string): Promise<void> => {
    if (open.has(exportName(volume, name))) return;
    const on = arrayOf(arrays, volume);
    const snapshot = snapshotName(volume, name);
    if (!isName(snapshot)) throw failed(volume, name, `${snapshot} would be no volume name`);
    const createdWallMs = clock.wallMs();
    const document = `${documentPrefix}${volume}/${name}`;
    try {
      await on.volumes.documents.put(document, { createdWallMs });
      const isThere = on.volumes.list({ hidden: true }).some((other) => other.name === snapshot);
      if (!isThere) await on.volumes.snapshot(snapshot, volume, { hidden: true });
    } catch (error) {
      const others = [...open.values()].filter((branch) => branch.on === on).map((branch) => branch.name);
      const advice = others.length === 0 ? "" : `; older branches on its array: ${others.join(", ")}`;
      throw failed(volume, name, `${reasonOf(error)}${advice}`, error);
    }
    show(on, { volume, name, createdWallMs });
    log.info({ volume, branch: name, array: on.array.name }, "branch made");
  };

  const drop = async (volume: VolumeName, name: string): Promise<void> => {
    const shown = exportName(volume, name);
    const branch = open.get(shown);
    if (branch === undefined) throw failed(volume, name, "there is no such branch");
    await front.remove(shown, "the branch is being dropped");
    await branch.close();
    open.delete(shown);
    await branch.on.volumes.delete(branch.snapshot);
    await branch.on.volumes.documents.delete(`${documentPrefix}${volume}/${name}`);
    log.info({ volume, branch: name }, "branch dropped");
  };

  for (const on of arrays) {
    const { documents } = on.volumes;
    for (const document of documents.names().filter((name) => name.startsWith(documentPrefix))) {
      const [volume = "", name = ""] = document.slice(documentPrefix.length).split("/");
      const snapshot = snapshotName(volume, name);
      const isThere = on.volumes.list({ hidden: true }).some((other) => other.name === snapshot);
      const { createdWallMs } = documents.get(document) as { readonly createdWallMs: number };
      if (isThere) show(on, { volume: volume as VolumeName, name, createdWallMs });
      else await documents.delete(document);
    }
  }

  return {
    create: (volume, name) => exclusively(() => create(volume, name)),
    drop: (volume, name) => exclusively(() => drop(volume, name)),
    list: () =>
      [...open.values()].map(({ volume, name, sizeBytes, createdWallMs }) => ({
        volume,
        name,
        sizeBytes,
        createdWallMs,
      })),
    async close() {
      for (const branch of open.values()) await branch.close();
      open.clear();
    },
  };
}

function arrayOf(arrays: readonly OpenArray[], volume: VolumeName): OpenArray {
  const on = arrays.find(({ volumes }) => volumes.list().some(({ name }) => name === volume));
  if (on === undefined) throw new Failure("UNKNOWN_VOLUME", `no volume ${volume} on the arrays of this node`);
  return on;
}

/** On the array; no name of a volume has an "@". */
function snapshotName(volume: string, branch: string): VolumeName {
  return `${volume}.${branch}` as VolumeName;
}

function exportName(volume: string, branch: string): string {
  return `${volume}@${branch}`;
}

function failed(volume: VolumeName, name: string, why: string, cause?: unknown): Failure {
  return daemonFailure("BRANCH_FAILED", `branch ${name} of volume ${volume}: ${why}`, cause);
}

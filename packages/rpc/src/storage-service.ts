/**
 * The storage service over `StorageFront`. Commands are unary calls that answer once what they start is under way; whoever
 * waits watches: a stream asks the port again and again, at the caller's pace, and ends with the caller.
 */
import { setTimeout as delay } from "node:timers/promises";
import { Failure } from "@waystation/contracts/errors";
import type { Log } from "@waystation/contracts/log";
import type { ArrayReport, PairName, PairReport, StorageFront } from "@waystation/contracts/storage-front";
import { rpcFailure } from "./errors.js";
import type { StorageServiceHandlers } from "./generated/waystation/v1/StorageService.js";
import { watchIntervalMs, watchIntervalMsMax, watchIntervalMsMin } from "./limits.js";
import { serverStream } from "./server-stream.js";
import { toProtoArray, toProtoPair, toProtoStoredVolume } from "./storage-messages.js";
import { unary } from "./unary.js";

export function createStorageHandlers(storage: StorageFront, log: Log): StorageServiceHandlers {
  /** A command, whose answer is empty. */
  const command = <Request>(run: (request: Request) => Promise<void>) =>
    unary<Request, object>(log, async (request) => {
      await run(request);
      return {};
    });
  return {
    ListArrays: unary(log, () => ({ arrays: storage.arrays().map(toProtoArray) })),
    ShowArray: unary(log, ({ array }) => ({ array: toProtoArray(arrayNamed(storage, array)) })),
    WatchArray: serverStream(log, ({ array, intervalMs }, left) =>
      repeat(intervalMs, left, () => ({ array: toProtoArray(arrayNamed(storage, array)) })),
    ),
    ScrubArray: unary(log, async ({ array }) => ({ run: await storage.scrub(array) })),
    RebuildArray: command(({ array }) => storage.rebuild(array)),
    FailDisk: command(({ array, slot }) => storage.failDisk(array, slot)),
    ReplaceDisk: command(({ array, slot }) => storage.replaceDisk(array, slot)),
    ListStoredVolumes: unary(log, () => ({ volumes: storage.volumes().map(toProtoStoredVolume) })),
    CreateVolume: command(({ name, array, sizeBytes, thin }) => storage.createVolume({ name, array, sizeBytes, thin })),
    DeleteVolume: command(({ name }) => storage.deleteVolume(name)),
    SnapshotVolume: command(({ origin, name, unreserved }) => storage.snapshotVolume({ origin, name, unreserved })),
    CloneVolume: command(({ origin, name }) => storage.cloneVolume({ origin, name })),
    ListPairs: unary(log, () => ({ pairs: storage.pairs().map(toProtoPair) })),
    WatchPair: serverStream(log, ({ primary, secondary, intervalMs }, left) =>
      repeat(intervalMs, left, () => ({ pair: toProtoPair(pairNamed(storage, { primary, secondary })) })),
    ),
    CreatePair: command(({ primary, secondary, secondaryNode }) =>
      storage.createPair({ primary, secondary, secondaryNode }),
    ),
    SplitPair: command(({ primary, secondary, quick }) => storage.splitPair({ primary, secondary, quick })),
    ResyncPair: command(({ primary, secondary, quick }) => storage.resyncPair({ primary, secondary, quick })),
    RestorePair: command(({ primary, secondary }) => storage.restorePair({ primary, secondary })),
    LendVolume: unary(log, ({ volume, pairId, primaryNode, primary, isNew }) =>
      storage.lendVolume({ volume, pairId, primaryNode, primary, isNew }),
    ),
    OpenLentVolume: command(({ volume, pairId, splitId, regionBytes }) =>
      storage.openLentVolume({ volume, pairId }, { splitId, regionBytes }),
    ),
    CloseLentVolume: unary(log, async ({ volume, pairId }) => ({
      written: [...(await storage.closeLentVolume({ volume, pairId }))],
    })),
    ReturnVolume: command(({ volume, pairId }) => storage.returnVolume({ volume, pairId })),
    DeletePair: command(({ primary, secondary, force }) => storage.deletePair({ primary, secondary, force })),
  };
}

async function* repeat<Answer>(askedMs: number, left: AbortSignal, answer: () => Answer): AsyncIterable<Answer> {
  const intervalMs = askedMs === 0 ? watchIntervalMs : askedMs;
  if (intervalMs < watchIntervalMsMin || intervalMs > watchIntervalMsMax)
    throw rpcFailure(
      "REQUEST_INVALID",
      `an interval of ${askedMs} ms: use ${watchIntervalMsMin} to ${watchIntervalMsMax}, or 0 for ${watchIntervalMs}`,
    );
  for (;;) {
    yield answer();
    await delay(intervalMs, undefined, { signal: left, ref: false }).catch(() => {});
    if (left.aborted) return;
  }
}

function arrayNamed(storage: StorageFront, name: string): ArrayReport {
  const arrays = storage.arrays();
  const found = arrays.find((array) => array.name === name);
  if (found !== undefined) return found;
  const names = arrays.map((array) => array.name).join(", ") || "none";
  throw new Failure("UNKNOWN_ARRAY", `no array ${JSON.stringify(name)} on this node; it has ${names}`);
}

function pairNamed(storage: StorageFront, { primary, secondary }: PairName): PairReport {
  const pairs = storage.pairs();
  const found = pairs.find((pair) => pair.primary === primary && pair.secondary === secondary);
  if (found !== undefined) return found;
  const names = pairs.map((pair) => `${pair.primary} ${pair.secondary}`).join(", ") || "none";
  throw new Failure("UNKNOWN_PAIR", `no pair ${primary} ${secondary} on this node; it has ${names}`);
}

/** Records on their way from a journal into the volumes of this node. */
import type { BlockWrite } from "@waystation/contracts/block-device";
import type { Failure } from "@waystation/contracts/errors";
import { hasPayload } from "@waystation/contracts/journal";
import type { Desk } from "./effects.js";
import type { JournalRecord, VolumeName } from "./vocabulary.js";

/** Stores them, in order per volume; calls back when all are durable, or with the first failure. */
export function storeRecords(
  desk: Desk,
  records: readonly JournalRecord[],
  then: (failure: Failure | null, volume: VolumeName | null) => void,
): void {
  const perVolume = new Map<VolumeName, BlockWrite[]>();
  for (const { volume, kind, offsetBytes, lengthBytes, payload } of records) {
    const writes = perVolume.get(volume) ?? [];
    perVolume.set(volume, writes);
    writes.push({ offsetBytes, lengthBytes, data: hasPayload(kind) ? payload : null });
  }
  if (perVolume.size === 0) return then(null, null);
  let left = perVolume.size;
  let failed: { readonly failure: Failure; readonly volume: VolumeName } | null = null;
  for (const [volume, writes] of perVolume) {
    desk.store(volume, writes, (failure) => {
      if (failure !== null) failed ??= { failure, volume };
      left -= 1;
      if (left === 0) then(failed?.failure ?? null, failed?.volume ?? null);
    });
  }
}

/**
 * Volumes of a secondary that was promoted by a takeover (state SSWS): hosts read and write them, on the local array
 * alone. Overlapping requests are ordered by range locks, so that a write acknowledged later is the one that stays.
 */
import assert from "node:assert/strict";
import type { Desk, GroupEvent, HostOrder, RequestId } from "./effects.js";
import { createRangeLocks, type Lock, type RangeLocks } from "./range-lock.js";
import type { ByteRange } from "@waystation/contracts/byte-range";
import type { BlockWrite } from "@waystation/contracts/block-device";
import { hasPayload } from "@waystation/contracts/journal";
import type { VolumeName } from "./vocabulary.js";

interface LocalWrite extends BlockWrite {
  readonly order: HostOrder;
  readonly request: RequestId;
  readonly lock: () => Lock;
}

export interface Promoted {
  hostWrite(event: Extract<GroupEvent, { kind: "host-write" }>): void;
  hostRead(event: Extract<GroupEvent, { kind: "host-read" }>): void;
  mayReadNow(volume: VolumeName, range: ByteRange): boolean;
  drain(): void;
  /** What hosts wait for, in order; it is not answered from here any more. */
  takeUnfinished(): HostOrder[];
}

export function createPromoted(desk: Desk, volumes: readonly VolumeName[]): Promoted {
  const locks = new Map(volumes.map((name): [VolumeName, RangeLocks] => [name, createRangeLocks()]));
  /** What waits for a lock, or was not given to the array yet. */
  const waiting = new Set<HostOrder>();
  const queued = new Map<VolumeName, LocalWrite[]>();
  const locksOf = (volume: VolumeName): RangeLocks => {
    const found = locks.get(volume);
    assert(found !== undefined, `${volume} is not a volume of this node`);
    return found;
  };

  return {
    hostWrite(order) {
      const { request, volume, write, offsetBytes, lengthBytes, payload } = order;
      waiting.add(order);
      const data = hasPayload(write) ? payload : null;
      const lock: Lock = locksOf(volume).acquire({ offsetBytes, lengthBytes, exclusive: true }, () => {
        const batch = queued.get(volume) ?? [];
        queued.set(volume, batch);
        batch.push({ order, request, offsetBytes, lengthBytes, data, lock: () => lock });
      });
    },
    hostRead(order) {
      const { request, volume, offsetBytes, lengthBytes } = order;
      waiting.add(order);
      const range = { offsetBytes, lengthBytes };
      const lock: Lock = locksOf(volume).acquire({ ...range, exclusive: false }, () => {
        waiting.delete(order);
        desk.load(volume, range, (result) => {
          locksOf(volume).release(lock);
          desk.reply(request, result);
        });
      });
    },
    takeUnfinished() {
      const taken = [...waiting];
      waiting.clear();
      return taken;
    },
    mayReadNow: (volume, range) => locks.get(volume)?.mayRead(range) === true,
    drain() {
      for (const [volume, batch] of queued) {
        queued.delete(volume);
        for (const { order } of batch) waiting.delete(order);
        desk.store(volume, batch, (failure) => {
          for (const { request, lock } of batch) {
            locksOf(volume).release(lock());
            desk.reply(request, failure);
          }
        });
      }
    },
  };
}

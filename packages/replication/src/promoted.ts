/**
 * Volumes of a secondary that was promoted by a takeover (state SSWS): hosts read and write them, on the local array
 * alone. Its writes go the way of a primary that is alone (write-window.ts): in the write intent durably before the array
 * has them, and into the region log as they leave it (PROTOCOL 5: before its first host write). So when it becomes a
 * primary, or has to follow somebody again, only what was written here need be compared and copied (B12).
 *
 * Crashes: before the commit of an intent unit nothing was written to the unit; after it, the unit is among the regions
 * that this node names, whatever of the write reached the array.
 */
import assert from "node:assert/strict";
import type { ByteRange } from "@waystation/contracts/byte-range";
import type { Desk, GroupEvent, HostOrder } from "./effects.js";
import { heldTooLong } from "./failures.js";
import { createHostReads } from "./host-reads.js";
import type { Marks } from "./marks.js";
import type { GroupVolume, Membership } from "./membership.js";
import { createOriginVolumes } from "./origin-volume.js";
import { createRangeLocks, type RangeLocks } from "./range-lock.js";
import type { MarkChange } from "./region-log.js";
import type { VolumeName } from "./vocabulary.js";
import { createWriteWindow, type WriteWindow } from "./write-window.js";

export interface Promoted {
  hostWrite(event: Extract<GroupEvent, { kind: "host-write" }>): void;
  hostRead(event: Extract<GroupEvent, { kind: "host-read" }>): void;
  mayReadNow(volume: VolumeName, range: ByteRange): boolean;
  drain(): void;
  /** Fails what has waited for too long, for an array that does not answer. */
  tick(): void;
  /** What hosts wait for, in order; it is not answered from here any more. */
  takeUnfinished(): HostOrder[];
}

export interface PromotedOptions {
  readonly desk: Desk;
  readonly volumes: readonly GroupVolume[];
  readonly membership: Pick<Membership, "holdMs" | "regionBytes">;
  /** As they are whenever they are looked at. */
  readonly marks: Marks;
}

export function createPromoted({ desk, volumes, membership, marks }: PromotedOptions): Promoted {
  const { holdMs, regionBytes } = membership;
  const locks = new Map(volumes.map(({ name }): [VolumeName, RangeLocks] => [name, createRangeLocks()]));
  const reads = createHostReads(desk, holdMs);
  /** From the first write on: until then the logs may still be those of an earlier role, and be cleared. */
  let writes: WriteWindow | null = null;
  const locksOf = (volume: VolumeName): RangeLocks => {
    const found = locks.get(volume);
    assert(found !== undefined, `${volume} is not a volume of this node`);
    return found;
  };

  const openWrites = (): WriteWindow => {
    const logged = createOriginVolumes({ volumes, regionBytes, marks, locksOf });
    const change: MarkChange = new Map();
    for (const { regions } of logged) regions.convert(change);
    if (change.size > 0) desk.commit({ marks: change });
    const whyHeld = (volume: VolumeName) => heldTooLong(volume, holdMs);
    return createWriteWindow({ desk, volumes: logged, holdMs, alone: true, heldTooLong: whyHeld });
  };

  return {
    hostWrite({ request, volume, write, offsetBytes, lengthBytes, payload }) {
      writes ??= openWrites();
      writes.submit({ request, volume, kind: write, offsetBytes, lengthBytes, payload });
    },
    hostRead: (read) => reads.read(read, locksOf(read.volume)),
    mayReadNow: (volume, range) => locks.get(volume)?.mayRead(range) === true,
    drain: () => writes?.drain(),
    tick() {
      writes?.tick();
      reads.tick();
    },
    takeUnfinished: () => [...(writes?.takeUnfinished() ?? []), ...reads.takeUnanswered()],
  };
}

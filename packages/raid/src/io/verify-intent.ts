/**
 * A cell that was written in place past the log, by its intent, which says what each disk must hold of it.
 *
 * When the round had ended (a later record says so: rounds follow each other), all of it is on the disks: what does not
 * match is corrupt, and is worked out of the others. Without that, forming parity anew after a crash would make the
 * corruption agree. When it may not have ended, what does not match may be torn as well; if the others suffice, the write
 * is completed, which is the same work. If not, it is a torn write, and the business of `settle-intents.ts`.
 *
 * A crash in the midst leaves the intent where it is, and fewer disks that do not match it.
 */
import { crc32c } from "@node-rs/crc32";
import type { ByteRange } from "@waystation/contracts/byte-range";
import { blockEntry } from "../core/checksum.js";
import { blockBytes } from "../core/disk-layout.js";
import { slots, type Slot } from "../core/level.js";
import { judgeRow, type RowBlock } from "../core/row-verdict.js";
import type { DiskBatches } from "./block-disk.js";
import type { Members } from "./members.js";
import type { FoundFault } from "./row-repair.js";
import type { Intent } from "./settle-intents.js";

export interface VerifiedIntent {
  /** What the disks that are there hold now, as writes of the whole cell. */
  readonly content: DiskBatches;
  readonly found: readonly FoundFault[];
  /** Ranges of the array that cannot be known any more. */
  readonly lost: readonly ByteRange[];
}

/** "failed": a disk did, try again with what is left. "torn": nothing was changed. */
export async function verifyIntent(
  members: Members,
  intent: Intent,
  mayBeTorn: boolean,
): Promise<VerifiedIntent | "failed" | "torn"> {
  const { geometry } = members;
  const { diskOffsetBytes, lengthBytes } = intent;
  const inData = diskOffsetBytes - geometry.dataOffsetBytes;
  const stripe = Math.floor(inData / geometry.unitBytes);
  const absent = members.absentIn(stripe);
  const held = new Map<Slot, Buffer>();
  for (const slot of slots(geometry.diskCount)) {
    if (absent(slot)) continue;
    const into = Buffer.alloc(lengthBytes);
    if (!(await members.submit(slot, [{ kind: "read", offsetBytes: diskOffsetBytes, into }]))) return "failed";
    held.set(slot, into);
  }
  const wrong = [...held].filter(([slot, bytes]) => crc32c(bytes) !== intent.checksums[slot]).map(([slot]) => slot);
  if (mayBeTorn && !geometry.survives((slot) => absent(slot) || wrong.includes(slot))) return "torn";
  const found: FoundFault[] = [];
  const lost: ByteRange[] = [];
  for (let at = 0; wrong.length > 0 && at < lengthBytes; at += blockBytes) {
    const row = slots(geometry.diskCount).map((slot) => blockOf(held.get(slot), at, !wrong.includes(slot)));
    const { faults, unknown } = judgeRow(geometry.layoutOf(stripe), row, blockEntry);
    for (const { slot, kind, bytes } of faults) {
      // "checksum" says that this block of a disk that has a wrong one is right.
      if (kind === "checksum") continue;
      held.get(slot)?.set(bytes, at);
      found.push({ slot, offsetBytes: diskOffsetBytes + at, kind });
    }
    for (const unit of unknown) {
      const column = stripe * geometry.stripeBytes + (inData % geometry.unitBytes) + at;
      lost.push({ offsetBytes: column + unit * geometry.unitBytes, lengthBytes: blockBytes });
    }
  }
  const content: DiskBatches = new Map();
  for (const [slot, from] of held) {
    const write = { kind: "write", offsetBytes: diskOffsetBytes, from, durable: false } as const;
    content.set(slot, [write]);
    if (wrong.includes(slot) && !(await members.submit(slot, [write]))) return "failed";
  }
  return { content, found, lost };
}

function blockOf(held: Buffer | undefined, at: number, isRight: boolean): RowBlock | null {
  if (held === undefined) return null;
  const bytes = Buffer.from(held.subarray(at, at + blockBytes));
  const entry = blockEntry(bytes);
  return { bytes, entry, claims: [isRight ? entry : (entry ^ 1) >>> 0] };
}

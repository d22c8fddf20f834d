/**
 * The bytes that have arrived and were not parsed yet, as the chunks they came in. Chunks are read where they lie;
 * only a structure that straddles two of them is copied, and no more of it than its own length. The intake holds
 * whole chunks until their last byte is taken, so whoever feeds it must stop feeding when told to (the socket is paused).
 */
import assert from "node:assert/strict";

export interface Intake {
  /** The chunk being read; meaningful up to what `contiguous` has promised. */
  head: Buffer;
  /** Where the next unread byte lies in `head`. */
  position: number;
  /** Adds a chunk at the end. The intake keeps it, and does not change it. */
  push(chunk: Buffer): void;
  /** Bytes pushed and not yet taken. */
  availableBytes(): number;
  /** True when the next `lengthBytes` bytes are here; they then lie in one piece in `head` from `position` on. */
  contiguous(lengthBytes: number): boolean;
  /** Takes `lengthBytes` bytes, which `contiguous` has promised. */
  skip(lengthBytes: number): void;
  /** Moves what there is into `target` from `from` on, until it is full; returns the number of bytes moved. */
  moveInto(target: Buffer, from: number): number;
  /** Forgets everything. */
  clear(): void;
}

const nothing = Buffer.alloc(0);

export function createIntake(): Intake {
  /** The chunks behind `head`, oldest first. Nearly always empty: a chunk is parsed as it comes. */
  let rest: Buffer[] = [];
  let restBytes = 0;

  const advance = (): void => {
    const next = rest.shift();
    restBytes -= next?.length ?? 0;
    intake.head = next ?? nothing;
    intake.position = 0;
  };

  /** Puts the next `lengthBytes`, which straddle chunks, into a piece of their own. */
  const splice = (lengthBytes: number): void => {
    const piece = Buffer.allocUnsafe(lengthBytes);
    intake.moveInto(piece, 0);
    if (intake.position < intake.head.length) {
      const remainder = intake.head.subarray(intake.position);
      rest.unshift(remainder);
      restBytes += remainder.length;
    }
    intake.head = piece;
    intake.position = 0;
  };

  const intake: Intake = {
    head: nothing,
    position: 0,
    push(chunk) {
      if (intake.position === intake.head.length && rest.length === 0) {
        intake.head = chunk;
        intake.position = 0;
      } else {
        rest.push(chunk);
        restBytes += chunk.length;
      }
    },
    availableBytes: () => intake.head.length - intake.position + restBytes,
    contiguous(lengthBytes) {
      if (intake.head.length - intake.position >= lengthBytes) return true;
      if (intake.availableBytes() < lengthBytes) return false;
      splice(lengthBytes);
      return true;
    },
    skip(lengthBytes) {
      intake.position += lengthBytes;
      assert(intake.position <= intake.head.length, "took bytes that are not there");
      if (intake.position === intake.head.length) advance();
    },
    moveInto(target, from) {
      let filled = from;
      while (filled < target.length && intake.availableBytes() > 0) {
        const end = Math.min(intake.head.length, intake.position + target.length - filled);
        intake.head.copy(target, filled, intake.position, end);
        filled += end - intake.position;
        intake.position = end;
        if (end === intake.head.length) advance();
      }
      return filled - from;
    },
    clear() {
      rest = [];
      restBytes = 0;
      advance();
    },
  };
  return intake;
}

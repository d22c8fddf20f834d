/**
 * One host write on its way, at a primary (PROTOCOL 1). It passes these stages:
 *
 *     waiting --admitted--> locking --range lock--> intent --unit durable--> started --both legs durable--> done
 *
 * A primary that is alone has one leg: such a write has no number and no relay to wait for.
 */
import assert from "node:assert/strict";
import type { BlockWrite } from "@waystation/contracts/block-device";
import type { ByteRange } from "@waystation/contracts/byte-range";
import { hasPayload } from "@waystation/contracts/journal";
import type { HostOrder, RequestId } from "./effects.js";
import type { OriginWrite } from "./messages.js";
import type { Lock } from "./range-lock.js";
import type { OriginNumber, RecordKind, VolumeName } from "./vocabulary.js";

export interface WriteOrder extends ByteRange {
  /** Null for a write of the primary's own: an extent of the intent that is sent again after a crash. */
  readonly request: RequestId | null;
  readonly volume: VolumeName;
  readonly kind: RecordKind;
  readonly payload: Uint8Array;
}

/** What the array holds of a range, to be put in place at the far side: data, or nothing but zeros. */
export interface CopyOrder extends ByteRange {
  readonly volume: VolumeName;
  readonly kind: "copy" | "zero";
  readonly payload: Uint8Array;
}

export interface PendingWrite extends WriteOrder {
  readonly deadlineMs: number;
  readonly hostTimeMs: number;
  stage: "waiting" | "locking" | "intent" | "started" | "done";
  lock: Lock | null;
  /** Given when the write starts, so that what is sent has no gaps whatever waits for a lock or an intent; null: alone. */
  origin: OriginNumber | null;
  localDone: boolean;
  relayDone: boolean;
  replied: boolean;
  /** A copy of what the array holds (PROTOCOL 9): it needs the relay only. */
  readonly isCopy: boolean;
  readonly whenDone: (origin: OriginNumber) => void;
}

export function toBlockWrite(write: PendingWrite): BlockWrite {
  const data = hasPayload(write.kind) ? write.payload : null;
  return { offsetBytes: write.offsetBytes, lengthBytes: write.lengthBytes, data };
}

/** The order as the host gave it. */
export function toHostOrder({ request, volume, kind, offsetBytes, lengthBytes, payload }: PendingWrite): HostOrder {
  assert(request !== null, "only a host's write is an order");
  return { kind: "host-write", request, volume, write: kind, offsetBytes, lengthBytes, payload };
}

export function toOriginWrite(write: PendingWrite): OriginWrite {
  const { volume, origin, kind, offsetBytes, lengthBytes, hostTimeMs, payload } = write;
  assert(origin !== null, "only a started write is sent");
  return { volume, origin, kind, offsetBytes, lengthBytes, hostTimeMs, payload };
}

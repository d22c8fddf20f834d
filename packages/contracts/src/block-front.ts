/**
 * What a block front end (NBD, the gRPC block service) may ask of a node. The node implements it; the front ends are
 * thin translators. Range checks, splitting of large requests, replication and fencing lie behind this port.
 */
import type { VolumeName } from "./ids.js";

export type VolumeAccess = "read-write" | "read-only";

export interface VolumeDescription {
  readonly name: VolumeName;
  readonly sizeBytes: number;
  readonly access: VolumeAccess;
  /** One line for people: "primary volume of g1", "secondary volume of g1 (read-only until takeover)". */
  readonly description: string;
}

/** One session's handle on a volume. Requests of one handle may overlap in time and complete in any order. */
export interface VolumeHandle {
  readonly volume: VolumeDescription;
  /** The caller owns the buffer. Rejects with a `Failure` whose code is a `BlockErrorCode`, as all calls here do. */
  read(offsetBytes: number, lengthBytes: number): Promise<Buffer>;
  /**
   * Fills `into` from the range at `offsetBytes` before it returns, without a promise or a buffer. False when that
   * cannot be done now, for whatever reason: `into` then holds anything, and `read` waits, or says what is wrong.
   */
  readNow(offsetBytes: number, into: Uint8Array): boolean;
  /**
   * Resolves when the write is complete: every read sees it. On a replicated volume it is durable by then, on the array
   * and at the relay; on a volume in no group it is after `flush`. The handle takes ownership of `data`.
   */
  write(offsetBytes: number, data: Buffer): Promise<void>;
  /** Makes the range read as zeros; `discard` says that the space may be given back. Completes like a write. */
  zero(offsetBytes: number, lengthBytes: number, kind: "zero" | "discard"): Promise<void>;
  /**
   * Resolves when everything that completed before the call is durable. A front end that promises durability for a single
   * write flushes after it; for a replicated volume there is nothing left to do, and that costs nothing.
   */
  flush(): Promise<void>;
  close(): void;
}

export interface BlockFront {
  /** The volumes that can be opened now. */
  list(): readonly VolumeDescription[];
  /**
   * Opens a volume. Rejects with `UNKNOWN_VOLUME`, or `VOLUME_NOT_OPEN` with the reason in the message.
   * `onRevoked` is called once when the handle stops being valid (takeover, fencing, shutdown): the front end must
   * then close the session, so that the client learns the new access when it comes back (PROTOCOL 6.2).
   */
  open(name: string, onRevoked: (reason: string) => void): Promise<VolumeHandle>;
}

/**
 * What the checkers are told, in the order in which it happens. The simulated ports and the workload report it; no
 * machine under test is asked about itself, so a machine that is wrong about its own state cannot hide it.
 */
import type { BlockWrite } from "@waystation/contracts/block-device";
import type { NodeName, VolumeName } from "@waystation/contracts/ids";
import type { JournalCommit } from "@waystation/contracts/journal";
import type { Channel } from "@waystation/contracts/link";
import type { PeerMessage } from "@waystation/replication/messages";
import type { TakeoverRequest } from "@waystation/replication/control-front";
import type { TakeoverResult } from "@waystation/replication/status";
import type { Tag } from "./cell.js";

/** One request of a host, from its beginning to its end. `id` is unique in the run. */
export interface HostRequest {
  readonly id: number;
  readonly node: NodeName;
  readonly volume: VolumeName;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

export type Observation =
  | { readonly kind: "node-up"; readonly node: NodeName }
  | { readonly kind: "node-down"; readonly node: NodeName }
  /** It lost its journal and its disks, and is an empty machine of the same name from here on. */
  | { readonly kind: "node-replaced"; readonly node: NodeName }
  | {
      readonly kind: "sent";
      readonly from: NodeName;
      readonly to: NodeName;
      readonly channel: Channel;
      readonly message: PeerMessage;
      /** Bytes sent on this link in this direction, this message included, that have not arrived. */
      readonly inFlightBytes: number;
    }
  /** A commit survives power loss from here on. */
  | { readonly kind: "journal-durable"; readonly node: NodeName; readonly commit: JournalCommit }
  /** The journal lost its newest commits although they were durable, and others know of them. */
  | { readonly kind: "journal-damaged"; readonly node: NodeName }
  | { readonly kind: "journal-trim"; readonly node: NodeName; readonly through: number }
  | {
      readonly kind: "journal-used";
      readonly node: NodeName;
      readonly usedBytes: number;
      readonly capacityBytes: number;
    }
  /** A store was told to write: readers may see it from here on. */
  | { readonly kind: "store-write"; readonly node: NodeName; readonly volume: VolumeName; readonly write: BlockWrite }
  | { readonly kind: "write-invoked"; readonly request: HostRequest; readonly tag: Tag }
  | { readonly kind: "write-acknowledged"; readonly request: HostRequest; readonly tag: Tag }
  /** It may or may not have happened, or may still. */
  | { readonly kind: "write-failed"; readonly request: HostRequest; readonly tag: Tag }
  | { readonly kind: "read-invoked"; readonly request: HostRequest }
  | { readonly kind: "read-returned"; readonly request: HostRequest; readonly data: Uint8Array }
  | { readonly kind: "read-failed"; readonly request: HostRequest }
  /** A host was given a handle that may write. Nothing has been written through it yet. */
  | { readonly kind: "opened-for-writing"; readonly node: NodeName; readonly volume: VolumeName }
  | { readonly kind: "takeover-commanded"; readonly node: NodeName; readonly request: TakeoverRequest }
  | {
      readonly kind: "takeover-ended";
      readonly node: NodeName;
      readonly request: TakeoverRequest;
      readonly result: TakeoverResult;
    };

export interface Checker {
  readonly name: string;
  observe(observation: Observation): void;
}

/** How a checker tells what it found; the world notes the first. */
export type Violate = (checker: string, message: string) => void;

/**
 * What the nodes of a group say to each other. Every message carries the sender's epoch: one below the receiver's
 * promise is refused on every stream (PROTOCOL 6.1). A link is a session: the machines drop what arrives on a link
 * that a newer one has replaced, so messages need no session number of their own. The wire form is
 * proto/waystation/v1/replication.proto.
 */
import type { Epoch, JournalRecord, NodeName, OriginNumber, RecordKind, Sequence, VolumeName } from "./vocabulary.js";

/** One message on a link. */
export interface PeerMessage {
  readonly epoch: Epoch;
  readonly body: PeerBody;
}

export type PeerBody = IngressBody | LeaseBody | ShipBody | CouncilBody;

/** A volume and how far something has come in its origin numbers. Always a prefix, never a set (DESIGN rule 4). */
export interface VolumeMark {
  readonly volume: VolumeName;
  readonly origin: OriginNumber;
}

/** Why a node will not go on with a peer. Stable: shown to operators. */
export type RefusalReason =
  | "stale-epoch" // the sender's epoch is below the promise: another node has taken over
  | "fenced" // the relay was fenced by a takeover
  | "frozen" // the group is frozen at one sequence number
  | "journal-lost" // the relay's journal lost acknowledged records: it must not stamp (PROTOCOL 7)
  | "not-a-member" // this node has no such role in the group
  | "gap"; // origin numbers or watermarks do not follow each other: the sender must start again

export interface Refusal {
  readonly kind: "refusal";
  readonly reason: RefusalReason;
  readonly detail: string;
}

// ---- ingress: primary -> relay (PROTOCOL 1, 2) ------------------------------------------------------------------

export interface OriginWrite {
  readonly volume: VolumeName;
  readonly origin: OriginNumber;
  readonly kind: RecordKind;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly hostTimeMs: number;
  readonly payload: Uint8Array;
}

export type IngressBody =
  | {
      /** First on the link: who this is, and what it knows to be acknowledged, so that a relay that lost it notices. */
      readonly kind: "origin-hello";
      readonly volumes: readonly {
        readonly volume: VolumeName;
        readonly incarnation: number;
        readonly acknowledged: OriginNumber;
        readonly localComplete: OriginNumber;
      }[];
    }
  | {
      readonly kind: "origin-batch";
      readonly writes: readonly OriginWrite[];
      /** What is durable on the local array, durably known there: lets the relay trim. */
      readonly localComplete: readonly VolumeMark[];
    }
  | {
      /** Asks for the volume's records above an origin number; answered by `relay-records`, one at a time. */
      readonly kind: "origin-fetch";
      readonly volume: VolumeName;
      readonly above: OriginNumber;
      /** Where to go on: only records with a higher sequence number. 0 at first. */
      readonly afterSequence: Sequence;
    }
  | {
      /** The relay takes the primary in: its durable high marks, and the first credit. */
      readonly kind: "relay-welcome";
      readonly marks: readonly VolumeMark[];
      readonly creditBytes: number;
    }
  | {
      /** Everything up to the marks is durable at the relay. `creditBytes`: total that may be sent on this link. */
      readonly kind: "relay-ack";
      readonly marks: readonly VolumeMark[];
      readonly creditBytes: number;
    }
  | {
      readonly kind: "relay-records";
      readonly volume: VolumeName;
      readonly records: readonly JournalRecord[];
      /** Go on after this sequence number; 0 when that was all. */
      readonly nextAfter: Sequence;
    }
  | Refusal;

// ---- lease: relay -> primary challenges, on a connection of their own (PROTOCOL 4, 12) ---------------------------

export type LeaseBody =
  | { readonly kind: "lease-challenge"; readonly id: number; readonly leaseMs: number }
  | { readonly kind: "lease-renewal"; readonly id: number };

// ---- ship: relay -> secondary (PROTOCOL 3) -----------------------------------------------------------------------

export type ShipBody =
  | { readonly kind: "ship-hello" }
  | {
      /** Where the secondary stands, all durable. */
      readonly kind: "ship-welcome";
      readonly received: Sequence;
      readonly validated: Sequence;
      readonly applied: Sequence;
    }
  | {
      /** Records above `after`; with them the receiver is complete up to `watermark`. */
      readonly kind: "ship-batch";
      readonly after: Sequence;
      readonly watermark: Sequence;
      readonly records: readonly JournalRecord[];
    }
  | { readonly kind: "ship-received"; readonly watermark: Sequence }
  | { readonly kind: "prepare"; readonly sequence: Sequence }
  | { readonly kind: "prepared"; readonly sequence: Sequence }
  | { readonly kind: "validate"; readonly sequence: Sequence }
  | { readonly kind: "validated"; readonly sequence: Sequence }
  /** Everything up to here was validated by every secondary: it may be stored in the volumes. */
  | { readonly kind: "gate"; readonly sequence: Sequence }
  /** Stored in the volumes, array-durable, and known to be so after a crash. */
  | { readonly kind: "applied"; readonly sequence: Sequence }
  | Refusal;

// ---- council: takeover and coming back, between any two nodes (PROTOCOL 6) ---------------------------------------

/** What a takeover settled: which sequence number the group's volumes hold, and who took part. */
export interface Decision {
  readonly epoch: Epoch;
  /** C: every participant's volumes hold exactly the records up to here. */
  readonly sequence: Sequence;
  readonly participants: readonly NodeName[];
  /** Secondaries given up by `--without`: they need a resync before they may open. */
  readonly excluded: readonly NodeName[];
  /** True when the relay was fenced; `stamped` is then the last number it stamped: what is above C is lost. */
  readonly fenced: boolean;
  readonly stamped: Sequence;
}

export type GroupRole = "primary" | "relay" | "secondary";

/** Where a node stands in a group, as it durably knows. */
export interface MemberState {
  readonly node: NodeName;
  readonly role: GroupRole;
  /** What the role is doing, for people: `open`, `recovering`, `fenced`, `applying`, ... */
  readonly phase: string;
  readonly promised: Epoch;
  readonly received: Sequence;
  readonly validated: Sequence;
  readonly applied: Sequence;
  /** Relay: the last number stamped and durable; else 0. */
  readonly stamped: Sequence;
  readonly decision: Decision | null;
}

export type CouncilBody =
  /** Asks the receiver to promise the envelope's epoch, durably: it will follow no lower one. Fences a relay. */
  | {
      readonly kind: "promise";
      readonly requestId: number;
      /**
       * True when every secondary takes part: points go on being settled while the relay drains, so that full journals
       * make room and the volumes are rolled forward meanwhile. With one missing, the highest validate is what the
       * takeover decides by, and must stand still.
       */
      readonly settle: boolean;
    }
  | { readonly kind: "decide"; readonly requestId: number; readonly decision: Decision }
  | { readonly kind: "inquire"; readonly requestId: number }
  | {
      readonly kind: "council-reply";
      readonly requestId: number;
      /** False: refused, because `state.promised` is higher or a rival's. */
      readonly granted: boolean;
      readonly state: MemberState;
    };

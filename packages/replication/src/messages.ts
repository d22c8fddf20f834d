/**
 * What the nodes of a group say to each other. Every message carries the sender's epoch: one below the receiver's
 * promise is refused on every stream (PROTOCOL 6.1). A link is a session: the machines drop what arrives on a link
 * that a newer one has replaced, so messages need no session number of their own. The wire form is
 * proto/waystation/v1/replication.proto.
 */
import type { PointCommitment } from "./provable/commitment.js";
import type { Term } from "./term.js";
import type { Epoch, JournalRecord, NodeName, OriginNumber, RecordKind, Sequence, VolumeName } from "./vocabulary.js";

/** One message on a link. */
export interface PeerMessage {
  readonly epoch: Epoch;
  /** The epoch's number of the term that the sender's roles are of (term.ts); 0: as configured. */
  readonly term: number;
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
  | "gap" // origin numbers or watermarks do not follow each other: the sender must start again
  | "other-term" // the peer's roles are of another term: it must ask where the group stands
  | "order-mismatch"; // the records here are not what the relay committed to (PROTOCOL 8): one of the two lost or changed some

export interface Refusal {
  readonly kind: "refusal";
  readonly reason: RefusalReason;
  readonly detail: string;
}

// ---- suspension and copy runs (PROTOCOL 4, 5, 9) ------------------------------------------------------------------

/**
 * How a leg, or a whole group, stands; the field's names. SMPL: no pair; COPY: initial copy or resync; PAIR; PSUS: split
 * by an operator; PSUE: suspended by a failure; PFUL: the journal is filling up; PFUS: suspended because it was full;
 * SSWS: taken over, hosts write at the far side.
 */
export type PairState = "SMPL" | "COPY" | "PAIR" | "PSUS" | "PSUE" | "PFUL" | "PFUS" | "SSWS";

/** Why a group is suspended: PSUS, PSUE or PFUS. */
export type SuspendedState = "PSUS" | "PSUE" | "PFUS";

/** Regions of one volume, ascending and apart: [first, count] each, in units of the membership's `regionBytes`. */
export interface RegionRuns {
  readonly volume: VolumeName;
  readonly runs: readonly (readonly [first: number, count: number])[];
}

/**
 * One copy run, as the relay orders it: initial copy and resync alike. While it goes on, every secondary of the group
 * can go back to its image at `base` (pre-images); the images are consistent again at `end`, and only there.
 *
 * An order always comes with the `ship-hello` of a new link. Another one may come before the first has ended (a secondary
 * lost its disks, or the group was suspended, in the middle of it): with another `copyId` and the same `base`, the image
 * that pre-images are kept of; they go on from one order to the next, and so does whether a secondary is blank.
 */
export interface CopyOrder {
  readonly copyId: string;
  /** The gate when it began: the image that a takeover in the middle of it yields. */
  readonly base: Sequence;
  /** The stream goes on above this number for those in `nodes`; what lies between it and `base` is not sent to them. */
  readonly begin: Sequence;
  /**
   * The secondaries that go to `begin` at once, because they lack records or data. They are named until they have been
   * welcomed in this run: the others keep pre-images, and follow from where they are. One of these that does not hold
   * what it has validated (its disks were lost) takes the order all the same, and says in its welcome where it stands.
   */
  readonly nodes: readonly NodeName[];
  /** The highest number stamped when the last region was read; null until then. */
  readonly end: Sequence | null;
}

/** Asks what a range of a volume holds at the far side, so that what is equal need not travel. */
export interface DigestAsk {
  readonly kind: "digest-ask";
  readonly id: number;
  readonly volume: VolumeName;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly unitBytes: number;
}

/** SHA-256 of each unit, one after the other; 32 zero bytes where the asked do not agree or could not be asked. */
export interface DigestReply {
  readonly kind: "digest-reply";
  readonly id: number;
  readonly digests: Uint8Array;
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
      /** Writes go to both legs; or go on without the relay (regions are logged); or both, in a copy run. */
      readonly leg: OriginLeg;
      /** The copy run that it has joined; "" when none. */
      readonly copyId: string;
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
      /** The copy run that the primary is to join, with a new incarnation if it was alone; "" when there is none. */
      readonly copyId: string;
    }
  | {
      /**
       * The relay stamps no more after `at`, and knows it durably: the primary goes on alone, or fails its hosts, by its
       * fence level. The link stays, for the resync: once it is durable at the primary how it goes on, it greets again on
       * this link, if it had been welcomed on it. What it had sent before that greeting is dropped unread. (A primary that
       * does not greet again is cut off when the resync begins, and greets then.)
       */
      readonly kind: "suspended";
      readonly at: Sequence;
      readonly state: SuspendedState;
      readonly detail: string;
    }
  | {
      /**
       * What is to be copied beside what the primary's own log says: whole volumes, and regions that the far side or the
       * relay knows to differ. Repeated after each welcome while the run goes on. A primary that is joined gets it without
       * another welcome, when a secondary comes back blank: it goes on sending, and copies besides. With another `copyId`
       * than that of the run which it is in, it begins the copy anew, with all that its log says.
       */
      readonly kind: "copy-start";
      readonly copyId: string;
      readonly full: readonly VolumeName[];
      readonly regions: readonly RegionRuns[];
    }
  /** Primary: everything that it had to copy is in the stream, before this message. */
  | { readonly kind: "copy-done"; readonly copyId: string }
  /** Relay: the run's end was validated by every secondary, durably: PAIR. */
  | { readonly kind: "copy-ended"; readonly copyId: string }
  /** Relay: every secondary has validated up to these numbers: what was written before may leave the region log. */
  | { readonly kind: "far-validated"; readonly marks: readonly VolumeMark[] }
  | DigestAsk
  | DigestReply
  | {
      /**
       * Everything up to the marks is durable at the relay; only marks that changed. `creditBytes`: total that may be
       * sent on this link.
       */
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

/** How a primary runs its writes, durably. */
export type OriginLeg = "joined" | "alone" | "copying";

// ---- lease: relay -> primary challenges, on a connection of their own (PROTOCOL 4, 12) ---------------------------

export type LeaseBody =
  | { readonly kind: "lease-challenge"; readonly id: number; readonly leaseMs: number }
  | { readonly kind: "lease-renewal"; readonly id: number };

// ---- ship: relay -> secondary (PROTOCOL 3) -----------------------------------------------------------------------

export type ShipBody =
  | {
      readonly kind: "ship-hello";
      /** The copy run in hand; null when there is none. */
      readonly copy: CopyOrder | null;
    }
  | {
      /** Where the secondary stands, all durable. */
      readonly kind: "ship-welcome";
      readonly received: Sequence;
      readonly validated: Sequence;
      readonly applied: Sequence;
      /**
       * Nobody knows what its volumes hold, and there is nothing to go back to: they are new, or were overwritten in part. An
       * old primary has nothing to go back to either, but its logs and the new one's say where they differ: it is not blank.
       */
      readonly blank: boolean;
      /** The copy run that it has joined, durably; "" when none. */
      readonly copyId: string;
    }
  /** The order of a run changed: its end is known. Durable at the secondary before a later `validated` is. */
  | { readonly kind: "ship-copy"; readonly copy: CopyOrder }
  | {
      /**
       * Every secondary, after each welcome into a run whose end is not known: where its volumes may differ from what
       * `base` says they hold. Often nowhere; the copy begins once all have said so.
       */
      readonly kind: "ship-regions";
      readonly copyId: string;
      readonly regions: readonly RegionRuns[];
      /** False when more follow. */
      readonly last: boolean;
    }
  /** How the group stands, for showing; and that nothing more comes, while it is suspended. */
  | { readonly kind: "ship-state"; readonly state: PairState; readonly detail: string }
  | DigestAsk
  | DigestReply
  | {
      /** Records above `after`; with them the receiver is complete up to `watermark`. */
      readonly kind: "ship-batch";
      readonly after: Sequence;
      readonly watermark: Sequence;
      readonly records: readonly JournalRecord[];
    }
  | { readonly kind: "ship-received"; readonly watermark: Sequence }
  | {
      readonly kind: "prepare";
      readonly sequence: Sequence;
      /** What the receiver's records up to here must make (PROTOCOL 8). */
      readonly commitment: PointCommitment;
    }
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
  /** The roles from here on; null for a takeover, which leaves the participants alone (SSWS). */
  readonly term: Term | null;
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
  /** Every role that it has in the group, and what the relay role is doing ("" without one). */
  readonly roles: readonly GroupRole[];
  readonly relayPhase: string;
  /**
   * Relay: primaries may have acknowledged writes that it was never sent: since a suspension, until it has all that the
   * copy run after it brings. As durable as the group's course is, also once it is fenced.
   */
  readonly bypassed?: boolean;
  /** The term that it follows; null: as configured. */
  readonly term: Term | null;
  /** Secondary: the copy run that it takes part in, and whether it can go back to the image at its base. */
  readonly copy: (CopyOrder & { readonly blank: boolean }) | null;
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
      /**
       * `takeover`: the old roles end, primaries stop serving for good. `term`: they only pause, sessions stay open, until
       * the term that follows says what they are.
       */
      readonly purpose: "takeover" | "term";
    }
  | { readonly kind: "decide"; readonly requestId: number; readonly decision: Decision }
  | {
      readonly kind: "inquire";
      readonly requestId: number;
      /** Asks a relay besides which writes above this number its journal has. */
      readonly lostAbove?: Sequence;
    }
  | {
      readonly kind: "council-reply";
      readonly requestId: number;
      /** False: refused, because `state.promised` is higher or a rival's. */
      readonly granted: boolean;
      readonly state: MemberState;
      /** Answers `lostAbove`. */
      readonly lost?: LostWrites;
    };

/** Writes of hosts by number and extent, ascending. */
export interface LostWrites {
  readonly extents: readonly {
    readonly sequence: Sequence;
    readonly volume: VolumeName;
    readonly offsetBytes: number;
    readonly lengthBytes: number;
  }[];
  /** False when there are more, or records are gone. */
  readonly isWhole: boolean;
}

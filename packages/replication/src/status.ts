/**
 * What a node tells of itself: plain data, live when asked, about this node only. Whoever shows a cluster (wayctl)
 * asks every node and marks those that do not answer; nobody passes on another node's figures as live ones.
 */
import type { CopyOrder, GroupRole, OriginLeg, PairState } from "./messages.js";
import type { Term } from "./term.js";
import type { Epoch, GroupName, NodeName, Sequence, VolumeName } from "./vocabulary.js";

export interface NodeStatus {
  readonly node: NodeName;
  readonly site: string;
  readonly version: string;
  readonly startedWallMs: number;
  readonly arrays: readonly ArrayStatus[];
  readonly volumes: readonly VolumeStatus[];
  readonly groups: readonly GroupStatus[];
}

export interface ArrayStatus {
  readonly name: string;
  readonly level: string;
  readonly state: "optimal" | "degraded" | "failed";
  readonly usableBytes: number;
  /** One line per disk that is not as it should be. */
  readonly problems: readonly string[];
}

export interface VolumeStatus {
  readonly name: VolumeName;
  readonly sizeBytes: number;
  readonly group: GroupName;
  readonly role: "primary" | "secondary";
  readonly access: "read-write" | "read-only" | "closed";
}

export interface GroupStatus {
  readonly group: GroupName;
  readonly role: GroupRole;
  readonly epoch: Epoch;
  /** What the role is doing, and why it is not doing more. */
  readonly phase: string;
  readonly detail: string;
  /** Present on a relay only: the stages of the group's sequence. */
  readonly relay: RelayStages | null;
  /** Present on a primary only. */
  readonly primary: PrimaryStages | null;
  /** Present on a secondary only. */
  readonly secondary: SecondaryStages | null;
  /** The term that it follows; null or absent: as configured. */
  readonly term?: Pick<Term, "epoch" | "cause" | "relay"> | null;
  /** What this node keeps of volumes as they were before they were overwritten (PROTOCOL 6.4). */
  readonly branches?: readonly BranchStatus[];
}

export interface BranchStatus {
  readonly volume: VolumeName;
  /** What `drop-branch` wants to know. */
  readonly name: string;
}

/** How far a copy run has come at one primary. */
export interface CopyProgress {
  readonly copyId: string;
  /** What the run goes through here. */
  readonly totalBytes: number;
  /** Of these: found equal, or sent. */
  readonly doneBytes: number;
  /** Of these: sent, because it was not equal. */
  readonly sentBytes: number;
  /** How fast it went through what it compared and sent, just now. */
  readonly bytesPerSecond?: number;
  /** Why it does not go on; "" while it does. */
  readonly detail?: string;
}

export interface RelayStages {
  /** True while every acknowledged write is bound to survive the loss of the primary site (PROTOCOL 4). */
  readonly protected: boolean;
  /** Why not, when not. */
  readonly protectedDetail: string;
  /** How the group stands. */
  readonly pair?: PairState;
  /** The copy run in hand; null or absent: none. */
  readonly copy?: CopyOrder | null;
  readonly stamped: Sequence;
  readonly prepared: Sequence;
  /** The valid counter: the highest number ready to be validated (B5). */
  readonly valid: Sequence;
  /** A: validated by every secondary. */
  readonly gate: Sequence;
  readonly trimmed: Sequence;
  readonly journalUsedBytes: number;
  readonly journalCapacityBytes: number;
  readonly primaries: readonly { readonly node: NodeName; readonly connected: boolean; readonly leased: boolean }[];
  readonly secondaries: readonly ShippingStages[];
}

/** What the far legs together say of the group's sequence; how each of them stands is the group's matter. */
export type FarStages = Pick<RelayStages, "prepared" | "valid" | "gate" | "trimmed" | "secondaries">;

/** The far leg to one secondary, as its link reports; meaningful while `connected`. */
export interface ShippingStages {
  readonly node: NodeName;
  readonly connected: boolean;
  /** How this leg stands: as the group does, but for one that is being copied while the others are not. */
  readonly pair?: PairState;
  readonly shipped: Sequence;
  readonly received: Sequence;
  readonly prepared: Sequence;
  readonly validated: Sequence;
  readonly applied: Sequence;
  readonly lagWrites: number;
  /** Age of the oldest write that is stamped and not applied there; 0 when there is none. */
  readonly lagSeconds: number;
}

export interface PrimaryStages {
  readonly relayConnected: boolean;
  readonly leaseRemainingMs: number;
  readonly writesInFlight: number;
  readonly writesHeld: number;
  /** Whether its writes go to the relay too. */
  readonly leg?: OriginLeg;
  /** How its leg to the relay stands. */
  readonly pair?: PairState;
  /** Writes are held because the group's roles are being changed. */
  readonly paused?: boolean;
  /** What the region log names: as much as the far side may lack of its volumes, beside what the write intent does. */
  readonly loggedBytes?: number;
  /** Its part of the copy run; null or absent: none. */
  readonly copy?: CopyProgress | null;
}

export interface SecondaryStages {
  readonly relayConnected: boolean;
  /** How the group stood when the relay last told; absent: never told. */
  readonly pair?: PairState;
  /** The copy run that it takes part in, and whether it has no image to go back to; null or absent: none. */
  readonly copy?: (CopyOrder & { readonly blank: boolean }) | null;
  readonly preImagesUsedBytes?: number;
  readonly preImagesCapacityBytes?: number;
  readonly received: Sequence;
  readonly validated: Sequence;
  readonly gate: Sequence;
  readonly applied: Sequence;
  readonly journalUsedBytes: number;
  readonly journalCapacityBytes: number;
}

/** One step of a takeover, as it goes; the last has `result`. */
export interface TakeoverProgress {
  readonly phase: string;
  readonly message: string;
  readonly elapsedMs: number;
  readonly result: TakeoverResult | null;
}

export interface TakeoverResult {
  /** `term-begun`: a change of term is decided; its copy run goes on by itself. `planned`: a dry run that would be legal. */
  readonly outcome: "taken-over" | "term-begun" | "planned" | "refused";
  /** A stable code when refused; empty otherwise. */
  readonly code: string;
  readonly message: string;
  readonly epoch: Epoch;
  /** C: the volumes hold exactly the writes up to here. */
  readonly sequence: Sequence;
  /**
   * `nothing` only when it is proven (PROTOCOL 6.5); `known`: exactly the numbers that `lostDetail` names; `unknown`:
   * whatever may lie above `sequence`.
   */
  readonly lost: "nothing" | "known" | "unknown";
  readonly lostDetail: string;
  readonly participants: readonly NodeName[];
  readonly absent: readonly NodeName[];
  readonly risks: readonly string[];
}

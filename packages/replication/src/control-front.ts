/** What a control front end (gRPC, later REST) may ask of a node. The node implements it. */
import type { GroupRole } from "./messages.js";
import type { NodeStatus, TakeoverProgress } from "./status.js";
import type { NodeName, Sequence } from "./vocabulary.js";

export interface TakeoverRequest {
  readonly group: string;
  /** Go on although a single writer cannot be guaranteed, or something may be lost; the risk is printed. */
  readonly force: boolean;
  /** Secondaries to go on without, by name: they become resync targets. */
  readonly without: readonly string[];
  /** Only looks, and tells what would happen: asks, changes nothing, promises nothing (E6). */
  readonly dryRun: boolean;
}

/**
 * Another term for a group (term.ts). `swap`: the far side, taken over first if it was not, becomes the primary side and the
 * old primaries its secondaries (B12). `direct`: without the relay, whose role a primary takes (B13). `return`: back to
 * the relay of the configuration. `members`: as the configuration says now.
 */
export interface TermChangeRequest {
  readonly group: string;
  readonly cause: "swap" | "direct" | "return" | "members";
  /** Go on although the relay, or an old primary, cannot be told; the risk is printed. */
  readonly force: boolean;
  readonly dryRun: boolean;
}

/**
 * Commands for one node's role in a group, answered at once or refused. At the relay: `suspend` (PSUS, the whole group at
 * one number) and `resync`, with `full` without trusting any bitmap. At a node with a branch: `drop-branch`.
 */
export type GroupCommand =
  | { readonly kind: "suspend" }
  | { readonly kind: "resync"; readonly full: boolean }
  | { readonly kind: "drop-branch"; readonly branch: string };

/** What a node can say of the order that it holds (E4): its points, and what the group committed to there. */
export interface Attestation {
  readonly node: NodeName;
  /** Of this node; primaries keep no points. */
  readonly role: GroupRole;
  /** The highest point that was asked for or lies below it; the root in hexadecimal digits. Null when none is known. */
  readonly point: { readonly sequence: Sequence; readonly root: string } | null;
  /** The lowest point that it still knows; 0 when none. */
  readonly oldest: Sequence;
  /** What the role says of itself; empty while all is well. */
  readonly detail: string;
}

/** What a daemon does beyond its roles. */
export interface ConfigurationFront {
  /**
   * Reads the cluster's configuration again, and opens what is new in it for this node; resolves with a line per change.
   * Members of groups change by a change of term only. Rejects with what cannot be taken while the node runs.
   */
  reload(): Promise<readonly string[]>;
}

export interface ControlFront {
  /** Live, about this node only; never waits for another node. */
  status(): NodeStatus;
  /**
   * Runs a takeover with this node as coordinator; steps as they happen, the last with the result. Ends within a
   * deadline whatever is dead. Abandoning the iteration does not stop the takeover.
   * Throws `UNKNOWN_GROUP` or `NOT_A_SECONDARY`.
   */
  takeover(request: TakeoverRequest): AsyncIterable<TakeoverProgress>;
  /** Begins another term with this node as coordinator; otherwise as `takeover`. Throws `UNKNOWN_GROUP`. */
  changeTerm(request: TermChangeRequest): AsyncIterable<TakeoverProgress>;
  /** Rejects with `UNKNOWN_GROUP`, or with a refusal that names the state and the command that would be legal. */
  command(group: string, command: GroupCommand): Promise<void>;
  /** At the last settled point, or at `sequence`; about this node only. Throws `UNKNOWN_GROUP`. */
  attest(group: string, sequence: Sequence | null): Attestation;
}

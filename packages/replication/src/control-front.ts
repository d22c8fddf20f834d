/** What a control front end (gRPC, later REST) may ask of a node. The node implements it. */
import type { NodeStatus, TakeoverProgress } from "./status.js";

export interface TakeoverRequest {
  readonly group: string;
  /** Go on although a single writer cannot be guaranteed, or something may be lost; the risk is printed. */
  readonly force: boolean;
  /** Secondaries to go on without, by name: they become resync targets. */
  readonly without: readonly string[];
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
}

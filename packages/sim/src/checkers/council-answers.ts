/**
 * A takeover builds on what the members of the group tell in its council (PROTOCOL 6.2), so each answer is durable
 * before it is given: the promise that it grants, the decision that it shows, and the numbers that C is chosen from. An
 * answer that power loss takes back could let two takeovers choose two numbers.
 */
import { sameEpoch, type Epoch, type NodeName } from "@waystation/contracts/ids";
import { markNames, readDecision, readEpoch, type Marks } from "@waystation/replication/marks";
import type { MarkValue } from "@waystation/contracts/journal";
import type { CouncilBody, MemberState } from "@waystation/replication/messages";
import type { Checker, Observation, Violate } from "../observation.js";
import type { StampedOrder } from "./stamped-order.js";

export interface CouncilAnswersOptions {
  readonly order: Pick<StampedOrder, "last">;
  /** Up to which number a secondary durably holds its records. */
  readonly completeThrough: (secondary: NodeName) => number;
  readonly violate: Violate;
}

const name = "council-answers";
const watched: readonly string[] = [markNames.promised, markNames.decision, markNames.validated];

export function createCouncilAnswersChecker(options: CouncilAnswersOptions): Checker {
  const durable = new Map<NodeName, Map<string, MarkValue>>();
  /** Promises asked for, by who asked whom with which request. */
  const asked = new Map<string, Epoch>();
  const fail = (message: string): void => {
    options.violate(name, message);
  };

  const marksOf = (node: NodeName): Map<string, MarkValue> => {
    let marks = durable.get(node);
    if (marks === undefined) durable.set(node, (marks = new Map<string, MarkValue>()));
    return marks;
  };

  const checkPromise = (node: NodeName, epoch: Epoch, marks: Marks): void => {
    const promised = readEpoch(marks, markNames.promised);
    // One that follows a higher epoch by now keeps this promise too.
    if (promised !== null && (sameEpoch(promised, epoch) || promised.number > epoch.number)) return;
    fail(`${node} grants the promise of epoch ${epoch.number} before it is durable`);
  };

  const checkState = (state: MemberState, marks: Marks): void => {
    const { node, decision } = state;
    const kept = readDecision(marks);
    if (decision !== null && (kept === null || !sameEpoch(kept.epoch, decision.epoch))) {
      fail(`${node} shows the decision of epoch ${decision.epoch.number} before it is durable`);
    }
    if (state.role === "relay" && state.stamped > options.order.last()) {
      fail(`${node} says that it stamped up to ${state.stamped}, but only ${options.order.last()} is durable there`);
    }
    if (state.role !== "secondary") return;
    const complete = options.completeThrough(node);
    if (state.received > complete)
      fail(`${node} says received ${state.received}, but durably holds only up to ${complete}`);
    const validated = marks.get(markNames.validated) ?? 0;
    if (typeof validated === "number" && state.validated > validated) {
      fail(`${node} says validated ${state.validated}, but only ${validated} is durable there`);
    }
  };

  const sent = ({ from, to, message: { epoch, body } }: Extract<Observation, { kind: "sent" }>): void => {
    if (body.kind === "promise") asked.set(`${from}>${to}/${body.requestId}`, epoch);
    if (body.kind === "council-reply") replied(from, to, body);
  };

  const replied = (from: NodeName, to: NodeName, body: Extract<CouncilBody, { kind: "council-reply" }>): void => {
    const marks = marksOf(from);
    const promise = asked.get(`${to}>${from}/${body.requestId}`);
    if (promise !== undefined && body.granted) checkPromise(from, promise, marks);
    checkState(body.state, marks);
  };

  return {
    name,
    observe(observation: Observation) {
      if (observation.kind === "sent" && observation.channel === "council") sent(observation);
      // A node that starts again numbers its requests from the beginning.
      if (observation.kind === "node-up") {
        for (const key of asked.keys()) if (key.startsWith(`${observation.node}>`)) asked.delete(key);
      }
      if (observation.kind !== "journal-durable") return;
      for (const mark of watched) {
        const value = observation.commit.marks?.get(mark);
        if (value !== undefined) marksOf(observation.node).set(mark, value);
      }
    },
  };
}

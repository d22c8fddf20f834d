/**
 * Takeovers settle one number (PROTOCOL 6.2, 6.3). A decision is settled once it is durable at all its participants:
 * from then on one of them may have let hosts write, so every later one must name the same number. And it names no more
 * than what every secondary that must come along durably holds, be it reachable or not (section 3.3).
 */
import type { NodeName } from "@waystation/contracts/ids";
import { markNames, readDecision } from "@waystation/replication/marks";
import type { Decision } from "@waystation/replication/messages";
import type { Checker, Observation, Violate } from "../observation.js";

export interface DecisionsChecker extends Checker {
  /** C, if the decision that is durable on this node is settled; otherwise 0. */
  readonly settledFor: (node: NodeName) => number;
}

export interface DecisionsOptions {
  readonly secondaries: readonly NodeName[];
  /** Up to which number a secondary durably holds its records. */
  readonly completeThrough: (secondary: NodeName) => number;
  readonly violate: Violate;
}

const name = "decisions";

export function createDecisionsChecker(options: DecisionsOptions): DecisionsChecker {
  const held = new Map<NodeName, Decision>();
  const settledEpochs = new Set<string>();
  let first: Decision | null = null;
  const fail = (message: string): void => {
    options.violate(name, message);
  };

  const settle = (decision: Decision): void => {
    settledEpochs.add(keyOf(decision));
    if (first !== null && first.sequence !== decision.sequence) {
      fail(`the takeover settled ${show(decision)}, but ${show(first)} was settled before`);
    }
    if (first !== null) return;
    first = decision;
    for (const secondary of options.secondaries) {
      const complete = options.completeThrough(secondary);
      if (!decision.excluded.includes(secondary) && complete < decision.sequence) {
        fail(`the takeover settled ${show(decision)}, but ${secondary} is complete only up to ${complete}`);
      }
    }
  };

  const made = (node: NodeName, decision: Decision): void => {
    held.set(node, decision);
    const key = keyOf(decision);
    const everywhere = decision.participants.every((participant) => {
      const theirs = held.get(participant);
      return theirs !== undefined && keyOf(theirs) === key;
    });
    if (everywhere && !settledEpochs.has(key)) settle(decision);
  };

  return {
    name,
    settledFor: (node) => {
      const decision = held.get(node);
      return decision !== undefined && settledEpochs.has(keyOf(decision)) ? decision.sequence : 0;
    },
    observe(observation: Observation) {
      if (observation.kind !== "journal-durable") return;
      const value = observation.commit.marks?.get(markNames.decision);
      if (value === undefined) return;
      const decision = readDecision(new Map([[markNames.decision, value]]));
      if (decision !== null) made(observation.node, decision);
    },
  };
}

function keyOf({ epoch }: Decision): string {
  return `${epoch.number}/${epoch.takeoverId}`;
}

function show(decision: Decision): string {
  return `${decision.sequence} (epoch ${decision.epoch.number} ${decision.epoch.takeoverId})`;
}

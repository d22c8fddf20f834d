/** All checkers of a run, told of everything in one order: the reference first, then those that measure by it. */
import { primariesOf, secondariesOf } from "@waystation/replication/membership";
import { createAcknowledgedWritesChecker } from "./checkers/acknowledged-writes.js";
import { createApplyGateChecker } from "./checkers/apply-gate.js";
import { createBoundsChecker, type BoundsChecker } from "./checkers/bounds.js";
import { createCouncilAnswersChecker } from "./checkers/council-answers.js";
import { createDecisionsChecker, type DecisionsChecker } from "./checkers/decisions.js";
import { createDurableAnswersChecker } from "./checkers/durable-answers.js";
import { createFarPrefixChecker, type FarPrefixChecker } from "./checkers/far-prefix.js";
import { createReadsChecker } from "./checkers/reads.js";
import { createSettledRootsChecker } from "./checkers/settled-roots.js";
import { createStampedOrder, type StampedOrder } from "./checkers/stamped-order.js";
import type { Cluster } from "./cluster.js";
import { farNodeOf } from "./plan.js";

export interface Checks {
  readonly order: StampedOrder;
  readonly far: FarPrefixChecker;
  readonly decisions: DecisionsChecker;
  readonly bounds: BoundsChecker;
}

/** Messages and their envelopes beyond the windows: what a link may carry besides data. */
const controlBytesMax = 64 * 1024;

export function attachChecks(cluster: Cluster): Checks {
  const { world, plan, contentOf, durableCell } = cluster;
  const { membership, limits } = plan;
  const violate = (checker: string, message: string): void => {
    world.violate(checker, message);
  };
  const secondaries = secondariesOf(membership);
  const secondaryOf = new Map(membership.volumes.map((volume) => [volume.name, farNodeOf(volume)]));
  const { relay, volumes } = membership;

  const order = createStampedOrder({ relay, violate });
  const far = createFarPrefixChecker({ order, secondaryOf, contentOf, violate });
  const answers = createDurableAnswersChecker({
    ...{ order, relay, durableCell, violate },
    volumes: volumes.map((volume) => ({ ...volume, secondary: farNodeOf(volume) })),
    promoted: (volume) => far.opened().has(volume),
  });
  const decisions = createDecisionsChecker({ secondaries, completeThrough: answers.completeThrough, violate });
  const largestBytes = limits.intentUnitBytes + 8 * 1024;
  const bounds = createBoundsChecker({
    nowMs: world.nowMs,
    inFlightBytesMax: {
      ingress: Math.max(limits.ingressWindowBytes, limits.fetchBatchBytes) + largestBytes + controlBytesMax,
      ship: limits.shipWindowBytes + limits.shipBatchBytes + largestBytes + controlBytesMax,
      lease: controlBytesMax,
      council: controlBytesMax,
    },
    journalOverrunBytesMax: limits.ingressWindowBytes + limits.shipWindowBytes + limits.shipBatchBytes + largestBytes,
    answerMsMax: 2 * membership.holdMs + 10_000,
    violate,
  });
  const primaries = new Set(primariesOf(membership));
  const checkers = [
    order,
    answers,
    decisions,
    createCouncilAnswersChecker({ order, completeThrough: answers.completeThrough, violate }),
    createApplyGateChecker({ order, secondaries, decided: decisions.settledFor, violate }),
    createReadsChecker({ order, secondaryOf, contentOf, violate }),
    far,
    createAcknowledgedWritesChecker({ order, primaries, durableCell, violate }),
    createSettledRootsChecker({ group: membership.group, volumes: volumes.map((volume) => volume.name), violate }),
    bounds,
  ];
  for (const checker of checkers) cluster.watch(checker);
  return { order, far, decisions, bounds };
}

/** A primary on the bench, and the relay's and the secondaries' part of its start played by hand. */
import assert from "node:assert/strict";
import type { LinkId } from "../effects.js";
import { limits } from "../limits.js";
import type { SuspendedState, VolumeMark } from "../messages.js";
import type { JournalRecord } from "../vocabulary.js";
import { createBench, type Bench, type BenchOptions } from "./bench.js";
import { mark, primaryA, relay1, secondaryA, secondaryB, seq, volA } from "./fixture.js";

export interface PrimaryBench extends Bench {
  /** The link to the relay at present. */
  link(): LinkId;
  /** Opens a link to the relay; the primary greets. */
  connect(): LinkId;
  welcome(marks?: readonly VolumeMark[], creditBytes?: number, copyId?: string): void;
  ack(n: number, incarnation?: number): void;
  /** The secondaries do not answer the question for their epoch. */
  secondariesSilent(): void;
  /** The relay's word that it stamps no more. */
  suspended(state?: SuspendedState): void;
  /** Answers the fetch under way with these records, and all of them. */
  records(records?: readonly JournalRecord[]): void;
}

export const ampleCredit = limits.ingressWindowBytes;

export function createPrimaryBench(options: Partial<BenchOptions> = {}): PrimaryBench {
  const bench = createBench({ self: primaryA, ...options });
  let link: LinkId | null = null;
  const linkNow = (): LinkId => {
    assert(link !== null, "no relay is connected");
    return link;
  };
  return {
    ...bench,
    link: linkNow,
    connect: () => (link = bench.open(relay1, "ingress", "self")),
    welcome: (marks = [mark(volA, 0, 0)], creditBytes = ampleCredit, copyId = "") =>
      bench.receive(linkNow(), { kind: "relay-welcome", marks, creditBytes, copyId }),
    suspended: (state = "PSUE") =>
      bench.receive(linkNow(), { kind: "suspended", at: seq(9), state, detail: "told by the test" }),
    ack: (n, incarnation = 1) =>
      bench.receive(linkNow(), { kind: "relay-ack", marks: [mark(volA, incarnation, n)], creditBytes: ampleCredit }),
    secondariesSilent() {
      bench.tick();
      for (const peer of [secondaryA, secondaryB])
        bench.step({ kind: "dial-failed", peer, channel: "council", reason: "refused" });
    },
    records: (records = []) =>
      bench.receive(linkNow(), { kind: "relay-records", volume: volA, records, nextAfter: seq(0) }),
  };
}

/** A primary whose volume is open for hosts, with nothing under way. */
export function openPrimary(options: Partial<BenchOptions> = {}): PrimaryBench {
  const primary = createPrimaryBench(options);
  primary.start();
  primary.settle();
  primary.connect();
  primary.secondariesSilent();
  primary.welcome();
  primary.records();
  primary.settle();
  assert.equal(primary.member.status().phase, "open");
  primary.take();
  primary.takeSent();
  return primary;
}

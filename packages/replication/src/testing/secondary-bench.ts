/** A secondary on the bench, with its relay played by hand. */
import assert from "node:assert/strict";
import type { LinkId } from "../effects.js";
import type { CopyOrder, PeerBody } from "../messages.js";
import type { SecondaryStages } from "../status.js";
import type { Epoch, JournalRecord, Sequence } from "../vocabulary.js";
import { createBench, type Bench, type BenchOptions } from "./bench.js";
import { g1, relay1, secondaryA, seq } from "./fixture.js";
import { honestCommitment } from "./honest-relay.js";
import { showBody } from "./transcript.js";

export interface AskedPoint {
  readonly kind: "prepare" | "validate" | "gate";
  readonly sequence: Sequence;
  /** Records up to there that were not shipped yet. */
  readonly further?: readonly JournalRecord[];
}

export interface SecondaryBench extends Bench {
  link(): LinkId;
  /** The relay opens its link and greets; with the order of a copy run, if there is one. */
  connect(): LinkId;
  greet(order: CopyOrder | null): LinkId;
  /** A point is prepared with what an honest relay commits to; one that is only validated was prepared before, unseen. */
  relay(body: PeerBody | AskedPoint, epoch?: Epoch): void;
  ship(after: number, watermark: number, records: readonly JournalRecord[]): void;
  /** Prepares, validates and opens the gate up to here, and lets it be applied. */
  point(sequence: number): void;
  /** What the relay was told since the last call. */
  told(): string[];
  stages(): SecondaryStages;
}

export function createSecondaryBench(options: Partial<BenchOptions> = {}): SecondaryBench {
  const bench = createBench({ self: secondaryA, ...options });
  let link: LinkId | null = null;
  const linkNow = (): LinkId => {
    assert(link !== null, "no relay is connected");
    return link;
  };
  const { membership = g1 } = options;
  /** Answers that nobody asked to see. */
  const unseen: string[] = [];
  const prepared = (sequence: Sequence, further?: readonly JournalRecord[]): PeerBody => ({
    kind: "prepare",
    sequence,
    commitment: honestCommitment({
      node: bench.self,
      membership,
      journal: bench.journal,
      sequence,
      further: further ?? [],
    }),
  });
  const relay = (body: PeerBody | AskedPoint, epoch?: Epoch): void => {
    if (body.kind === "prepare" && !("commitment" in body))
      return bench.receive(linkNow(), prepared(body.sequence, body.further), epoch);
    if (body.kind === "validate") {
      const before = bench.effectsRun();
      bench.receive(linkNow(), prepared(body.sequence), epoch);
      while (bench.answer("read-journal")) bench.drain();
      if (bench.effectsRun() > before) unseen.push(`prepared ${body.sequence}`);
    }
    bench.receive(linkNow(), body as PeerBody, epoch);
  };
  const greet = (copy: CopyOrder | null): LinkId => {
    link = bench.open(relay1, "ship", "peer");
    relay({ kind: "ship-hello", copy });
    return link;
  };
  return {
    ...bench,
    link: linkNow,
    connect: () => greet(null),
    greet,
    relay,
    ship: (after, watermark, records) =>
      relay({ kind: "ship-batch", after: seq(after), watermark: seq(watermark), records }),
    point(sequence) {
      for (const kind of ["prepare", "validate", "gate"] as const) {
        relay({ kind, sequence: seq(sequence) });
        bench.settle();
      }
    },
    told: () =>
      bench
        .takeSent()
        .flatMap(({ link: to, body }) => (to === link ? [showBody(body)] : []))
        .filter((line) => {
          const at = unseen.indexOf(line);
          if (at >= 0) unseen.splice(at, 1);
          return at < 0;
        }),
    stages() {
      const { secondary } = bench.member.status();
      assert(secondary !== null);
      return secondary;
    },
  };
}

/** A secondary that follows its relay, with nothing received yet. */
export function followingSecondary(options: Partial<BenchOptions> = {}): SecondaryBench {
  const secondary = createSecondaryBench(options);
  secondary.start();
  secondary.settle();
  secondary.connect();
  secondary.settle();
  secondary.take();
  secondary.told();
  return secondary;
}

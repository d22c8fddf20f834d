/**
 * A secondary that goes through a copy run, with a relay that tells it everything again whenever it is greeted, and power
 * that may fail after any number of answers. What was under way then may be on the media in part: commits as a prefix of
 * their order, stores in any part of them.
 */
import assert from "node:assert/strict";
import { createRandom, type Random } from "@waystation/contracts/random";
import type { CopyOrder, Decision } from "../messages.js";
import type { JournalRecord, RecordKind, Sequence } from "../vocabulary.js";
import { epoch, g1, secondaryA, secondaryB, seq, volA, volumeBytes } from "./fixture.js";
import { applyCommit, applyWrites, createMedium, volumeOf, type Medium } from "./medium.js";
import { createSecondaryBench, type SecondaryBench } from "./secondary-bench.js";

/** Power that fails after so many answers. */
export interface Power {
  left: number;
}

export class PowerLoss extends Error {}

export interface CopyRunBench {
  readonly medium: Medium;
  readonly secondary: SecondaryBench;
  /** The relay's history, ascending. */
  readonly history: JournalRecord[];
  /** Greets anew with this order, ships everything up to `through`, and settles points up to `gate`. */
  follow(order: CopyOrder | null, through: number, gate: number): void;
  /** Lets a takeover decide for `sequence` and open the node; false when it is not granted. */
  takeOver(sequence: number): boolean;
  settle(): void;
  /** What the volume holds, as the records up to here make it; `from` and below it what `image` holds. */
  image(): Buffer;
}

export function startCopyRunBench(options: {
  readonly history: JournalRecord[];
  readonly medium?: Medium;
  readonly power?: Power;
  readonly seed?: number;
  readonly preImageBytes?: number;
  readonly losesTrims?: boolean;
}): CopyRunBench {
  const { history, power = { left: Infinity }, seed = 1, losesTrims = false } = options;
  const medium = options.medium ?? createMedium(g1, secondaryA);
  const room = options.preImageBytes === undefined ? {} : { preImageBytes: options.preImageBytes };
  const secondary = createSecondaryBench({ medium, losesTrims, ...room });
  const random = createRandom(seed);

  const settle = (): void => {
    for (let turns = 0; turns < 10_000; turns++) {
      const sent = secondary.effectsRun();
      secondary.drain();
      const [oldest] = secondary.asked();
      if (oldest === undefined && secondary.effectsRun() === sent) return;
      if (oldest === undefined) continue;
      if (power.left-- <= 0) {
        losePower(secondary, random);
        throw new PowerLoss();
      }
      secondary.answer(oldest.kind);
    }
    assert.fail("the secondary never comes to rest");
  };

  const bench: CopyRunBench = {
    medium,
    secondary,
    history,
    settle,
    follow(order, through, gate) {
      const link = secondary.greet(order);
      settle();
      const welcome = secondary
        .takeSent()
        .findLast(({ link: to, body }) => to === link && body.kind === "ship-welcome");
      if (welcome?.body.kind !== "ship-welcome") return;
      for (let after: number = welcome.body.received; after < through;) {
        const watermark = Math.min(after + 4, through);
        const records = history.filter(({ sequence }) => sequence > after && sequence <= watermark);
        secondary.ship(after, watermark, records);
        settle();
        after = watermark;
      }
      for (const kind of ["prepare", "validate", "gate"] as const) {
        secondary.relay({ kind, sequence: seq(gate) });
        settle();
      }
    },
    takeOver(sequence) {
      const decision: Decision = {
        epoch: epoch(2),
        sequence: seq(sequence),
        participants: [secondaryA],
        excluded: [],
        term: null,
        fenced: true,
        stamped: seq(sequence),
      };
      const link = secondary.open(secondaryB, "council", "peer");
      secondary.receive(link, { kind: "promise", requestId: 1, settle: false, purpose: "takeover" }, epoch(2));
      settle();
      secondary.receive(link, { kind: "decide", requestId: 2, decision }, epoch(2));
      settle();
      const replies = secondary.takeSent().flatMap(({ body }) => (body.kind === "council-reply" ? [body] : []));
      if (replies.at(-1)?.granted !== true) return false;
      for (let ticks = 0; ticks < 200 && secondary.member.status().phase !== "open"; ticks++) {
        secondary.tick();
        settle();
      }
      return secondary.member.status().phase === "open";
    },
    image: () => Buffer.from(volumeOf(medium, volA)),
  };
  secondary.start();
  settle();
  return bench;
}

/** Some of what was under way has happened, and the rest never will. */
function losePower(secondary: SecondaryBench, random: Random): void {
  const { medium } = secondary;
  const lost = new Set<string>();
  for (const effect of secondary.asked()) {
    if (effect.kind === "commit") {
      if (lost.has(effect.place) || random.chance(0.5)) lost.add(effect.place);
      else applyCommit(effect.place === "journal" ? medium.journal : medium.preImages, effect.change);
    } else if (effect.kind === "store") {
      applyWrites(
        medium,
        effect.volume,
        effect.writes.filter(() => random.chance(0.5)),
      );
    }
  }
}

/** A write or a copy of any length, full of its number. */
export function change(
  sequence: number,
  offsetBytes: number,
  lengthBytes: number,
  kind: RecordKind = "copy",
): JournalRecord {
  const hasBytes = kind === "write" || kind === "copy";
  return {
    sequence: seq(sequence),
    volume: volA,
    origin: { incarnation: 1, n: sequence },
    epoch: 1,
    kind,
    offsetBytes,
    lengthBytes,
    hostTimeMs: 0,
    payload: Buffer.alloc(hasBytes ? lengthBytes : 0, sequence),
  };
}

/** The naive model: what the records make of an image, all zeros unless told otherwise. */
export function imageOf(records: readonly JournalRecord[], before: Buffer = Buffer.alloc(volumeBytes)): Buffer {
  const image = Buffer.from(before);
  for (const { offsetBytes, lengthBytes, payload } of records) {
    if (payload.length === 0) image.fill(0, offsetBytes, offsetBytes + lengthBytes);
    else image.set(payload, offsetBytes);
  }
  return image;
}

export function between(history: readonly JournalRecord[], after: Sequence | number, through: number): JournalRecord[] {
  return history.filter(({ sequence }) => sequence > after && sequence <= through);
}

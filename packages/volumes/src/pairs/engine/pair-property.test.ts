import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFailure } from "@waystation/contracts/errors";
import type { Pairs } from "./open-pairs.js";
import {
  applyTo,
  copyImage,
  imageOf,
  merged,
  settleImage,
  submit,
  type Image,
  type ModelWrite,
} from "./testing-model.js";
import { openSite, type Site } from "./testing-pairs.js";

const m = { primary: "p", secondary: "s" };
const sectorCount = 96;
const sizeBytes = sectorCount * 512;
const regionBytes = 2048;

const commands = ["split", "quick-split", "resync", "quick-resync", "restore"] as const;
type Command = (typeof commands)[number];

interface Round {
  readonly writes: readonly {
    readonly side: "p" | "s";
    readonly place: number;
    readonly sectors: number;
    readonly cached: boolean;
  }[];
  readonly command: Command | null;
  /** The command is given after so many writes were begun. */
  readonly after: number;
  readonly failing: boolean;
  readonly waits: boolean;
}

const rounds = fc.array(
  fc.record<Round>({
    writes: fc.array(
      fc.record({
        side: fc.constantFrom("p" as const, "p" as const, "s" as const),
        place: fc.nat(11),
        sectors: fc.integer({ min: 1, max: 8 }),
        cached: fc.boolean(),
      }),
      { maxLength: 5 },
    ),
    command: fc.option(fc.constantFrom(...commands)),
    after: fc.nat(5),
    failing: fc.nat(7).map((n) => n === 0),
    waits: fc.nat(3).map((n) => n === 0),
  }),
  { minLength: 1, maxLength: 25 },
);

function give(pairs: Pairs, command: Command): Promise<unknown> {
  if (command === "restore") return pairs.restore(m);
  const quick = command.startsWith("quick-");
  return command.endsWith("split") ? pairs.split(m, { quick }) : pairs.resync(m, { quick });
}

/** True when it was done; a refusal is as good, anything else fails the test. */
async function succeeds(request: Promise<unknown>): Promise<boolean> {
  try {
    await request;
    return true;
  } catch (error) {
    if (!isFailure(error)) throw error;
    expect(["PAIR_STATE", "IO_ERROR", "READ_ONLY", "VOLUME_NOT_OPEN"]).toContain(error.code);
    return false;
  }
}

interface Model {
  p: Image;
  s: Image;
  /** S is to hold what P holds; else what `s` says, or nothing that anybody may rely on. */
  secondary: "follows" | "own" | "unknown";
}

async function playRound(site: Site, model: Model, round: Round, nextValue: () => number): Promise<void> {
  const { pairs } = site;
  const [p, s] = [pairs.volume("p"), pairs.volume("s")];
  if (round.failing) site.volume("s").failing = "unplugged";
  const before = copyImage(model.p);
  const secondaryBefore = copyImage(model.s);
  // One write a place, so that no two of a round overlap.
  const places = [...new Map(round.writes.map((write) => [`${write.side}${write.place}`, write])).values()];
  const requests: { write: ModelWrite; done: Promise<boolean> }[] = [];
  let command: Promise<boolean> | null = null;
  for (const [index, { side, place, sectors, cached }] of places.entries()) {
    if (index === round.after && round.command !== null) command = succeeds(give(pairs, round.command));
    const write = { side, sector: place * 8, sectors, value: nextValue() };
    const done = succeeds(submit(side === "p" ? p : s, write, cached ? "cached" : "batch"));
    requests.push({ write, done });
  }
  if (round.command !== null) command ??= succeeds(give(pairs, round.command));
  const writes = await Promise.all(requests.map(async ({ write, done }) => ({ write, done: await done })));
  const isDone = (await command) === true;
  site.volume("s").failing = null;

  const { phase } = pairs.show(m);
  const wrote: Record<"p" | "s", Image> = { p: before, s: secondaryBefore };
  for (const { write, done } of writes) {
    applyTo(model[write.side], write, done ? "done" : "maybe");
    applyTo(wrote[write.side], write, "maybe");
  }
  if (round.command === "restore" && isDone && model.secondary === "own") {
    // Each write of the round came before it, or after it.
    const own = copyImage(model.s);
    for (const { write } of writes) if (write.side === "p") applyTo(own, write, "maybe");
    model.p = merged(own, model.s);
  }
  const isOwn = phase === "split" || phase === "quick-split";
  if (isOwn && model.secondary === "follows") {
    model.s = wrote.p;
    for (const { write, done } of writes) if (write.side === "s") applyTo(model.s, write, done ? "done" : "maybe");
  }
  const isUnknown = phase === "suspended" || phase === "restore-suspended";
  model.secondary = isOwn ? "own" : isUnknown ? "unknown" : "follows";
}

async function check(site: Site, model: Model): Promise<void> {
  const { pairs } = site;
  const { phase } = pairs.show(m);
  if (phase === "restore-suspended") {
    await succeeds(pairs.volume("p").read(0, sizeBytes));
    return;
  }
  settleImage(model.p, await pairs.volume("p").read(0, sizeBytes), `P in ${phase}`);
  if (model.secondary === "own") settleImage(model.s, await pairs.volume("s").read(0, sizeBytes), `S in ${phase}`);
  if (["quick-resync", "duplex", "restore"].includes(phase)) {
    settleImage(copyImage(model.p), await pairs.volume("s").read(0, sizeBytes), `S in ${phase}`);
  }
}

async function checkSettled(site: Site, model: Model): Promise<void> {
  const { phase } = await site.pairs.wait(m);
  if (phase === "duplex" || phase === "split") {
    settleImage(copyImage(model.p), site.volume("p").content(), `P's disks in ${phase}`);
    const expected = phase === "duplex" ? model.p : model.s;
    settleImage(copyImage(expected), site.volume("s").content(), `S's disks in ${phase}`);
  }
}

describe("a pair under hosts and commands at once", () => {
  it("A5, A6, A7, A9, A10: both sides always read as the naive model says, and copies end equal to it", async () => {
    await fc.assert(
      fc.asyncProperty(rounds, fc.constantFrom(1536, 3072, 4096, 16_384), async (list, stripeBytes) => {
        const site = await openSite({ sizeBytes, volumes: { p: 2560, s: stripeBytes } });
        await site.pairs.create({ ...m, regionBytes });
        const model: Model = { p: imageOf(sectorCount), s: imageOf(sectorCount), secondary: "follows" };
        let value = 0;
        for (const round of list) {
          await playRound(site, model, round, () => ++value);
          await check(site, model);
          if (round.waits) await checkSettled(site, model);
        }
        await checkSettled(site, model);
        await site.pairs.close();
      }),
      { numRuns: 120 },
    );
  });
});

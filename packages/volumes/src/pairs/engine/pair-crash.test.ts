import { describe, expect, it } from "vitest";
import { createRandom, type Random } from "@waystation/contracts/random";
import { applyTo, copyImage, imageFrom, settleImage, submit, type Image, type ModelWrite } from "./testing-model.js";
import { openOn, openSite, partsAfterCut, type Site, type SiteParts } from "./testing-pairs.js";
import { createPower } from "./testing-store.js";

const m = { primary: "p", secondary: "s" };
const sectorCount = 32;
const sizeBytes = sectorCount * 512;
const options = { sizeBytes, volumes: { p: 2560, s: 3072 } };

interface Story {
  readonly name: string;
  /** Brings a new pair to where the story begins; the power stays on. */
  readonly before: (site: Site) => Promise<unknown>;
  /** Under way together with the writes `during`. */
  readonly command?: (site: Site) => Promise<unknown>;
  readonly during: readonly Side[];
  /** One after the other, when the command is done. */
  readonly after: readonly Side[];
  readonly isRestore?: boolean;
  /** Not durable before the flush at the end. */
  readonly isCached?: boolean;
}
type Side = "p" | "s";

const synced = (site: Site) => site.pairs.wait(m);
const fresh = async () => {};
async function diverged(site: Site): Promise<void> {
  await synced(site);
  await site.pairs.split(m);
  await submit(site.pairs.volume("p"), { side: "p", sector: 1, sectors: 9, value: 900 }, "batch");
  await submit(site.pairs.volume("s"), { side: "s", sector: 7, sectors: 13, value: 901 }, "batch");
}

const stories: readonly Story[] = [
  { name: "an initial copy", before: fresh, during: ["p"], after: ["p", "p"] },
  { name: "writes to both sides", before: synced, during: ["p", "p"], after: ["p", "p", "p"] },
  { name: "cached writes to both sides", before: synced, during: ["p", "p"], after: ["p", "p"], isCached: true },
  { name: "a split", before: synced, command: ({ pairs }) => pairs.split(m), during: ["p", "p"], after: ["p", "s"] },
  { name: "writes while split", before: diverged, during: ["p", "s"], after: ["s", "p", "s"] },
  { name: "cached writes while split", before: diverged, during: ["p", "s"], after: ["s", "p"], isCached: true },
  {
    name: "a quick split",
    before: fresh,
    command: ({ pairs }) => pairs.split(m, { quick: true }),
    during: ["p"],
    after: ["p", "s", "p", "s"],
  },
  { name: "a resync", before: diverged, command: ({ pairs }) => pairs.resync(m), during: ["s"], after: ["p", "p"] },
  {
    name: "a quick resync",
    before: diverged,
    command: ({ pairs }) => pairs.resync(m, { quick: true }),
    during: ["p"],
    after: ["p", "p"],
  },
  {
    name: "a restore",
    before: diverged,
    command: ({ pairs }) => pairs.restore(m),
    during: ["p"],
    after: ["p", "p", "p"],
    isRestore: true,
  },
  { name: "a deletion", before: synced, command: ({ pairs }) => pairs.delete(m), during: ["p"], after: ["p"] },
];

interface Request {
  readonly write: ModelWrite;
  readonly isDuring: boolean;
  state: "begun" | "done" | "refused";
}

interface Played {
  readonly requests: readonly Request[];
  readonly ended: boolean;
  /** Before the story began. */
  readonly p: Image;
  /** Null when S only followed P. */
  readonly s: Image | null;
}

async function play(site: Site, story: Story, cutAfter: number): Promise<Played> {
  const { pairs, power } = site;
  const p = imageFrom(await pairs.volume("p").read(0, sizeBytes));
  const s = pairs.show(m).state === "PSUS" ? imageFrom(await pairs.volume("s").read(0, sizeBytes)) : null;
  const requests: Request[] = [];
  const begin = async (side: Side, isDuring: boolean): Promise<void> => {
    const index = requests.length;
    // Those under way together do not overlap; later ones overlap everything.
    const [sector, sectors] = isDuring ? [index * 9 + 2, 5 + index] : [(index * 11) % 20, 9];
    const request: Request = { write: { side, sector, sectors, value: 10 + index }, isDuring, state: "begun" };
    requests.push(request);
    const kind = story.isCached === true ? "cached" : "batch";
    await submit(pairs.volume(side), request.write, kind).then(
      () => (request.state = kind === "cached" ? "begun" : "done"),
      () => (request.state = "refused"),
    );
  };
  const work = async (): Promise<void> => {
    await Promise.all([...story.during.map((side) => begin(side, true)), story.command?.(site)]);
    for (const side of story.after) await begin(side, false);
    if (story.isCached === true) {
      await Promise.all([pairs.volume("p").flush(), pairs.volume("s").flush()]);
      for (const request of requests) if (request.state === "begun") request.state = "done";
    }
    if (pairs.list().length > 0) await pairs.wait(m);
  };
  power.cutAfter(cutAfter);
  const ended = await Promise.race([work().then(() => true), power.cut.then(() => false)]);
  return { requests: requests.map((request) => ({ ...request })), ended, p, s };
}

/** What the sides may hold in the phase that the pair came back in; S only where it is for itself. */
function allowed({ requests, p, s }: Played, story: Story, phase: string): { p: Image; s: Image } {
  const apply = (image: Image, { write, state }: Request): void => {
    if (state !== "refused") applyTo(image, write, state === "done" ? "done" : "maybe");
  };
  const of = (side: Side, isDuring: boolean) =>
    requests.filter(({ write, isDuring: during }) => write.side === side && during === isDuring);
  const isTaken = story.command !== undefined && (phase !== "split" || s === null);
  // S's image is taken while the writes `during` are under way, and so is what a restore leaves of them.
  const base = s === null || (story.isRestore === true && isTaken);
  const [sideP, sideS] = [copyImage(p), copyImage(s ?? p)];
  if (story.isRestore === true && isTaken)
    for (const [sector, values] of sideS.entries()) sideP[sector] = new Set(values);
  for (const request of of("p", true)) {
    if (story.isRestore === true && isTaken) applyTo(sideP, request.write, "maybe");
    else apply(sideP, request);
    if (base) applyTo(sideS, request.write, "maybe");
  }
  for (const request of [...of("s", true), ...of("s", false)]) apply(sideS, request);
  for (const request of of("p", false)) apply(sideP, request);
  return { p: sideP, s: sideS };
}

/** Opens what is left, and cuts the power again while it opens and copies, as often as told. */
async function recover(from: SiteParts, random: Random, cuts: readonly number[]): Promise<Site> {
  let parts = from;
  for (const cutAfter of cuts) {
    const power = createPower();
    power.cutAfter(cutAfter);
    parts = partsAfterCut(parts, random, power);
    const goOn = async (): Promise<void> => {
      const { pairs } = await openOn(options, parts);
      if (pairs.list().length > 0) await pairs.wait(m);
    };
    await Promise.race([goOn(), power.cut]);
  }
  return openOn(options, partsAfterCut(parts, random, createPower()));
}

async function checkAfter(site: Site, story: Story, played: Played): Promise<void> {
  const { pairs } = site;
  const phase = pairs.list()[0]?.phase ?? "simplex";
  const sides = allowed(played, story, phase);
  settleImage(sides.p, await pairs.volume("p").read(0, sizeBytes), `P in ${phase}`);
  const isOwn = ["split", "quick-split", "simplex"].includes(phase);
  if (isOwn) settleImage(sides.s, await pairs.volume("s").read(0, sizeBytes), `S in ${phase}`);
  if (phase === "simplex") return expect(story.name).toBe("a deletion");
  const settled = await pairs.wait(m);
  expect(settled.phase).toBe(isOwn ? "split" : "duplex");
  settleImage(sides.p, site.volume("p").content(), `P's disks, copied in ${phase}`);
  settleImage(isOwn ? sides.s : sides.p, site.volume("s").content(), `S's disks, copied in ${phase}`);
  if (!isOwn) return;
  // The marks tell all that differs.
  await pairs.resync(m);
  await pairs.wait(m);
  settleImage(sides.p, site.volume("p").content(), "P's disks after a resync");
  settleImage(sides.p, site.volume("s").content(), "S's disks after a resync");
}

describe("A5-A10: power lost at any I/O", () => {
  it.each(stories)("of $name: nothing acknowledged is lost, images stay whole, and copies end equal", async (story) => {
    for (let cutAfter = 1; ; cutAfter++) {
      const site = await openSite(options);
      await submit(site.pairs.volume("p"), { side: "p", sector: 0, sectors: sectorCount, value: 5 }, "batch");
      await submit(site.pairs.volume("s"), { side: "s", sector: 0, sectors: sectorCount, value: 6 }, "batch");
      await site.pairs.create({ ...m, regionBytes: 2048 });
      await story.before(site);
      const played = await play(site, story, cutAfter);
      const random = createRandom(cutAfter);
      const cuts = random.chance(0.5) ? [1 + random.below(20)] : [];
      const again = await recover(site, random, cuts);
      try {
        await checkAfter(again, story, played);
      } catch (error) {
        throw new Error(`the power went at I/O ${cutAfter}, then ${cuts.join(", ")}: ${String(error)}`, {
          cause: error,
        });
      }
      if (played.ended) break;
    }
  });
});

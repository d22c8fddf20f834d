// B3, B6, B11: the primary site is lost at a random moment; the far side has every acknowledged write, in order.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeImages } from "../drills/file-system-image.js";
import { noMountsWarning, whyNoMounts } from "../drills/mounted-volume.js";
import { drillLine, runTakeoverDrill, type DrillImages } from "../drills/takeover-drill.js";

const rounds = 3;
const firstSeed = Math.floor(Math.random() * 1_000_000);
let folder: string;
let images: DrillImages;
let canMount: boolean;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "waystation-drill-"));
  const noMounts = await whyNoMounts(folder);
  if (noMounts !== null) process.stderr.write(noMountsWarning(noMounts));
  canMount = noMounts === null;
  const [a, b] = await makeImages(folder, ["a", "b"]);
  images = { a: a!, b: b! };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the primary site is killed while a file system and dependent writes go through NBD", () => {
  it.each(Array.from({ length: rounds }, (_, round) => firstSeed + round))(
    "B11: after takeover nothing acknowledged is missing, order holds, every file is right (seed %i)",
    async (seed) => {
      const report = await runTakeoverDrill({ seed, images, canMount });
      process.stdout.write(`${drillLine(report)}\n`);
      expect(report.prefix).toBeGreaterThanOrEqual(report.acknowledged);
      expect(report.filesRight).toBe(images.a.digests.size + images.b.digests.size + report.liveFiles);
      expect(report.takeover.result.lost).toBe("nothing");
    },
  );
});

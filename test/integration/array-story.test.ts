// A1-A10: an operator's story, told with wayctl and NBD clients only: a volume of a RAID-6 mirrored to a RAID-5 while one
// disk rots and another goes away; rebuild, scrub, split, resync and restore, with the daemon killed in the midst. What
// every block of both volumes must hold is known at every step.
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createRandom, type Random } from "@waystation/contracts/random";
import { mebibyte } from "../harness/cluster-file.js";
import { countHealed, deleteDisk, rotDisk, type RottenBlock } from "../harness/disk-damage.js";
import { startFioLoad, verifyByFio, type FioLoad } from "../harness/fio-load.js";
import { startModelledWrites, type ModelledWrites } from "../harness/modelled-writes.js";
import { succeed } from "../harness/programs.js";
import { withStorageNode, type StorageNode, type StorageNodeShape } from "../harness/storage-node.js";
import { blockBytes, checkVolume, createVolumeModel, digestOf, type VolumeModel } from "../harness/volume-model.js";

/** The volume: written at random | written once, at the start | written by fio. */
const busyBytes = 32 * mebibyte;
const stillBytes = 32 * mebibyte;
const fioBytes = 16 * mebibyte;
const volumeBytes = busyBytes + stillBytes + fioBytes;
const fioArea = { offsetBytes: busyBytes + stillBytes, sizeBytes: fioBytes };

const shape: StorageNodeShape = {
  arrays: [
    { name: "six", level: "raid6", disks: 6, spares: 1, diskSize: "160MiB" },
    { name: "five", level: "raid5", disks: 4, diskSize: "128MiB" },
  ],
  volumes: [
    { name: "db", array: "six", size: volumeBytes },
    { name: "db-copy", array: "five", size: volumeBytes },
  ],
};

interface ArrayJson {
  readonly health: string;
  readonly disks: readonly { readonly slot: number | null; readonly file: string; readonly health: string }[];
}

interface ScrubJson {
  readonly repairedBlocks: number;
  readonly unrepairableBlocks: number;
  readonly failure: string;
  readonly findings: readonly { readonly disk: string; readonly offsetBytes: number; readonly repaired: boolean }[];
}

interface Story {
  readonly node: StorageNode;
  readonly random: Random;
  /** What db and db-copy must hold. */
  primary: VolumeModel;
  secondary: VolumeModel;
}

const showArray = (node: StorageNode, name: string): Promise<ArrayJson> => node.ask("array", "show", name);

async function diskOf(node: StorageNode, slot: number, array: "six" | "five" = "six"): Promise<string> {
  const disk = (await showArray(node, array)).disks.find((candidate) => candidate.slot === slot);
  if (disk === undefined) throw new Error(`array ${array} has no slot ${slot}`);
  return disk.file;
}

function writeTo(story: Story, volume: "db" | "db-copy", writes?: number): ModelledWrites {
  const { node, random } = story;
  const model = volume === "db" ? story.primary : story.secondary;
  const area = { firstBlock: 0, blockCount: busyBytes / blockBytes };
  const limit = writes === undefined ? {} : { writes };
  return startModelledWrites({ open: () => node.nbd(volume), model, random: random.fork(), ...area, ...limit });
}

async function checkBoth({ node, primary, secondary }: Story): Promise<void> {
  for (const [volume, model] of [
    ["db", primary],
    ["db-copy", secondary],
  ] as const) {
    const client = await node.nbd(volume);
    await checkVolume(client, model).finally(() => client.close());
  }
}

/** What fio wrote and verified counts as right from here on. */
async function adoptFioArea({ node, primary }: Story): Promise<void> {
  const client = await node.nbd("db");
  for (let at = 0; at < fioBytes; at += mebibyte)
    primary.adopt((fioArea.offsetBytes + at) / blockBytes, await client.read(fioArea.offsetBytes + at, mebibyte));
  client.close();
}

async function fill({ node, primary }: Story): Promise<void> {
  const count = (busyBytes + stillBytes) / blockBytes;
  const image = join(node.folder, "db.img");
  await writeFile(image, primary.stamp(0, count));
  primary.settle(0, count);
  await succeed("nbdcopy", ["--flush", image, node.nbdUri("db")]);
}

/** Blocks that nobody but the array itself writes any more. */
function isStill(model: VolumeModel): (content: Buffer) => boolean {
  return (content) => {
    const block = content.readUInt32LE(0);
    const isThere = block * blockBytes >= busyBytes && block * blockBytes < fioArea.offsetBytes;
    return isThere && model.contentOf(block).equals(content);
  };
}

/** The copy reads all of the P-VOL, so it finds all that rots in its data. */
async function mirrorWhileADiskRots(story: Story): Promise<void> {
  const { node } = story;
  const writes = writeTo(story, "db");
  const fio = startFioLoad({ uri: node.nbdUri("db"), ...fioArea });
  const rot = await rotBlocks(story, { slot: 1, blocks: 16 });
  await node.succeed("pair", "create", "db", "db-copy");
  await node.succeed("pair", "wait", "db", "--state", "PAIR", "--timeout", "60s");
  await endLoad(story, writes, fio);
  expect(await countHealed(rot.disk, rot.blocks)).toBe(rot.blocks.length);
}

interface Rot {
  readonly disk: string;
  readonly blocks: readonly RottenBlock[];
}

async function rotBlocks(story: Story, { slot, blocks }: { slot: number; blocks: number }): Promise<Rot> {
  const disk = await diskOf(story.node, slot);
  return { disk, blocks: await rotDisk(disk, { blocks, random: story.random, where: isStill(story.primary) }) };
}

/** The last message of a kind. */
function lastSaid({ log }: StorageNode, kind: RegExp): string {
  return log.entries.findLast(({ msg = "" }) => kind.test(msg))?.msg ?? "";
}

async function endLoad(story: Story, writes: ModelledWrites, fio: FioLoad): Promise<void> {
  await Promise.all([writes.stop(), fio.stop()]);
  expect([writes.written(), fio.runs()].every((count) => count > 0)).toBe(true);
  await adoptFioArea(story);
}

/**
 * A disk goes while another has rotted. The daemon dies while the spare is being rebuilt, under writes; the rebuild goes on
 * by itself when it is back.
 */
async function rebuildOntoTheSpare(story: Story): Promise<Rot> {
  const { node } = story;
  const rot = await rotBlocks(story, { slot: 0, blocks: 8 });
  const writes = writeTo(story, "db");
  const runs = node.says(/^rebuild runs/);
  await deleteDisk(await diskOf(node, 4));
  await node.wayctl("array", "rebuild", "six");
  await runs;
  await node.end("SIGKILL");
  expect(lastSaid(node, /^(rebuild runs|disk rebuilt)/)).toMatch(/runs/);
  const goesOn = node.says(/^rebuild runs/);
  await node.start();
  await goesOn;
  const fio = startFioLoad({ uri: node.nbdUri("db"), ...fioArea });
  await node.succeed("array", "rebuild", "six", "--wait");
  const { health, disks } = await showArray(node, "six");
  expect(health).toBe("optimal");
  expect(disks.filter(({ health: state }) => state !== "active")).toEqual([]);
  await endLoad(story, writes, fio);
  await node.succeed("pair", "wait", "db", "--state", "PAIR", "--timeout", "60s");
  return rot;
}

/** Finds what the rebuild had no need to read, and what has rotted since. */
async function scrubWhatRots(story: Story, before: Rot): Promise<void> {
  const { node } = story;
  const rot = await rotBlocks(story, { slot: 2, blocks: 16 });
  const left = before.blocks.length - (await countHealed(before.disk, before.blocks));
  const writes = writeTo(story, "db");
  const report = await node.ask<ScrubJson>("array", "scrub", "six", "--wait");
  await writes.stop();
  expect(report).toMatchObject({ repairedBlocks: 16 + left, unrepairableBlocks: 0, failure: "" });
  const found = report.findings.filter(({ disk, repaired }) => repaired && disk === rot.disk);
  expect(offsetsOf(found)).toEqual(offsetsOf(rot.blocks));
  expect(await countHealed(rot.disk, rot.blocks)).toBe(rot.blocks.length);
  expect(await countHealed(before.disk, before.blocks)).toBe(before.blocks.length);
}

function offsetsOf(places: readonly { readonly offsetBytes: number }[]): number[] {
  return places.map(({ offsetBytes }) => offsetBytes).sort((a, b) => a - b);
}

async function split(story: Story): Promise<void> {
  await story.node.succeed("pair", "split", "db", "db-copy", "--wait");
  story.secondary = story.primary.copy();
}

async function writeBoth(story: Story): Promise<void> {
  const [toPrimary, toSecondary] = [writeTo(story, "db", 400), writeTo(story, "db-copy", 400)];
  await Promise.all([toPrimary.ended, toSecondary.ended]);
  await checkBoth(story);
}

/**
 * What hosts wrote to the S-VOL is undone, what they wrote to the P-VOL gets there, though the S-VOL's array has lost a
 * disk; the daemon dies in the midst. Then the disk is replaced.
 */
async function resyncAndSplit(story: Story): Promise<void> {
  const { node } = story;
  await deleteDisk(await diskOf(node, 2, "five"));
  const writes = writeTo(story, "db");
  const copies = node.says(/^pair db\/db-copy is COPY/);
  const command = node.wayctl("pair", "resync", "db");
  await copies;
  await node.end("SIGKILL");
  expect(lastSaid(node, /^pair /)).toMatch(/is COPY/);
  await command;
  await node.start();
  // The command may have died before it counted; once more is legal where it had.
  await node.succeed("pair", "resync", "db");
  await node.succeed("pair", "wait", "db", "--state", "PAIR", "--timeout", "60s");
  expect((await showArray(node, "five")).health).toBe("degraded");
  await writes.stop();
  await node.succeed("array", "replace", "five", "2", "--wait");
  await split(story);
}

async function restore(story: Story): Promise<void> {
  await story.node.succeed("pair", "restore", "db", "--wait");
  story.primary = story.secondary.copy();
}

/** Read whole by a program of somebody else. */
async function digestByNbdcopy(node: StorageNode, volume: string): Promise<string> {
  const image = join(node.folder, `${volume}.img`);
  await succeed("nbdcopy", [node.nbdUri(volume), image]);
  return createHash("sha256")
    .update(await readFile(image))
    .digest("hex");
}

describe("the story of two arrays", () => {
  it("A1, A2, A4-A7, A9, A10: a mirror to an unlike array survives rot, a lost disk and kills, to the last byte", async () => {
    await withStorageNode(shape, async (node) => {
      const model = createVolumeModel(volumeBytes);
      const story: Story = { node, random: createRandom(20261120), primary: model, secondary: model };
      await node.start();
      expect((await showArray(node, "six")).health).toBe("optimal");
      await fill(story);
      await mirrorWhileADiskRots(story);
      await scrubWhatRots(story, await rebuildOntoTheSpare(story));
      await split(story);
      await verifyByFio({ uri: node.nbdUri("db-copy"), ...fioArea });
      await checkBoth(story);
      await writeBoth(story);
      await resyncAndSplit(story);
      await checkBoth(story);
      await writeBoth(story);
      await restore(story);
      await split(story);
      await checkBoth(story);
      expect(await digestByNbdcopy(node, "db")).toBe(digestOf(story.primary));
      expect(await digestByNbdcopy(node, "db-copy")).toBe(digestOf(story.secondary));
      for (const array of ["six", "five"]) {
        const report = await node.ask<ScrubJson>("array", "scrub", array, "--wait");
        expect(report).toMatchObject({ repairedBlocks: 0, unrepairableBlocks: 0, failure: "" });
      }
      expect(await node.end("SIGTERM")).toMatchObject({ code: 0 });
    });
  });
});

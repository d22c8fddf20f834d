import { describe, expect, it } from "vitest";
import { systemClock } from "@waystation/contracts/clock";
import type { VolumeName } from "@waystation/contracts/ids";
import { silentLog } from "@waystation/contracts/log";
import { createRandom } from "@waystation/contracts/random";
import type { RaidLevel } from "@waystation/raid/core/level";
import { openArray, type RaidArray } from "@waystation/raid/io/array";
import type { BlockDisk } from "@waystation/raid/io/block-disk";
import { createArray, diskBytesFor } from "@waystation/raid/io/create-array";
import { createPowerSupply } from "@waystation/raid/io/faulty-disk";
import { createMemoryDisk, placeOf, type MemoryDisk } from "@waystation/raid/io/memory-disk";
import { openVolumes, type Volumes } from "../../volumes.js";
import { openPairs, type Pairs } from "./open-pairs.js";
import { pairHomeOn } from "./pair-home.js";

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const regionBytes = 16 * kibibyte;
const m = { primary: "p", secondary: "s" };

interface Shape {
  readonly level: RaidLevel;
  readonly diskCount: number;
  readonly unitBytes: number;
  /** How many disks it may lose. */
  readonly tolerance: number;
}

async function newDisks(name: string, { level, diskCount, unitBytes }: Shape): Promise<MemoryDisk[]> {
  const logBytes = 1024 * kibibyte;
  const diskBytes = diskBytesFor({ level, diskCount, unitBytes, logBytes }, 8 * mebibyte);
  const disks = Array.from({ length: diskCount }, (_, slot) =>
    createMemoryDisk({ file: `${name}-${slot}`, sizeBytes: diskBytes }),
  );
  await createArray({ name, level, unitBytes, logBytes, diskBytes, disks: disks.map((disk) => placeOf(disk)) });
  return disks;
}

interface Node {
  readonly n: RaidArray;
  readonly m: RaidArray;
  readonly volumes: { readonly n: Volumes; readonly m: Volumes };
  readonly pairs: Pairs;
}

async function openNode(nDisks: readonly BlockDisk[], mDisks: readonly BlockDisk[]): Promise<Node> {
  const open = (disks: readonly BlockDisk[]) => openArray({ disks: disks.map((disk) => placeOf(disk)) });
  const [n, far] = [await open(nDisks), await open(mDisks)];
  const volumes = { n: await openVolumes(n), m: await openVolumes(far) };
  const homes = { n: pairHomeOn(volumes.n), m: pairHomeOn(volumes.m) };
  const isOnN = (name: string): boolean => volumes.n.list().some((volume) => volume.name === name);
  const pairs = await openPairs({
    homes: [homes.n, homes.m],
    homeOf: (name) => (isOnN(name) ? homes.n : homes.m),
    openVolume: (name) => (isOnN(name) ? volumes.n : volumes.m).open(name as VolumeName),
    clock: systemClock,
    log: silentLog,
    pace: { stepBytes: 256 * kibibyte, busyBytesPerSecond: Infinity },
  });
  return { n, m: far, volumes, pairs };
}

function pattern(seed: number, lengthBytes: number): Buffer {
  const random = createRandom(seed);
  const bytes = Buffer.alloc(lengthBytes);
  for (let at = 0; at + 4 <= lengthBytes; at += 4) bytes.writeUInt32LE(random.below(2 ** 32), at);
  return bytes;
}

/** What was read and written on an array since `before`, in bytes. */
function since(array: RaidArray, before: ReturnType<RaidArray["counters"]>) {
  const now = array.counters();
  const bytes = (purpose: keyof typeof now): number => now[purpose].bytes - before[purpose].bytes;
  return {
    oldReads: bytes("oldDataRead") + bytes("oldParityRead") + bytes("reconstructionRead") + bytes("hostRead"),
    dataWrites: bytes("dataWrite"),
    parityWrites: bytes("parityWrite"),
  };
}

/** Reads the secondary with each disk of its array gone in turn: the redundancy says what the data says. */
async function readDegraded(disks: readonly MemoryDisk[], tolerance: number): Promise<Buffer[]> {
  const copies: Buffer[] = [];
  for (let gone = 0; tolerance > 0 && gone < disks.length; gone++) {
    const left = disks.filter((_, slot) => slot !== gone && (tolerance < 2 || slot !== (gone + 1) % disks.length));
    const array = await openArray({ disks: left.map((disk) => placeOf(disk.clone())) });
    const volume = (await openVolumes(array)).open("s" as VolumeName);
    copies.push(await volume.read(0, volume.sizeBytes));
  }
  return copies;
}

const raid6of6: Shape = { level: "raid6", diskCount: 6, unitBytes: 16 * kibibyte, tolerance: 2 };
const raid5of4: Shape = { level: "raid5", diskCount: 4, unitBytes: 8 * kibibyte, tolerance: 1 };
const combinations: readonly (readonly [string, Shape, Shape])[] = [
  ["raid6 of 6 to raid5 of 4", raid6of6, raid5of4],
  ["raid5 of 4 to raid6 of 6", raid5of4, raid6of6],
  ["raid1 of 2 to raid4 of 4", { ...raid5of4, level: "raid1", diskCount: 2 }, { ...raid5of4, level: "raid4" }],
  ["raid0 of 3 to raid10 of 4", { ...raid5of4, level: "raid0", diskCount: 3 }, { ...raid5of4, level: "raid10" }],
  ["raid5 of 5 to raid5 of 3", { ...raid5of4, diskCount: 5 }, { ...raid5of4, diskCount: 3, unitBytes: 32 * kibibyte }],
];

describe.each(combinations)("a pair from %s", (_, nShape, mShape) => {
  it("A5, A7, A9: copies by whole stripes, resyncs what changed, and reads no old data or parity on the m side", async () => {
    const [nDisks, mDisks] = [await newDisks("n", nShape), await newDisks("m", mShape)];
    const node = await openNode(nDisks, mDisks);
    const sizeBytes = 3 * mebibyte;
    await node.volumes.n.create("p" as VolumeName, sizeBytes);
    await node.volumes.m.create("s" as VolumeName, sizeBytes);
    const p = node.pairs.volume("p");
    const model = pattern(1, sizeBytes);
    await p.write(0, model);

    await node.pairs.create({ ...m, regionBytes });
    // From here on: the array's own table was changed to say whose secondary the volume is.
    let before = node.m.counters();
    await node.pairs.wait(m);
    const full = since(node.m, before);
    // The end of the volume may be less than a stripe, which is written as a host would.
    const partial = sizeBytes % node.m.stripeBytes;
    expect(full.oldReads).toBeLessThanOrEqual(partial === 0 ? 0 : 2 * node.m.stripeBytes);
    expect(full.dataWrites).toBeGreaterThan(sizeBytes / 2);

    await node.pairs.split(m);
    const changed = [3, 4, 5, 40, 77, 120];
    for (const region of changed) {
      const bytes = pattern(region, 3000);
      bytes.copy(model, region * regionBytes + 700);
      await p.write(region * regionBytes + 700, bytes);
    }
    expect(node.pairs.show(m).differingRegions).toBe(changed.length);
    before = node.m.counters();
    await node.pairs.resync(m);
    await node.pairs.wait(m);
    const delta = since(node.m, before);
    const copies = mShape.level === "raid10" ? 2 : 1;
    expect(delta.oldReads).toBe(0);
    expect(delta.dataWrites).toBe(changed.length * regionBytes * copies);
    expect(delta.parityWrites).toBeLessThanOrEqual(changed.length * 4 * mShape.unitBytes * mShape.tolerance);

    await node.pairs.split(m);
    const s = node.pairs.volume("s");
    expect((await s.read(0, sizeBytes)).equals(model)).toBe(true);
    await node.pairs.close();
    await node.m.close();
    for (const copy of await readDegraded(mDisks, mShape.tolerance)) expect(copy.equals(model)).toBe(true);
  });
});

/** Every command, with host writes on both sides; each step may be the last. */
async function work({ pairs }: Node): Promise<"done"> {
  const write = (volume: "p" | "s", region: number, seed: number) =>
    pairs
      .volume(volume)
      .writeBatch([{ offsetBytes: region * regionBytes + 500, lengthBytes: 20_000, data: pattern(seed, 20_000) }]);
  await pairs.create({ ...m, regionBytes });
  await write("p", 20, 2);
  await pairs.wait(m);
  await write("p", 3, 3);
  await pairs.split(m);
  await Promise.all([write("p", 9, 4), write("s", 12, 5)]);
  await pairs.resync(m);
  await write("p", 9, 6);
  await pairs.wait(m);
  await pairs.split(m, { quick: true });
  await write("s", 26, 7);
  await pairs.restore(m);
  await write("p", 26, 8);
  await pairs.wait(m);
  return "done";
}

/** Both sides the same in the end, whatever the pair was at when the power went. */
async function checkEven({ pairs, volumes, n, m: far }: Node, mDisks: readonly MemoryDisk[]): Promise<void> {
  if (pairs.list().length > 0) {
    const { phase } = await pairs.wait(m);
    const before = await pairs.volume("p").read(0, pairs.show(m).sizeBytes);
    if (phase === "split") await pairs.resync(m);
    expect((await pairs.wait(m)).phase).toBe("duplex");
    const after = await volumes.n.open("p" as VolumeName).read(0, before.length);
    expect(after.equals(before)).toBe(true);
    await pairs.close();
    await far.close();
    for (const copy of await readDegraded(mDisks, 1)) expect(copy.equals(before)).toBe(true);
  }
  await n.close();
}

describe("a pair between real arrays", () => {
  it("A3, A5-A10: the power lost anywhere leaves both sides to end equal, and redundancy with them", async () => {
    const [nBlank, mBlank] = [await newDisks("n", raid6of6), await newDisks("m", raid5of4)];
    const sizeBytes = 512 * kibibyte;
    const made = await openNode(nBlank, mBlank);
    await made.volumes.n.create("p" as VolumeName, sizeBytes);
    await made.volumes.m.create("s" as VolumeName, sizeBytes);
    await made.pairs.volume("p").write(0, pattern(1, sizeBytes));
    await made.n.close();
    await made.m.close();

    let cuts = 0;
    for (let cutAt = 50; ; cutAt += 61) {
      const [nDisks, mDisks] = [nBlank, mBlank].map((disks) => disks.map((disk) => disk.clone()));
      let onCut = (): void => {};
      const cut = new Promise<"cut">((resolve) => (onCut = () => resolve("cut")));
      const power = createPowerSupply(cutAt, onCut);
      const connect = (disks: readonly MemoryDisk[]) => disks.map((disk) => power.connect(disk));
      const end = await Promise.race([openNode(connect(nDisks!), connect(mDisks!)).then(work), cut]);
      const random = createRandom(cutAt);
      for (const disk of [...nDisks!, ...mDisks!]) disk.crash(random);
      await checkEven(await openNode(nDisks!, mDisks!), mDisks!);
      if (end === "done") break;
      cuts++;
    }
    expect(cuts).toBeGreaterThan(10);
  });
});

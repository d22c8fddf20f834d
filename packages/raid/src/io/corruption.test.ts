/** SPEC A4: what a disk gives back wrong is never served, whatever is done meanwhile, and repaired where that is possible. */
import { createRandom, type Random } from "@waystation/contracts/random";
import { describe, expect, it } from "vitest";
import { carriersOf, pageOffsetBytes } from "../core/checksum-layout.js";
import { blockBytes, checksumOffsetFor } from "../core/disk-layout.js";
import type { Slot } from "../core/level.js";
import type { RaidArray } from "./array.js";
import type { BlockDisk, DiskOperation } from "./block-disk.js";
import { mismatchedStripes, openSmallArray, type SmallShape } from "./testing-array.js";
import { change, createRig, redundantShapes, type Rig } from "./testing-corruption.js";

const shapes: readonly SmallShape[] = [
  { level: "raid0", diskCount: 1, unitBytes: 8192, stripes: 12 },
  { level: "raid0", diskCount: 3, unitBytes: 8192, stripes: 12 },
  ...redundantShapes,
];

/** Flips a bit of a block of `disk`. */
async function flip(disk: BlockDisk, offsetBytes: number, random: Random): Promise<void> {
  await change(disk, offsetBytes, (block) => {
    block[random.below(blockBytes)]! ^= 1 << random.below(8);
  });
}

/** Flips bits in as many blocks of some rows as the level survives. Returns how many. */
async function flipRows({ disks, array }: Rig, random: Random): Promise<number> {
  const { geometry } = array;
  let flipped = 0;
  for (let offset = 0; offset < geometry.dataBytesPerDisk; offset += blockBytes) {
    if (random.chance(0.5)) continue;
    const start = random.below(geometry.diskCount);
    const count = Math.min(geometry.tolerance, 1 + random.below(2));
    for (let i = 0; i < count; i++, flipped++) {
      await flip(disks[(start + i) % geometry.diskCount]!, geometry.dataOffsetBytes + offset, random);
    }
  }
  return flipped;
}

function corruptTotal(array: RaidArray, kinds: readonly ("data" | "parity" | "checksum" | "unknown")[]): number {
  return array
    .state()
    .disks.reduce((sum, { corrupt }) => sum + kinds.reduce((part, kind) => part + corrupt[kind], 0), 0);
}

/** Reads everything in random pieces, the short way first where it can be had. */
async function expectModel({ array, model }: Rig, random: Random): Promise<void> {
  for (let at = 0; at < model.length;) {
    const length = Math.min(model.length - at, 1 + random.below(30_000));
    const into = Buffer.alloc(length);
    if (random.chance(0.5) || !array.readNow(at, into)) (await array.read(at, length)).copy(into);
    expect(into.equals(model.subarray(at, at + length)), `${length} bytes at ${at}`).toBe(true);
    at += length;
  }
}

async function writeSome({ array, model }: Rig, random: Random, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const length = random.chance(0.2) ? 1 + random.below(60_000) : 1 + random.below(5000);
    const at = random.below(model.length);
    const data = Buffer.alloc(Math.min(length, model.length - at), 1 + random.below(255));
    data.copy(model, at);
    await array.write(at, data);
  }
}

describe.each(shapes)("A4: $level of $diskCount disks", (shape) => {
  const survives = !shape.level.startsWith("raid0");

  it.runIf(survives)(
    "bits flipped on as many disks of a stripe as it survives: reads are right, and repair",
    async () => {
      for (let seed = 0; seed < 3; seed++) {
        const random = createRandom(seed);
        const rig = await createRig(shape, random);
        const flipped = await flipRows(rig, random);
        await expectModel(rig, random);
        await writeSome(rig, random, 20);
        await expectModel(rig, random);
        const repaired = corruptTotal(rig.array, ["data", "parity"]);
        expect(repaired).toBeGreaterThan(0);
        expect(repaired).toBeLessThanOrEqual(flipped);
        expect(corruptTotal(rig.array, ["checksum", "unknown"])).toBe(0);
        await rig.array.close();
        rig.array = await openSmallArray(rig.disks);
        // What was served once was repaired, and is not found again.
        await expectModel(rig, random);
        expect(corruptTotal(rig.array, ["data"])).toBe(0);
        expect(rig.array.state().status).toBe("optimal");
      }
    },
  );

  it.runIf(survives)("writes beside corrupt blocks do not launder the corruption into parity", async () => {
    for (let seed = 0; seed < 4; seed++) {
      const random = createRandom(seed);
      const rig = await createRig(shape, random);
      await flipRows(rig, random);
      await writeSome(rig, random, 30);
      await expectModel(rig, random);
      await rig.array.close();
    }
  });

  it("more than it survives: an I/O error for the blocks that are lost, the others right, until they are written", async () => {
    const random = createRandom(2);
    const rig = await createRig(shape, random);
    const { geometry } = rig.array;
    const column = 4096;
    const stripe = 3;
    const offset = geometry.dataOffsetBytes + stripe * geometry.unitBytes + column;
    // The disk of unit 0 and what would make up for it.
    const layout = geometry.layoutOf(stripe);
    const hit = new Set([...layout.data[0]!, ...layout.parity]);
    for (const slot of hit) await flip(rig.disks[slot]!, offset, random);
    const bad = stripe * geometry.stripeBytes + column;
    const unreadable = async (): Promise<number[]> => {
      const found: number[] = [];
      for (let at = 0; at < rig.model.length; at += 512) {
        const sector = await rig.array.read(at, 512).catch((error: unknown) => {
          expect(error).toMatchObject({ code: "IO_ERROR" });
          return null;
        });
        if (sector === null) found.push(at);
        else expect(sector.equals(rig.model.subarray(at, at + 512)), `sector at ${at}`).toBe(true);
      }
      return found;
    };
    const sectors = (from: number, to: number): number[] => {
      return Array.from({ length: (to - from) / 512 }, (_, index) => bad + from + index * 512);
    };
    expect(await unreadable()).toEqual(sectors(0, blockBytes));
    expect(rig.array.readNow(bad, Buffer.alloc(512))).toBe(false);
    // A part of it written: that part can be read, the rest is still lost, also after a restart.
    rig.model.fill(77, bad + 512, bad + 1024);
    await rig.array.write(bad + 512, rig.model.subarray(bad + 512, bad + 1024));
    const left = [...sectors(0, 512), ...sectors(1024, blockBytes)];
    expect(await unreadable()).toEqual(left);
    // A neighbour in the stripe can be written.
    const neighbour = (bad + geometry.unitBytes) % rig.model.length;
    rig.model.fill(78, neighbour, neighbour + 700);
    await rig.array.write(neighbour, rig.model.subarray(neighbour, neighbour + 700));
    expect(await unreadable()).toEqual(left);
    await rig.array.close();
    rig.array = await openSmallArray(rig.disks);
    expect(await unreadable()).toEqual(left);
    await rig.array.write(bad, rig.model.subarray(bad, bad + blockBytes));
    expect(await unreadable()).toEqual([]);
    expect(await mismatchedStripes(rig.array, rig.disks)).toEqual([]);
  });

  it("a write that a disk lost or put elsewhere is found, though disk and checksum on it agree", async () => {
    for (const fault of ["lost", "misdirected"] as const) {
      const random = createRandom(3);
      const rig = await createRig(shape, random);
      await rig.array.close();
      const liar = 1 % shape.diskCount;
      const { dataOffsetBytes, dataBytesPerDisk, logBytes } = rig.array.geometry;
      // It takes writes of data, and where they are lost of its copies of checksums too, and does not do them.
      // A disk by itself that loses both cannot be found out.
      const liesFrom = fault === "lost" && shape.diskCount > 1 ? checksumOffsetFor(logBytes) : dataOffsetBytes;
      const disks = rig.disks.map((disk, slot) => (slot === liar ? lyingDisk(disk, fault, liesFrom) : disk));
      rig.array = await openSmallArray(disks);
      await writeSome(rig, random, 30);
      // As if it had come from a crash: nothing of it in memory.
      await rig.array.close();
      rig.array = await openSmallArray(rig.disks);
      let errors = 0;
      for (let at = 0; at < rig.model.length; at += blockBytes) {
        const block = await rig.array.read(at, blockBytes).catch(() => null);
        if (block === null) errors++;
        else expect(block.equals(rig.model.subarray(at, at + blockBytes)), `block at ${at}, ${fault}`).toBe(true);
      }
      if (survives) expect(errors).toBe(0);
      else if (shape.diskCount > 1) expect(errors).toBeGreaterThan(0);
      expect(dataBytesPerDisk).toBeGreaterThan(0);
    }
  });

  it.runIf(survives)(
    "corrupt before a crash, in what was written past the log: not taken for a torn write",
    async () => {
      for (let seed = 0; seed < 4; seed++) {
        const random = createRandom(seed);
        const rig = await createRig(shape, random);
        // The round that wrote everything has ended: another one follows it.
        await writeSome(rig, random, 1);
        await flipRows(rig, random);
        for (const disk of rig.disks) disk.crash(random);
        rig.array = await openSmallArray(rig.disks.map((disk) => disk.clone()));
        await expectModel(rig, random);
        expect(corruptTotal(rig.array, ["unknown"])).toBe(0);
      }
    },
  );

  it.runIf(survives)("damaged checksums are told from damaged data, and put right", async () => {
    const random = createRandom(4);
    const rig = await createRig(shape, random);
    const { geometry } = rig.array;
    for (const copy of [0, geometry.tolerance]) {
      await rig.array.close();
      const column = random.below(geometry.diskCount) as Slot;
      const carrier = carriersOf(geometry, column)[copy]!;
      const page = pageOffsetBytes(geometry, { column, carrier, page: 0 });
      const content = Buffer.alloc(blockBytes);
      await rig.disks[carrier]!.submit([{ kind: "read", offsetBytes: page, into: content }]);
      await change(rig.disks[carrier]!, page, (bytes) => bytes.fill(0xa5));
      rig.array = await openSmallArray(rig.disks);
      await expectModel(rig, random);
      await writeSome(rig, random, 10);
      await expectModel(rig, random);
      expect(corruptTotal(rig.array, ["data", "parity", "unknown"])).toBe(0);
      expect(corruptTotal(rig.array, ["checksum"])).toBeGreaterThan(0);
    }
    await rig.array.close();
    rig.array = await openSmallArray(rig.disks);
    await expectModel(rig, random);
    await writeSome(rig, random, 10);
    expect(corruptTotal(rig.array, ["data", "parity", "checksum", "unknown"])).toBe(0);
  });
});

/** Says that it wrote what it did not write, or wrote one block further on. Its log and superblocks work. */
function lyingDisk(inner: BlockDisk, fault: "lost" | "misdirected", fromBytes: number): BlockDisk {
  const submit = (operation: DiskOperation): DiskOperation => {
    if (operation.kind !== "write" || operation.offsetBytes < fromBytes) return operation;
    if (fault === "lost") return { kind: "sync" };
    const end = inner.sizeBytes - operation.from.length;
    return { ...operation, offsetBytes: Math.min(operation.offsetBytes + blockBytes, end) };
  };
  return { ...inner, submit: (batch) => inner.submit(batch.map(submit)) };
}

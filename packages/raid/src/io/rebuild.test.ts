import { createRandom } from "@waystation/contracts/random";
import { describe, expect, it } from "vitest";
import { openArray, type RaidArray } from "./array.js";
import type { ArrayState } from "./array-state.js";
import type { BlockDisk } from "./block-disk.js";
import { createFaultyDisk } from "./faulty-disk.js";
import { createMemoryDisk, placeOf, type MemoryDisk } from "./memory-disk.js";
import { createSmallArray, mismatchedStripes, type SmallShape } from "./testing-array.js";

const shapes: readonly SmallShape[] = [
  { level: "raid1", diskCount: 2, unitBytes: 4096, stripes: 60 },
  { level: "raid10", diskCount: 4, unitBytes: 8192, stripes: 40 },
  { level: "raid4", diskCount: 3, unitBytes: 16_384, stripes: 30 },
  { level: "raid5", diskCount: 4, unitBytes: 65_536, stripes: 24 },
  { level: "raid6", diskCount: 5, unitBytes: 4096, stripes: 60 },
];

function spareFor(disks: readonly MemoryDisk[], name = "spare-0"): MemoryDisk {
  return createMemoryDisk({ file: name, sizeBytes: disks[0]!.sizeBytes });
}

interface Places {
  readonly disks: readonly BlockDisk[];
  readonly spares?: readonly BlockDisk[];
  readonly onStateChange?: (state: ArrayState) => void;
}

function open({ disks, spares = [], ...rest }: Places): Promise<RaidArray> {
  return openArray({
    disks: disks.map((disk) => placeOf(disk)),
    spares: spares.map((disk) => placeOf(disk)),
    rebuildCursorBytes: 16_384,
    writeBackBytes: 0,
    ...rest,
  });
}

async function fill(array: RaidArray, seed = 1): Promise<Buffer> {
  const random = createRandom(seed);
  const content = Buffer.alloc(array.sizeBytes);
  for (let at = 0; at < content.length; at += 512) content.writeUInt32LE(random.below(2 ** 31), at + random.below(500));
  await array.write(0, content);
  return content;
}

const statesOf = (array: RaidArray): string[] => array.state().disks.map(({ state }) => state);

describe.each(shapes)("A2: $level of $diskCount", (shape) => {
  it("takes a spare for a disk that dies, and is whole again: the spare stands for the lost disk", async () => {
    const disks = await createSmallArray(shape);
    const spare = spareFor(disks);
    const faulty = disks.map(createFaultyDisk);
    const seen: string[] = [];
    const array = await open({
      disks: faulty,
      spares: [spare],
      onStateChange: ({ status }) => {
        if (seen.at(-1) !== status) seen.push(status);
      },
    });
    expect(array.state().spares).toEqual([{ file: "spare-0", state: "spare", reason: "spare" }]);
    const content = await fill(array);
    faulty[1]!.dieAt(1);
    content.fill(7, 0, 20_000);
    await array.write(0, content.subarray(0, 20_000));
    await array.rebuilt();
    expect(array.state().status).toBe("optimal");
    expect(array.state().disks[1]).toMatchObject({ file: "spare-0", state: "active" });
    expect(array.state().spares).toEqual([]);
    expect(seen).toEqual(["degraded", "rebuilding", "optimal"]);
    const now = disks.map((disk, slot) => (slot === 1 ? spare : disk));
    expect(await mismatchedStripes(array, now)).toEqual([]);
    await array.close();
    // Without any one of the others: what the spare holds is right.
    for (const gone of [0, 2].filter((slot) => slot < shape.diskCount)) {
      const again = await open({ disks: now.filter((_, slot) => slot !== gone).map((disk) => disk.clone()) });
      expect((await again.read(0, content.length)).equals(content), `without ${gone}`).toBe(true);
      await again.close();
    }
  });

  it("rebuilds while it is written and read, and both disks of the past and the spare agree in the end", async () => {
    const disks = await createSmallArray(shape);
    const spare = spareFor(disks);
    const array = await open({ disks, spares: [spare] });
    const model = await fill(array);
    const random = createRandom(5);
    await array.failDisk(0);
    const rebuilt = array.rebuilt();
    for (let round = 0; round < 400 && array.state().status !== "optimal"; round++) {
      const at = random.below(array.sizeBytes - 5000);
      const data = Buffer.alloc(1 + random.below(5000), 1 + random.below(255));
      data.copy(model, at);
      await array.write(at, data);
      expect((await array.read(at, data.length)).equals(data)).toBe(true);
    }
    await rebuilt;
    expect((await array.read(0, model.length)).equals(model)).toBe(true);
    expect(await mismatchedStripes(array, [spare, ...disks.slice(1)])).toEqual([]);
    await array.close();
  });

  it("goes on where it was after a restart, and an old disk that comes back is nobody", async () => {
    const disks = await createSmallArray(shape);
    const spare = spareFor(disks);
    const array = await open({ disks, spares: [spare] });
    const content = await fill(array);
    await array.failDisk(1);
    // Closed while it runs: the cursor is durable.
    while (statesOf(array)[1] !== "rebuilding") await new Promise((resolve) => setImmediate(resolve));
    await array.close();
    const again = await open({ disks, spares: [spare] });
    expect(again.state().disks[1]!.file).toBe("spare-0");
    await again.rebuilt();
    expect(statesOf(again)).not.toContain("absent");
    expect((await again.read(0, content.length)).equals(content)).toBe(true);
    expect(
      await mismatchedStripes(
        again,
        disks.map((disk, slot) => (slot === 1 ? spare : disk)),
      ),
    ).toEqual([]);
    await again.close();
  });
});

describe("A4: a disk that is rebuilt while another has rotted", () => {
  /** Filled, closed, and opened again without disk 1, when these blocks of disk 2 are not what was written there. */
  async function openRotten(shape: SmallShape, rottenBlocks: readonly number[]) {
    const disks = await createSmallArray(shape);
    const first = await open({ disks });
    const content = await fill(first);
    const { dataOffsetBytes } = first.geometry;
    await first.close();
    for (const block of rottenBlocks) {
      const garbage = Buffer.alloc(4096, 0xee);
      await disks[2]!.submit([
        { kind: "write", offsetBytes: dataOffsetBytes + block * 4096, from: garbage, durable: true },
      ]);
    }
    const spare = spareFor(disks);
    const array = await open({ disks: disks.filter((_, slot) => slot !== 1), spares: [spare] });
    const { dataBytesPerDisk } = array.geometry;
    const dataOf = async (disk: MemoryDisk): Promise<Buffer> => {
      const into = Buffer.alloc(dataBytesPerDisk);
      await disk.submit([{ kind: "read", offsetBytes: dataOffsetBytes, into }]);
      return into;
    };
    return { array, content, lost: await dataOf(disks[1]!), rebuilt: () => dataOf(spare) };
  }

  it("gets the right bytes where redundancy is left", async () => {
    const shape: SmallShape = { level: "raid6", diskCount: 5, unitBytes: 4096, stripes: 60 };
    const { array, content, lost, rebuilt } = await openRotten(shape, [0, 7, 8, 30, 59]);
    await array.rebuilt();
    expect((await rebuilt()).equals(lost)).toBe(true);
    expect((await array.read(0, content.length)).equals(content)).toBe(true);
    await array.close();
  });

  it("makes what nobody knows any more an I/O error, and nothing else, and never serves a wrong byte", async () => {
    const shape: SmallShape = { level: "raid5", diskCount: 4, unitBytes: 8192, stripes: 24 };
    const { array, content } = await openRotten(shape, [3, 20]);
    await array.rebuilt();
    let errors = 0;
    for (let at = 0; at < content.length; at += 4096) {
      const block = await array.read(at, 4096).catch(() => null);
      if (block === null) errors++;
      else expect(block.equals(content.subarray(at, at + 4096)), `block at ${at}`).toBe(true);
    }
    // Of each row the block of the disk that rotted, and that of the one that is gone, unless it is parity.
    expect(errors).toBeGreaterThanOrEqual(2);
    expect(errors).toBeLessThanOrEqual(4);
    await array.close();
  });
});

describe("A2: a spare", () => {
  const shape: SmallShape = { level: "raid5", diskCount: 3, unitBytes: 4096, stripes: 40 };

  it("is taken at an opening that finds a disk gone", async () => {
    const disks = await createSmallArray(shape);
    const first = await open({ disks });
    const content = await fill(first);
    await first.close();
    const spare = spareFor(disks);
    const array = await open({ disks: [disks[0]!, disks[2]!], spares: [spare] });
    await array.rebuilt();
    expect(array.state().status).toBe("optimal");
    expect((await array.read(0, content.length)).equals(content)).toBe(true);
    await array.close();
    const again = await open({ disks: [disks[2]!, disks[0]!], spares: [spare] });
    expect(again.state().status).toBe("optimal");
    await again.close();
  });

  it("of another array, or with something else on it, is not touched; the array opens and says so", async () => {
    const [disks, others] = [await createSmallArray(shape), await createSmallArray(shape)];
    const used = createMemoryDisk({ file: "used", sizeBytes: disks[0]!.sizeBytes });
    await used.submit([{ kind: "write", offsetBytes: 5000, from: Buffer.from("somebody's"), durable: true }]);
    const foreign = others[1]!;
    const before = await bytesOf(foreign);
    const small = createMemoryDisk({ file: "small", sizeBytes: 2 * 1024 * 1024 });
    const array = await open({ disks: disks.slice(1), spares: [used, { ...foreign, file: "foreign" }, small] });
    const reasons = Object.fromEntries(
      array.state().spares.map(({ file, state, reason }) => [file, `${state}: ${reason}`]),
    );
    expect(reasons["used"]).toMatch(/^unusable: .*used holds something else: erase it/);
    expect(reasons["foreign"]).toMatch(/^unusable: it belongs to array small/);
    expect(reasons["small"]).toMatch(/^unusable: .*use a larger one/);
    await expect(array.rebuilt()).rejects.toMatchObject({ code: "ARRAY_STATE" });
    await expect(array.rebuilt()).rejects.toThrow(
      /slot 0 .*Legal: put a disk in its place and "wayctl array replace small 0", or add a spare/,
    );
    await array.close();
    expect((await bytesOf(foreign)).equals(before)).toBe(true);
  });

  it("that dies while it is rebuilt gives way to the next one", async () => {
    const fresh = await createSmallArray(shape);
    for (let dieAt = 1; ; dieAt++) {
      const disks = fresh.map((disk) => disk.clone());
      const dying = createFaultyDisk(spareFor(disks, "spare-0"));
      const array = await open({ disks, spares: [dying, spareFor(disks, "spare-1")] });
      const content = await fill(array);
      dying.dieAt(dieAt);
      await array.failDisk(2);
      await array.rebuilt();
      const { file, state } = array.state().disks[2]!;
      expect(state, `died at ${dieAt}`).toBe("active");
      expect((await array.read(0, content.length)).equals(content)).toBe(true);
      await array.close();
      if (file === "spare-0") {
        expect(dieAt).toBeGreaterThan(5);
        break;
      }
    }
  });
});

describe("A2: what operators ask for", () => {
  const shape: SmallShape = { level: "raid5", diskCount: 3, unitBytes: 4096, stripes: 40 };

  it("a disk is replaced on-line, by an empty one or by the one that was there before", async () => {
    const disks = await createSmallArray(shape);
    const array = await open({ disks });
    const content = await fill(array);
    const fresh = spareFor(disks, "fresh");
    await array.replaceDisk(0, placeOf(fresh));
    await array.rebuilt();
    expect(array.state().disks[0]).toMatchObject({ file: "fresh", state: "active" });
    await array.replaceDisk(0, placeOf(disks[0]!, false));
    await array.rebuilt();
    expect((await array.read(0, content.length)).equals(content)).toBe(true);
    expect(await mismatchedStripes(array, disks)).toEqual([]);
    await array.close();
    // The disk that has left knows an older array.
    const again = await open({ disks, spares: [fresh] });
    expect(again.state().status).toBe("optimal");
    expect(again.state().spares).toMatchObject([{ file: "fresh", state: "unusable" }]);
    await again.close();
  });

  it("is refused where it would lose data, or cannot be, with the state and what is legal", async () => {
    const [disks, others] = [await createSmallArray(shape), await createSmallArray(shape)];
    const array = await open({ disks });
    await array.failDisk(1);
    const refusals: [Promise<void>, RegExp][] = [
      [array.failDisk(0), /small is degraded: slot 0 \(disk-0\) cannot be failed; wait for the rebuild, or replace/],
      [array.failDisk(1), /Slot 1 of array small is without a disk already .*"wayctl array replace small 1" is legal/],
      [array.failDisk(7), /no slot 7: its slots are 0 to 2/],
      [array.replaceDisk(0, placeOf(spareFor(disks))), /cannot be replaced/],
      [array.replaceDisk(1, placeOf(disks[2]!)), /disk-2 has slot 2 of array small, and is current: name another/],
    ];
    for (const [refused, text] of refusals) {
      await expect(refused).rejects.toMatchObject({ code: "ARRAY_STATE" });
      await expect(refused).rejects.toThrow(text);
    }
    const foreign = array.replaceDisk(1, placeOf({ ...others[1]!, file: "foreign" }));
    await expect(foreign).rejects.toMatchObject({ code: "ARRAY_EXISTS" });
    expect(statesOf(array)).toEqual(["active", "absent", "active"]);
    await array.close();
    await expect(array.failDisk(0)).rejects.toMatchObject({ code: "SHUTTING_DOWN" });
  });
});

describe("A2: a second failure during a rebuild", () => {
  it("is survived by raid6, which then rebuilds both", async () => {
    const disks = await createSmallArray({ level: "raid6", diskCount: 5, unitBytes: 4096, stripes: 60 });
    const faulty = disks.map(createFaultyDisk);
    const spares = [spareFor(disks, "spare-0"), spareFor(disks, "spare-1")];
    const array = await open({ disks: faulty, spares });
    const content = await fill(array);
    await array.failDisk(0);
    faulty[3]!.dieAt(30);
    await array.rebuilt();
    await array.write(100, content.subarray(100, 9000));
    await array.rebuilt();
    expect(array.state().status).toBe("optimal");
    expect((await array.read(0, content.length)).equals(content)).toBe(true);
    expect(await mismatchedStripes(array, [spares[0]!, disks[1]!, disks[2]!, spares[1]!, disks[4]!])).toEqual([]);
    await array.close();
  });

  it("fails raid5, cleanly: it says what to do, and what the other disks hold can be read", async () => {
    const disks = await createSmallArray({ level: "raid5", diskCount: 4, unitBytes: 65_536, stripes: 40 });
    const faulty = disks.map(createFaultyDisk);
    const spare = spareFor(disks);
    const array = await open({ disks: faulty, spares: [spare] });
    const content = await fill(array);
    await array.failDisk(0);
    const isPartial = (): boolean => (array.state().disks[0]!.progress?.doneBytes ?? 0) > 0;
    while (!isPartial()) await new Promise((resolve) => setImmediate(resolve));
    faulty[2]!.dieAt(1);
    await expect(array.write(0, content)).rejects.toMatchObject({ code: "IO_ERROR" });
    expect(array.state().status).toBe("failed");
    await expect(array.write(0, content.subarray(0, 512))).rejects.toThrow(/slot 2 \(disk-2\).*bring its disks back/);
    await expect(array.rebuilt()).rejects.toThrow(/small is failed/);
    let readable = 0;
    for (let at = 0; at < content.length; at += 4096) {
      const block = await array.read(at, 4096).catch(() => null);
      if (block === null) continue;
      readable++;
      expect(block.equals(content.subarray(at, at + 4096)), `at ${at}`).toBe(true);
    }
    expect(readable).toBeGreaterThan(content.length / 4096 / 3);
    await array.close();
    // Its disk comes back, as it was: nothing was lost.
    const again = await open({ disks, spares: [spare] });
    await again.rebuilt();
    expect((await again.read(0, content.length)).equals(content)).toBe(true);
    await again.close();
  });
});

async function bytesOf(disk: MemoryDisk): Promise<Buffer> {
  const into = Buffer.alloc(disk.sizeBytes);
  await disk.submit([{ kind: "read", offsetBytes: 0, into }]);
  return into;
}

/** Power lost at every I/O of every operation that changes a chunk map. */
import type { VolumeName } from "@waystation/contracts/ids";
import { createRandom } from "@waystation/contracts/random";
import { createPowerSupply } from "@waystation/raid/io/faulty-disk";
import { createMemoryDisk, type MemoryDisk } from "@waystation/raid/io/memory-disk";
import { describe, expect, it } from "vitest";
import { arrayOn } from "./testing-array.js";
import { openVolumes, type Volume, type Volumes } from "./volumes.js";

const mebibyte = 2 ** 20;
const volume = (name: string): VolumeName => name as VolumeName;

/** What each volume should hold: the byte that fills each sector. */
type State = ReadonlyMap<string, readonly number[]>;

interface Step {
  readonly run: (volumes: Volumes) => Promise<void>;
  /** What is there once it has ended. Sectors of volumes may be old or new before that. */
  readonly after: (state: State) => State;
}

const pageBytes = 4096;
const sectorBytes = 512;
/** Five chunks, and a bit of a sixth. */
const volumePages = 5 * 16 + 3;
const sizeBytes = volumePages * pageBytes;

const filled = (sectors: readonly number[], from: number, count: number, byte: number): number[] =>
  sectors.map((old, index) => (index >= from * 8 && index < (from + count) * 8 ? byte : old));

/** Of pages. */
function write(name: string, from: number, count: number, byte: number): Step {
  return {
    async run(volumes) {
      const handle = volumes.open(volume(name));
      const data = byte === 0 ? null : Buffer.alloc(count * pageBytes, byte);
      await handle.writeBatch([{ offsetBytes: from * pageBytes, lengthBytes: count * pageBytes, data }]);
      await handle.close();
    },
    after: (state) => new Map(state).set(name, filled(state.get(name)!, from, count, byte)),
  };
}

/** Written without waiting, then flushed. */
function writeAndFlush(name: string, from: number, count: number, byte: number): Step {
  return {
    async run(volumes) {
      const handle = volumes.open(volume(name));
      if (byte === 0) await handle.zero(from * pageBytes, count * pageBytes);
      else await handle.write(from * pageBytes, Buffer.alloc(count * pageBytes, byte));
      await handle.flush();
      await handle.close();
    },
    after: (state) => new Map(state).set(name, filled(state.get(name)!, from, count, byte)),
  };
}

/** What had been written, and not flushed, is in the snapshot for good. */
function writeThenSnapshot(name: string, of: string, from: number, byte: number): Step {
  return {
    async run(volumes) {
      const handle = volumes.open(volume(of));
      await handle.write(from * pageBytes, Buffer.alloc(pageBytes, byte));
      await handle.close();
      await volumes.snapshot(volume(name), volume(of));
    },
    after(state) {
      const written = filled(state.get(of)!, from, 1, byte);
      return new Map(state).set(of, written).set(name, written);
    },
  };
}

const blank = Array.from({ length: sizeBytes / sectorBytes }, () => 0);
const create = (name: string, thin: boolean): Step => ({
  run: (volumes) => volumes.create(volume(name), sizeBytes, { thin }),
  after: (state) => new Map(state).set(name, blank),
});
const snapshot = (name: string, of: string): Step => ({
  run: (volumes) => volumes.snapshot(volume(name), volume(of)),
  after: (state) => new Map(state).set(name, state.get(of)!),
});
const clone = (name: string, of: string): Step => ({
  run: (volumes) => volumes.clone(volume(name), volume(of)),
  after: (state) => new Map(state).set(name, state.get(of)!),
});
const remove = (name: string): Step => ({
  run: (volumes) => volumes.delete(volume(name)),
  after: (state) => new Map([...state].filter(([each]) => each !== name)),
});

async function readState(volumes: Volumes): Promise<State> {
  const state = new Map<string, number[]>();
  for (const { name } of volumes.list()) {
    const handle = volumes.open(name);
    const bytes = await handle.read(0, sizeBytes);
    const sectors = blank.map((_, index) => bytes[index * sectorBytes]!);
    expect(bytes.equals(Buffer.concat(sectors.map((byte) => Buffer.alloc(sectorBytes, byte))))).toBe(true);
    state.set(name, sectors);
    await handle.close();
  }
  return state;
}

/** Each volume as before or as after, each of its sectors. */
function isBetween(found: State, before: State, after: State): boolean {
  const names = [...found.keys()];
  if (![before, after].some((state) => names.length === state.size && names.every((name) => state.has(name))))
    return false;
  return names.every((name) =>
    found.get(name)!.every((byte, index) => [before.get(name)?.[index], after.get(name)?.[index]].includes(byte)),
  );
}

/** Deletes everything, whatever depends on what. */
async function deleteAll(volumes: Volumes): Promise<void> {
  // After the deletion that was interrupted, if there is one.
  await expect(volumes.delete(volume("none"))).rejects.toMatchObject({ code: "VOLUME_NOT_FOUND" });
  for (const { name } of [...volumes.list()].reverse()) await volumes.delete(name);
}

/** Cuts the power at every I/O of `steps`, which begin on the disk as `prepared` leaves it. */
async function cutEverywhere(prepared: readonly Step[], steps: readonly Step[]): Promise<number> {
  const original = createMemoryDisk({ file: "disk", sizeBytes: 12 * mebibyte });
  const first = await openVolumes(arrayOn(original));
  const emptyBytes = first.freeBytes();
  let start: State = new Map();
  for (const { run, after } of prepared) {
    await run(first);
    start = after(start);
  }
  original.crash();
  for (let cutAt = 1; ; cutAt++) {
    const disk = original.clone();
    let completed = 0;
    let onCut = (): void => {};
    const cut = new Promise<"cut">((resolve) => (onCut = () => resolve("cut")));
    const power = createPowerSupply(cutAt, onCut);
    const work = async (): Promise<"done"> => {
      const volumes = await openVolumes(arrayOn(power.connect(disk)));
      for (const { run } of steps) {
        await run(volumes);
        completed++;
      }
      return "done";
    };
    const end = await Promise.race([work(), cut]);
    disk.crash(createRandom(cutAt));
    await checkDisk(disk, { start, steps, completed, emptyBytes, cutAt });
    if (end === "done") return cutAt;
  }
}

interface Expectation {
  readonly start: State;
  readonly steps: readonly Step[];
  readonly completed: number;
  readonly emptyBytes: number;
  readonly cutAt: number;
}

async function checkDisk(disk: MemoryDisk, { start, steps, completed, emptyBytes, cutAt }: Expectation): Promise<void> {
  const volumes = await openVolumes(arrayOn(disk));
  const before = steps.slice(0, completed).reduce((state, step) => step.after(state), start);
  const after = steps[completed]?.after(before) ?? before;
  const found = await readState(volumes);
  if (!isBetween(found, before, after))
    expect({ cutAt, completed, found }).toEqual({ cutAt, completed, found: [before, after] });
  await deleteAll(volumes);
  await volumes.close();
  expect({ cutAt, free: volumes.freeBytes() }).toEqual({ cutAt, free: emptyBytes });
}

const chunkBytes = 65_536;
const chunkOf = (byte: number): Buffer => Buffer.alloc(chunkBytes, byte);

/** Chunk by chunk, until the array has no room for another. */
async function fillUp(handle: Volume): Promise<void> {
  for (let offsetBytes = 0; ; offsetBytes += chunkBytes) {
    try {
      await handle.writeBatch([{ offsetBytes, lengthBytes: chunkBytes, data: chunkOf(1) }]);
    } catch (error) {
      expect(error).toMatchObject({ code: "NO_SPACE" });
      return;
    }
  }
}

describe("chunk maps and power loss", () => {
  const thick = [create("v", false), write("v", 0, volumePages, 1)];
  const cases: Record<string, { prepared: Step[]; steps: Step[] }> = {
    "the first snapshot of a thick volume, and writes after it": {
      prepared: thick,
      steps: [snapshot("s", "v"), write("v", 3, 2, 2), writeAndFlush("v", 14, 40, 3), write("v", 80, 3, 0)],
    },
    "snapshots of what was written and not flushed": {
      prepared: thick,
      steps: [
        writeThenSnapshot("s", "v", 2, 5),
        writeThenSnapshot("s2", "v", 2, 6),
        writeThenSnapshot("s3", "v", 70, 7),
      ],
    },
    "later snapshots, and clones that are written": {
      prepared: [...thick, snapshot("s", "v"), write("v", 3, 2, 2)],
      steps: [
        snapshot("s2", "v"),
        clone("c", "s"),
        write("c", 20, 2, 4),
        writeAndFlush("v", 0, 32, 0),
        write("v", 4, 1, 5),
      ],
    },
    "the deletion of an old snapshot, of the newest, and of what is left": {
      prepared: [...thick, snapshot("s", "v"), write("v", 3, 20, 2), snapshot("s2", "v"), write("v", 16, 30, 3)],
      steps: [remove("s"), write("v", 2, 1, 9), remove("s2"), writeAndFlush("v", 1, 1, 8), remove("v")],
    },
    "thin volumes, discards, and clones that go before their snapshot": {
      prepared: [create("t", true), write("t", 5, 50, 6), snapshot("s", "t"), clone("c", "s")],
      steps: [
        write("t", 0, 48, 0),
        write("c", 70, 1, 7),
        remove("c"),
        remove("s"),
        writeAndFlush("t", 16, 32, 0),
        create("n", false),
      ],
    },
  };
  for (const [name, { prepared, steps }] of Object.entries(cases)) {
    it(`A3: power lost at any I/O of ${name}: all as before or as after, and no chunk lost`, async () => {
      expect(await cutEverywhere(prepared, steps)).toBeGreaterThan(20);
    });
  }

  it("PROTOCOL 11: on a full array a chunk that one volume let go is not another's before the map that dropped it is durable", async () => {
    const full = createMemoryDisk({ file: "disk", sizeBytes: 12 * mebibyte });
    const first = await openVolumes(arrayOn(full));
    await first.create(volume("t"), 32 * mebibyte, { thin: true });
    await first.create(volume("u"), mebibyte, { thin: true });
    // Beside its node there is room for one chunk of it: the one that is let go.
    await first.open(volume("u")).writeBatch([{ offsetBytes: chunkBytes, lengthBytes: chunkBytes, data: chunkOf(8) }]);
    await fillUp(first.open(volume("t")));
    full.crash();
    for (let cutAt = 1, end = "cut"; end === "cut"; cutAt++) {
      const disk = full.clone();
      let onCut = (): void => {};
      const cut = new Promise<"cut">((resolve) => (onCut = () => resolve("cut")));
      const power = createPowerSupply(cutAt, onCut);
      const work = async (): Promise<"done"> => {
        const volumes = await openVolumes(arrayOn(power.connect(disk)));
        await volumes.open(volume("t")).zero(0, chunkBytes);
        await volumes.open(volume("u")).writeBatch([{ offsetBytes: 0, lengthBytes: chunkBytes, data: chunkOf(7) }]);
        return "done";
      };
      end = await Promise.race([work(), cut]);
      disk.crash(createRandom(cutAt));
      const volumes = await openVolumes(arrayOn(disk));
      const found = new Set(await volumes.open(volume("t")).read(0, chunkBytes));
      expect({ cutAt, others: [...found].filter((byte) => byte !== 0 && byte !== 1) }).toEqual({ cutAt, others: [] });
      if (end === "done") expect(await volumes.open(volume("u")).read(0, chunkBytes)).toEqual(chunkOf(7));
    }
  });
});

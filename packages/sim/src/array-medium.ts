/**
 * A volume's medium that is a real array on simulated disks: power loss, torn writes and disks that fail or are missing,
 * as many as it survives. Beside it runs the model that single disks are made of, which the checkers ask; whenever the
 * array opens, every cell must hold what was durable, or something that was written since (SPEC A3).
 */
import type { BlockWrite, DurableBlockStore } from "@waystation/contracts/block-device";
import { Failure, reasonOf } from "@waystation/contracts/errors";
import type { Random } from "@waystation/contracts/random";
import { openArray, type RaidArray } from "@waystation/raid/io/array";
import type { DiskPlace } from "@waystation/raid/io/block-disk";
import { createArray, diskBytesFor } from "@waystation/raid/io/create-array";
import { createFaultyDisk } from "@waystation/raid/io/faulty-disk";
import { createMemoryDisk, placeOf, type MemoryDisk } from "@waystation/raid/io/memory-disk";
import { cellBytes } from "./cell.js";
import { createCellContents, type Content } from "./cell-contents.js";
import type { DiskMedium, MediumOptions } from "./disk.js";
import { drawLatency } from "./latency.js";
import type { ArrayPlan } from "./plan.js";
import { createVirtualDisk } from "./virtual-disk.js";
import type { World } from "./world.js";

/** The smallest there is: it wraps, and has to move its tail. */
const logBytes = 512 * 1024;
const zeros = Buffer.alloc(cellBytes);
/** A life of a node does about so many operations on a disk. */
const operationsOfLife = 400;

export function createArrayMedium(world: World, options: MediumOptions & { readonly array: ArrayPlan }): DiskMedium {
  const { sizeBytes, latency, random } = options;
  const contents = createCellContents(sizeBytes);
  const victims = drawVictims(options.array, random);
  /** None before the first life. */
  let disks: readonly MemoryDisk[] = [];
  let batches = 0;
  let failing = false;
  const violate = (what: string, error: unknown): void => world.violate("array", `${what}: ${reasonOf(error)}`);

  const placesFor = (alive: () => boolean): DiskPlace[] =>
    disks.map((platter, slot) => {
      const faulty = createFaultyDisk(platter);
      const isVictim = victims.has(slot);
      if (isVictim && random.chance(0.1)) return missingPlace(platter.file);
      if (isVictim && random.chance(0.25)) faulty.dieAt(1 + random.below(operationsOfLife));
      if (isVictim && random.chance(0.15)) faulty.failOnceAt(1 + random.below(operationsOfLife));
      return placeOf(createVirtualDisk(world, { platter, faulty, alive, latency, random }));
    });
  /** Every cell holds what it may; what that is, is what is durable from now on. */
  const compare = async (array: RaidArray): Promise<void> => {
    const found = await array.read(0, sizeBytes);
    for (let cell = 0; cell < sizeBytes / cellBytes; cell++) {
      const state = contents.cells.get(cell) ?? { durable: null, pending: [] };
      const bytes = found.subarray(cell * cellBytes, (cell + 1) * cellBytes);
      const allowed = [state.durable, ...state.pending.map(({ content }) => content)];
      const content = allowed.findLast((version) => isContent(version, bytes));
      if (content === undefined) {
        const text = `cell ${cell} holds neither what was durable nor any of ${state.pending.length} writes since`;
        return violate("the array opens", new Error(text));
      }
      state.durable = content;
      state.pending.length = 0;
    }
  };
  const open = async (alive: () => boolean): Promise<DurableBlockStore> => {
    try {
      if (disks.length === 0) disks = await freshDisks(options.array, sizeBytes);
      const clock = clockOf(world, alive);
      const array = await openArray({ disks: placesFor(alive), clock });
      await compare(array);
      return storeOf(array, alive);
    } catch (error) {
      violate("the array does not open", error);
      throw error;
    }
  };

  const show = (write: BlockWrite, batch: number): number[] => {
    options.onWrite(write);
    return contents.show(write, batch);
  };
  const storeOf = (array: RaidArray, alive: () => boolean): DurableBlockStore => {
    const unflushed = new Map<number, readonly number[]>();
    const survives = async <T>(what: string, promise: Promise<T>): Promise<T> => {
      try {
        return await promise;
      } catch (error) {
        violate(`${what} fails although enough disks are well`, error);
        throw error;
      }
    };
    const writeCached = async (write: BlockWrite): Promise<void> => {
      const batch = ++batches;
      const touched = show(write, batch);
      const { offsetBytes, lengthBytes, data } = write;
      await survives("a write", data === null ? array.zero(offsetBytes, lengthBytes) : array.write(offsetBytes, data));
      unflushed.set(batch, touched);
    };
    /** Some of it may be stored; nobody is told. */
    const failBatch = async (writes: readonly BlockWrite[]): Promise<never> => {
      failing = false;
      const shown = writes.slice(0, random.below(writes.length + 1));
      const batch = ++batches;
      for (const write of shown) show(write, batch);
      void survives("a batch", array.writeBatch(shown)).catch(() => {});
      await new Promise<void>((resolve) => {
        world.after(drawLatency(latency, random), () => {
          if (alive()) resolve();
        });
      });
      throw new Failure("IO_ERROR", "the simulated array failed");
    };
    return {
      sizeBytes,
      read: (offsetBytes, lengthBytes) => survives("a read", array.read(offsetBytes, lengthBytes)),
      readNow: (offsetBytes, into) => alive() && array.readNow(offsetBytes, into),
      write: (offsetBytes, data) => writeCached({ offsetBytes, lengthBytes: data.length, data }),
      zero: (offsetBytes, lengthBytes) => writeCached({ offsetBytes, lengthBytes, data: null }),
      async flush() {
        const completed = [...unflushed];
        await survives("a flush", array.flush());
        for (const [batch, touched] of completed) {
          contents.settle(touched, batch);
          unflushed.delete(batch);
        }
      },
      async writeBatch(writes) {
        if (failing) return failBatch(writes);
        const batch = ++batches;
        const touched = writes.flatMap((write) => show(write, batch));
        await survives("a batch", array.writeBatch(writes));
        contents.settle(touched, batch);
      },
      close: () => Promise.resolve(),
    };
  };

  return {
    sizeBytes,
    open,
    failNext() {
      failing = true;
    },
    crash(crashRandom) {
      failing = false;
      for (const disk of disks) disk.crash(crashRandom);
    },
    wipe() {
      failing = false;
      disks = [];
      contents.clear();
    },
    visible: (cell) => contents.visible(cell),
    durable: (cell) => contents.durable(cell),
    touched: () => contents.cells.keys(),
  };
}

const templates = new Map<string, Promise<MemoryDisk[]>>();

/** The disks of a new array: copies of one made before, if there is one, because creating takes longer than a life. */
async function freshDisks(plan: ArrayPlan, usableBytes: number): Promise<MemoryDisk[]> {
  const key = JSON.stringify([plan, usableBytes]);
  let template = templates.get(key);
  if (template === undefined) templates.set(key, (template = createDisks(plan, usableBytes)));
  return (await template).map((disk) => disk.clone());
}

async function createDisks({ level, diskCount, unitBytes }: ArrayPlan, usableBytes: number): Promise<MemoryDisk[]> {
  const diskBytes = diskBytesFor({ level, diskCount, unitBytes, logBytes }, usableBytes);
  const disks = Array.from({ length: diskCount }, (_, slot) => {
    return createMemoryDisk({ file: `disk-${slot}`, sizeBytes: diskBytes });
  });
  const places = disks.map((disk) => placeOf(disk));
  await createArray({ name: "simulated", level, unitBytes, logBytes, diskBytes, disks: places });
  return disks;
}

/** Always the same ones: without a rebuild, a disk that was away stays out for good. */
function drawVictims({ level, diskCount }: ArrayPlan, random: Random): Set<number> {
  const tolerance = level === "raid6" ? 2 : level === "raid1" ? diskCount - 1 : 1;
  const victims = new Set<number>();
  while (victims.size < tolerance) victims.add(random.below(diskCount));
  return victims;
}

function missingPlace(file: string): DiskPlace {
  const fail = (): Promise<never> => Promise.reject(new Failure("DISK_IO", `${file} is not there`));
  return { file, open: fail, create: fail };
}

function clockOf(world: World, alive: () => boolean) {
  const whileAlive = (callback: () => void) => (): void => {
    if (alive()) callback();
  };
  return {
    nowMs: world.nowMs,
    wallMs: world.nowMs,
    setTimer: (delayMs: number, callback: () => void) => world.after(delayMs, whileAlive(callback)),
    afterTurn: (callback: () => void) => void world.after(0, whileAlive(callback)),
  };
}

function isContent(content: Content, bytes: Buffer): boolean {
  return bytes.equals(content ?? zeros);
}

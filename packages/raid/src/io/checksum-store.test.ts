import { describe, expect, it } from "vitest";
import { carriersOf, coveredByPageBytes, pageOffsetBytes } from "../core/checksum-layout.js";
import { setEntries, type EntryList } from "../core/checksum.js";
import { blockBytes } from "../core/disk-layout.js";
import { createGeometry, diskBytesNeeded } from "../core/geometry.js";
import type { Slot } from "../core/level.js";
import type { DiskOperation } from "./block-disk.js";
import { createChecksumStore, type BlockRun, type ChecksumStore } from "./checksum-store.js";
import { createMemoryDisk, type MemoryDisk } from "./memory-disk.js";

const mib = 2 ** 20;
const geometry = createGeometry({
  ...{ level: "raid5", diskCount: 3, unitBytes: 65_536, dataBytesPerDisk: 64 * mib, logBytes: 2 * mib },
  checksums: true,
});

interface Rig {
  readonly disks: MemoryDisk[];
  readonly absent: Set<number>;
  /** Reads of checksum pages so far. */
  reads: number;
  readonly open: (pagesMax?: number) => ChecksumStore;
}

function createRig(): Rig {
  const sizeBytes = diskBytesNeeded(geometry);
  const disks = [0, 1, 2].map((slot) => createMemoryDisk({ file: `disk-${slot}`, sizeBytes }));
  const rig: Rig = {
    disks,
    absent: new Set(),
    reads: 0,
    open: (pagesMax) => createChecksumStore(members, pagesMax),
  };
  const members = {
    geometry,
    isAbsent: (slot: Slot) => rig.absent.has(slot),
    isIncomplete: (slot: Slot) => rig.absent.has(slot),
    // As for a disk that does nothing at once: what is not in memory stays unknown.
    readNow: () => false,
    async submit(slot: Slot, batch: readonly DiskOperation[]) {
      if (rig.absent.has(slot)) return false;
      rig.reads += batch.filter(({ kind }) => kind === "read").length;
      return (await disks[slot]!.submit(batch)).every((completion) => completion === null);
    },
  };
  return rig;
}

const at = (slot: number, block: number, blocks = 1): BlockRun => {
  const offsetBytes = geometry.dataOffsetBytes + block * blockBytes;
  return { slot: slot as Slot, offsetBytes, lengthBytes: blocks * blockBytes };
};

function content(fill: number, blocks = 1): { bytes: Buffer; list: EntryList } {
  const bytes = Buffer.alloc(blocks * blockBytes, fill);
  const list = { entries: new DataView(new ArrayBuffer(blocks * 4)), first: 0 };
  setEntries(list, bytes);
  return { bytes, list };
}

async function put(store: ChecksumStore, run: BlockRun, fill: number): Promise<void> {
  const { doubts, release } = await store.hold([run], "update");
  expect(doubts).toEqual([]);
  const blocks = run.lengthBytes / blockBytes;
  store.put(run, content(fill, blocks).list, blocks);
  release();
}

/** Changes one entry in one copy of a column. */
async function damage(rig: Rig, run: BlockRun, carrier: Slot): Promise<void> {
  const block = (run.offsetBytes - geometry.dataOffsetBytes) / blockBytes;
  const place = { column: run.slot, carrier, page: Math.floor(block / 1024) };
  const offsetBytes = pageOffsetBytes(geometry, place) + (block % 1024) * 4;
  await rig.disks[carrier]!.submit([{ kind: "write", offsetBytes, from: Buffer.from([1, 2, 3, 4]), durable: true }]);
}

describe("A4: the store of checksums", () => {
  it("a fresh array's checksums are those of zeros; what is put holds for the blocks put, over page borders too", async () => {
    const store = createRig().open();
    const run = at(1, 1000, 100);
    const hold = await store.hold([run], "update");
    expect(store.verify(run.slot, run.offsetBytes, Buffer.alloc(run.lengthBytes))).toBe("right");
    const { bytes, list } = content(7, 100);
    store.put(run, list, 100);
    expect(store.verify(run.slot, run.offsetBytes, bytes)).toBe("right");
    bytes[60 * blockBytes]! ^= 1;
    expect(store.verify(run.slot, run.offsetBytes, bytes)).toBe("wrong");
    expect(store.verify(run.slot, at(1, 999).offsetBytes, Buffer.alloc(blockBytes))).toBe("right");
    expect(store.verify(2 as Slot, run.offsetBytes, bytes)).toBe("unknown");
    hold.release();
  });

  it("a flush writes every copy; a crash keeps what was flushed and synced, and a disk may be lost", async () => {
    const rig = createRig();
    const store = rig.open();
    const run = at(0, 5, 3);
    await put(store, run, 9);
    await store.flush();
    for (const disk of rig.disks) await disk.submit([{ kind: "sync" }]);
    await put(store, run, 10);
    for (const disk of rig.disks) disk.crash();
    const [first, last] = carriersOf(geometry, run.slot);
    for (const gone of [[], [first!], [last!]]) {
      rig.absent.clear();
      for (const slot of gone) rig.absent.add(slot);
      const again = rig.open();
      const hold = await again.hold([run], "verify");
      expect(again.verify(run.slot, run.offsetBytes, content(9, 3).bytes)).toBe("right");
      hold.release();
    }
  });

  it("memory is bounded: pages are given up and loaded again, those with changes after they were written", async () => {
    const rig = createRig();
    const store = rig.open(4);
    const pages = 16;
    for (let page = 0; page < pages; page++) await put(store, at(2, page * 1024 + 3), page + 1);
    for (let page = 0; page < pages; page++) {
      const run = at(2, page * 1024 + 3);
      const hold = await store.hold([run], "verify");
      expect(store.verify(run.slot, run.offsetBytes, content(page + 1).bytes)).toBe("right");
      hold.release();
    }
    const known = Array.from({ length: pages }, (_, page) => at(2, page * 1024)).filter(({ slot, offsetBytes }) => {
      return store.verify(slot, offsetBytes, Buffer.alloc(blockBytes)) !== "unknown";
    });
    expect(known.length).toBeLessThanOrEqual(4);
  });

  it("what is held stays, however many others come; one page asked for by many is read once", async () => {
    const rig = createRig();
    const store = rig.open(2);
    const run = at(0, 0);
    const holds = await Promise.all(Array.from({ length: 5 }, () => store.hold([run], "verify")));
    expect(rig.reads).toBe(1);
    for (let page = 1; page < 8; page++) (await store.hold([at(0, page * 1024)], "verify")).release();
    expect(store.verify(run.slot, run.offsetBytes, Buffer.alloc(blockBytes))).toBe("right");
    for (const { release } of holds) release();
  });

  it("copies that differ are told before anything of their page is changed, and not written over until settled", async () => {
    const rig = createRig();
    const run = at(1, 12);
    const [first, last] = carriersOf(geometry, run.slot);
    await damage(rig, run, last!);
    const store = rig.open();
    const hold = await store.hold([at(1, 700)], "update");
    expect(hold.doubts).toEqual([{ slot: run.slot, offsetBytes: run.offsetBytes }]);
    expect(store.doubts()).toEqual(hold.doubts);
    expect(await store.claims(run)).toEqual([0, 0, 0x04030201]);
    store.put(at(1, 700), content(3).list, 1);
    await store.flush();
    // Not written: the copy that was right might have been the other one.
    rig.absent.add(first!);
    const before = await rig.open().hold([run], "update");
    expect(before.doubts).toEqual([]);
    rig.absent.clear();
    store.put(run, content(0).list, 1);
    expect(store.doubts()).toEqual([]);
    expect(await store.claims(run)).toEqual([0]);
    await store.flush();
    hold.release();
    const after = rig.open();
    const both = await after.hold([run, at(1, 700)], "update");
    expect(both.doubts).toEqual([]);
    expect(after.verify(run.slot, at(1, 700).offsetBytes, content(3).bytes)).toBe("right");
    both.release();
  });

  it("no copy left to read is an I/O error, and leaves nothing held", async () => {
    const rig = createRig();
    for (const slot of carriersOf(geometry, 1 as Slot)) rig.absent.add(slot);
    const store = rig.open();
    const wanted = store.hold([at(0, 0), at(1, coveredByPageBytes / blockBytes)], "verify");
    await expect(wanted).rejects.toMatchObject({ code: "IO_ERROR" });
  });
});

// Metadata with a right checksum that says what was never written: a bug, another version, or a hand that meant well. It is
// refused by name; nothing trips over it, makes memory for it, or writes where it points.
import { isFailure } from "@waystation/contracts/errors";
import { describe, expect, it } from "vitest";
import { isSealed, sealBlock } from "../core/checksum.js";
import { blockBytes, logOffsetBytes, superblockOffsets, tailOffsets } from "../core/disk-layout.js";
import { encodeSuperblock, readSuperblock, type Superblock } from "../core/superblock.js";
import type { MemoryDisk } from "./memory-disk.js";
import { createSmallArray, openSmallArray } from "./testing-array.js";

const shape = { level: "raid5", diskCount: 3, unitBytes: 16_384, stripes: 8 } as const;

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (isFailure(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "none";
}

async function edit(disk: MemoryDisk, offsetBytes: number, change: (block: Buffer) => unknown): Promise<void> {
  const block = Buffer.alloc(blockBytes);
  await disk.submit([{ kind: "read", offsetBytes, into: block }]);
  change(block);
  await disk.submit([{ kind: "write", offsetBytes, from: block, durable: true }]);
}

describe("a senseless superblock", () => {
  const sound: Superblock = {
    arrayId: "0123456789abcdef0123456789abcdef",
    arrayName: "a1",
    shape: {
      level: "raid5",
      diskCount: 3,
      unitBytes: 4096,
      dataBytesPerDisk: 40_960,
      logBytes: 512 * 1024,
      checksums: false,
    },
    diskId: "0".repeat(16),
    slot: 0,
    generation: 10,
    phase: "ready",
    members: [0, 1, 2].map((slot) => {
      return { state: "active", diskId: `${slot}`.repeat(16), joined: 1, rebuiltStripes: 0 };
    }),
  };
  const values: readonly unknown[] = [undefined, null, -1, 0.5, 2 ** 60, "../x", [], "#", {}, [null, null, null]];
  const read = (superblock: unknown) => readSuperblock([encodeSuperblock(superblock as Superblock)]).kind;

  it.each(Object.keys(sound))("is none with another %s", (field) => {
    expect(read(sound)).toBe("valid");
    const others = field === "slot" ? values.filter((value) => value !== null) : values;
    for (const value of others) expect(read({ ...sound, [field]: value }), JSON.stringify(value)).toBe("torn");
  });

  it("has a slot, or is a spare's", () => {
    expect(read({ ...sound, slot: null })).toBe("valid");
  });

  it.each(Object.keys(sound.members[0]!))("is none with another %s of a member", (field) => {
    for (const value of values) {
      const members = sound.members.map((member, slot) => (slot === 1 ? { ...member, [field]: value } : member));
      expect(read({ ...sound, members }), JSON.stringify(value)).toBe("torn");
    }
  });

  it.each(Object.keys(sound.shape))("is none with another %s in its shape", (field) => {
    for (const value of values) {
      expect(read({ ...sound, shape: { ...sound.shape, [field]: value } }), JSON.stringify(value)).toBe("torn");
    }
  });

  it.each(["", "{", "null", "[]", "7"])("is none as %j", (text) => {
    const block = encodeSuperblock(sound);
    block.writeUInt32LE(text.length, 12);
    block.write(text, 20);
    sealBlock(block, 16);
    expect(readSuperblock([block]).kind).toBe("torn");
  });

  it("A2: on every disk, is refused with the files named", async () => {
    const disks = await createSmallArray(shape);
    for (const disk of disks) {
      for (const offsetBytes of superblockOffsets) {
        await edit(disk, offsetBytes, (block) => {
          block.write("#", 20);
          sealBlock(block, 16);
        });
      }
    }
    const text = await refusal(openSmallArray(disks));
    expect(text).toMatch(/^ARRAY_NOT_FOUND: .*disk-0: both copies of its superblock are damaged.*disk-2: both copies/);
  });
});

/** An array whose log has a record to replay: one write in the middle of a unit. */
async function withRecord(): Promise<MemoryDisk[]> {
  const disks = await createSmallArray(shape);
  const array = await openSmallArray(disks);
  await array.write(5_000, Buffer.alloc(3_000, 7));
  for (const disk of disks) disk.crash();
  return disks;
}

describe("a senseless record of the stripe log", () => {
  /** The whole record, which is longer than one block. */
  async function rewrite(disk: MemoryDisk, change: (record: Buffer, directory: number) => unknown): Promise<void> {
    const record = Buffer.alloc(4 * blockBytes);
    await disk.submit([{ kind: "read", offsetBytes: logOffsetBytes, into: record }]);
    const used = record.subarray(0, record.readUInt32LE(52));
    expect(isSealed(used, 56)).toBe(true);
    change(record, record.readUInt32LE(44));
    sealBlock(used, 56);
    await disk.submit([{ kind: "write", offsetBytes: logOffsetBytes, from: record, durable: true }]);
  }

  const damages: readonly [string, (record: Buffer, directory: number) => unknown][] = [
    ["more entries than it has", (record) => record.writeUInt32LE(0xffffffff, 48)],
    ["a directory outside of it", (record) => record.writeUInt32LE(0xfffffff0, 44)],
    ["a directory in its header", (record) => record.writeUInt32LE(8, 44)],
    ["an entry of an unknown kind", (record, at) => record.writeUInt32LE(9, at)],
    [
      "four thousand million lost ranges",
      (record, at) => (record.writeUInt32LE(3, at), record.writeUInt32LE(~0 >>> 0, at + 4)),
    ],
    [
      "four thousand million checksums",
      (record, at) => (record.writeUInt32LE(2, at), record.writeUInt32LE(~0 >>> 0, at + 4)),
    ],
    ["a write over the superblock", (record, at) => record.writeUIntLE(0, at + 8, 6)],
    ["a write behind the data", (record, at) => record.writeUIntLE(2 ** 40, at + 8, 6)],
    ["a payload outside of it", (record, at) => record.writeUInt32LE(0x7fffffff, at + 20)],
    ["a write to a disk that is not there", (record, at) => record.writeUInt32LE(0x80000000, at + 4)],
    [
      "an intent of four gigabytes",
      (record, at) => {
        record.writeUInt32LE(1, 48);
        record.writeUInt32LE(2, at);
        record.writeUInt32LE(0, at + 4);
        record.writeUInt32LE(0xfffff000, at + 16);
      },
    ],
  ];

  it.each(damages)("A3: with %s is refused, its files named, and nothing is written", async (_, damage) => {
    const disks = await withRecord();
    for (const disk of disks.slice(0, 2)) await rewrite(disk, damage);
    const text = await refusal(openSmallArray(disks));
    expect(text).toMatch(/^ARRAY_LOG_UNREADABLE: .*disk-0, disk-1/);
  });

  it.each(damages)("A3: with %s on one disk is replayed from the other", async (_, damage) => {
    const disks = await withRecord();
    await rewrite(disks[1]!, damage);
    const array = await openSmallArray(disks);
    expect(array.recovery.recordsReplayed).toBeGreaterThan(0);
    expect(await array.read(5_000, 3_000)).toEqual(Buffer.alloc(3_000, 7));
  });

  it("A3: a tail between two blocks is none", async () => {
    const disks = await withRecord();
    for (const disk of disks) {
      for (const offsetBytes of tailOffsets) {
        await edit(disk, offsetBytes, (block) => {
          block.writeUIntLE(100, 8, 6);
          sealBlock(block, 40);
        });
      }
    }
    expect(await refusal(openSmallArray(disks))).toMatch(/^ARRAY_LOG_UNREADABLE: .*disk-0, disk-1/);
  });
});

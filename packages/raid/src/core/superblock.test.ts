import { describe, expect, it } from "vitest";
import { sealBlock } from "./checksum.js";
import { encodeSuperblock, readSuperblock, type MemberRecord, type Superblock } from "./superblock.js";

const record = (slot: number): MemberRecord => {
  return { state: "active", diskId: slot.toString(16).padStart(16, "0"), joined: 1, rebuiltStripes: 0 };
};
const base: Superblock = {
  arrayId: "0123456789abcdef0123456789abcdef",
  arrayName: "a1",
  shape: {
    level: "raid5",
    diskCount: 4,
    unitBytes: 4096,
    dataBytesPerDisk: 40_960,
    logBytes: 4 * 1024 * 1024,
    checksums: false,
  },
  diskId: record(2).diskId,
  slot: 2,
  generation: 10,
  phase: "ready",
  members: [0, 1, 2, 3].map(record),
};

describe("a superblock", () => {
  it("comes back as it was written, the newer of two", () => {
    const [older, newer] = [encodeSuperblock(base), encodeSuperblock({ ...base, generation: 11 })];
    expect(readSuperblock([older, newer])).toEqual({ kind: "valid", superblock: { ...base, generation: 11 } });
    expect(readSuperblock([newer, older])).toEqual({ kind: "valid", superblock: { ...base, generation: 11 } });
  });

  it("A2: torn at any sector leaves the older copy; both torn are torn, zeros are blank", () => {
    const older = encodeSuperblock(base);
    const newer = encodeSuperblock({ ...base, generation: 12, arrayName: "a".repeat(60) });
    const torn = Buffer.from(newer);
    older.copy(torn, 512, 512, 1024);
    expect(readSuperblock([older, torn])).toEqual({ kind: "valid", superblock: base });
    expect(readSuperblock([torn, torn])).toEqual({ kind: "torn" });
    expect(readSuperblock([torn, Buffer.alloc(4096)])).toEqual({ kind: "begun" });
    expect(readSuperblock([Buffer.alloc(4096), Buffer.alloc(4096)])).toEqual({ kind: "blank" });
  });

  it("of 32 members, all being rebuilt, fits its block", () => {
    const members = Array.from({ length: 32 }, (_, slot): MemberRecord => {
      return { ...record(slot), state: "rebuilding", joined: 2 ** 40, rebuiltStripes: 2 ** 31 };
    });
    const shape = { ...base.shape, diskCount: 32, dataBytesPerDisk: 2 ** 45, logBytes: 32 * 1024 * 1024 };
    const wide = { ...base, shape, arrayName: "a".repeat(63), members, generation: 2 ** 40 };
    expect(readSuperblock([encodeSuperblock(wide)])).toEqual({ kind: "valid", superblock: wide });
  });

  it("of a spare has no slot", () => {
    const spare = { ...base, slot: null, diskId: "ff".repeat(8) };
    expect(readSuperblock([encodeSuperblock(spare)])).toEqual({ kind: "valid", superblock: spare });
  });

  it("of another format is told from a damaged one, and does not hide one of this format", () => {
    const older = encodeSuperblock(base);
    older.writeUInt32LE(1, 8);
    sealBlock(older, 16);
    expect(readSuperblock([older, Buffer.alloc(4096)])).toEqual({ kind: "other-format", format: 1 });
    expect(readSuperblock([older, encodeSuperblock(base)]).kind).toBe("valid");
    older[8] = 9;
    expect(readSuperblock([older]).kind).toBe("torn");
  });

  it("with one id at two slots is none", () => {
    const members = base.members.map(() => record(1));
    expect(readSuperblock([encodeSuperblock({ ...base, members })]).kind).toBe("torn");
  });
});

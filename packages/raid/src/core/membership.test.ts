import { describe, expect, it } from "vitest";
import { decideMembership, type DiskFinding } from "./membership.js";
import { encodeSuperblock, readSuperblock, type MemberState, type Superblock } from "./superblock.js";

const base: Superblock = {
  arrayId: "0123456789abcdef0123456789abcdef",
  arrayName: "a1",
  shape: {
    level: "raid5",
    diskCount: 4,
    unitBytes: 4096,
    dataBytesPerDisk: 40_960,
    logBytes: 256 * 1024,
    checksums: false,
  },
  slot: 0,
  generation: 10,
  phase: "ready",
  members: ["active", "active", "active", "active"],
};

function disk(slot: number, change: Partial<Superblock> = {}): DiskFinding {
  return { file: `/d${slot}`, reading: { kind: "valid", superblock: { ...base, slot, ...change } } };
}

const without = (...slots: number[]): MemberState[] =>
  base.members.map((state, slot) => (slots.includes(slot) ? "ejected" : state));
const missing = (file: string): DiskFinding => ({ file, reading: { kind: "missing", reason: "no such file" } });

function trusted(findings: readonly DiskFinding[]): boolean[] {
  return decideMembership(findings).slots.map((verdict) => verdict.trusted);
}

function refusal(findings: readonly DiskFinding[]): { code: string; message: string } {
  try {
    decideMembership(findings);
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error("was not refused");
}

describe("A2: which disks are trusted", () => {
  it("all, in any order, when their superblocks agree", () => {
    expect(trusted([disk(2), disk(0), disk(3), disk(1)])).toEqual([true, true, true, true]);
  });

  it("not one that is missing, torn or blank; the verdict names the file", () => {
    for (const reading of [{ kind: "torn" }, { kind: "blank" }] as const) {
      const { slots } = decideMembership([disk(0), disk(1), { file: "/d2", reading }, disk(3)]);
      expect(slots.map((verdict) => verdict.trusted)).toEqual([true, true, false, true]);
      expect(slots[2]!.reason).toContain("/d2");
    }
    expect(decideMembership([disk(0), disk(1), missing("/d2"), disk(3)]).slots[2]!.reason).toContain("no such file");
  });

  it("not one that the newest superblock calls ejected", () => {
    const members = without(1);
    const newer = { generation: 12, members };
    expect(trusted([disk(0, newer), disk(1), disk(2, newer), disk(3, newer)])).toEqual([true, false, true, true]);
  });

  it("one generation behind, as a crash amid an update leaves it, but not two", () => {
    const behind = (by: number): boolean[] => trusted([disk(0), disk(1, { generation: 10 - by }), disk(2), disk(3)]);
    expect(behind(1)).toEqual([true, true, true, true]);
    expect(behind(2)).toEqual([true, false, true, true]);
  });

  it("a member that was still being created when the array became ready", () => {
    const ready = { generation: 2 };
    const creating = { generation: 1, phase: "creating" } as const;
    expect(trusted([disk(0, ready), disk(1, creating), disk(2, creating), disk(3, creating)])).not.toContain(false);
  });
});

describe("A2: what is refused, with the files named", () => {
  const cases: [string, string, readonly DiskFinding[], string][] = [
    ["no array anywhere", "ARRAY_NOT_FOUND", [missing("/d0"), { file: "/d1", reading: { kind: "blank" } }], "/d1"],
    ["disks of two arrays", "ARRAY_MIXED", [disk(0), disk(1), disk(2), disk(3, { arrayId: "ff".repeat(16) })], "/d3"],
    ["two claims to a slot", "ARRAY_SLOT_TWICE", [disk(0), disk(1), disk(2), { ...disk(2), file: "/copy" }], "/copy"],
    ["creation interrupted", "ARRAY_HALF_CREATED", [0, 1].map((slot) => disk(slot, { phase: "creating" })), "/d0"],
    ["more disks gone than it survives", "ARRAY_TOO_DEGRADED", [disk(0), disk(1), missing("/d2")], "slot 2"],
    [
      "two sides written without each other",
      "ARRAY_DIVERGED",
      [disk(0, { members: without(3), generation: 14 }), disk(1), disk(2), disk(3, { members: without(0) })],
      "/d3",
    ],
    [
      "more disks than the array has",
      "ARRAY_MISMATCH",
      [0, 1, 2, 3].map((slot) => disk(slot)).concat(missing("/e")),
      "5",
    ],
  ];

  it.each(cases)("%s: %s", (_, code, findings, named) => {
    const { code: actual, message } = refusal(findings);
    expect(actual).toBe(code);
    expect(message).toContain(named);
  });

  it("creation interrupted twice is still only an interrupted creation", () => {
    const other = { phase: "creating", arrayId: "ee".repeat(16) } as const;
    expect(refusal([disk(0, { phase: "creating" }), disk(1, other)]).code).toBe("ARRAY_HALF_CREATED");
  });
});

describe("a superblock", () => {
  it("comes back as it was written, the newer of two", () => {
    const [older, newer] = [encodeSuperblock(base), encodeSuperblock({ ...base, generation: 11 })];
    expect(readSuperblock([older, newer])).toEqual({ kind: "valid", superblock: { ...base, generation: 11 } });
    expect(readSuperblock([newer, older])).toEqual({ kind: "valid", superblock: { ...base, generation: 11 } });
  });

  it("torn at any sector leaves the older copy; both torn are torn, zeros are blank", () => {
    const older = encodeSuperblock(base);
    const newer = encodeSuperblock({ ...base, generation: 12, arrayName: "a".repeat(600) });
    const torn = Buffer.from(newer);
    older.copy(torn, 512, 512, 1024);
    expect(readSuperblock([older, torn])).toEqual({ kind: "valid", superblock: base });
    expect(readSuperblock([torn, torn])).toEqual({ kind: "torn" });
    expect(readSuperblock([Buffer.alloc(4096), Buffer.alloc(4096)])).toEqual({ kind: "blank" });
  });

  it("of 32 members fits its block", () => {
    const members = Array.from({ length: 32 }, () => "ejected" as const);
    const wide = { ...base, shape: { ...base.shape, diskCount: 32 }, arrayName: "a".repeat(63), members };
    expect(readSuperblock([encodeSuperblock(wide)])).toEqual({ kind: "valid", superblock: wide });
  });
});

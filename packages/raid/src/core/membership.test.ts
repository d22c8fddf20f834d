import { describe, expect, it } from "vitest";
import { createGeometry } from "./geometry.js";
import { decideMembership, type Membership } from "./membership.js";
import type { DiskFinding } from "./membership-refusals.js";
import type { MemberRecord, Superblock } from "./superblock.js";

const idOf = (slot: number): string => `${slot}`.repeat(16);
const newId = "ab".repeat(8);
const active = (slot: number): MemberRecord => {
  return { state: "active", diskId: idOf(slot), joined: 1, rebuiltStripes: 0 };
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
  diskId: idOf(0),
  slot: 0,
  generation: 10,
  phase: "ready",
  members: [0, 1, 2, 3].map(active),
};

type Change = Partial<Superblock>;
type Reading = DiskFinding["reading"];

const disk = (slot: number, change: Change = {}): DiskFinding => {
  const superblock = { ...base, slot, diskId: idOf(slot), ...change };
  return { file: `/d${slot}`, place: "disk", reading: { kind: "valid", superblock } };
};
const at = (file: string, reading: Reading): DiskFinding => ({ file, place: "disk", reading });
const spare = (file: string, reading: Reading): DiskFinding => ({ file, place: "spare", reading });
const missing = (file: string): DiskFinding => at(file, { kind: "missing", reason: "no such file" });
const valid = (change: Change): Reading => ({ kind: "valid", superblock: { ...base, ...change } });

/** The members with some of them otherwise. */
const members = (changes: Readonly<Record<number, Partial<MemberRecord>>>): MemberRecord[] =>
  base.members.map((member, slot) => ({ ...member, ...changes[slot] }));
const without = (...slots: number[]): MemberRecord[] =>
  members(Object.fromEntries(slots.map((slot) => [slot, { state: "ejected" as const }])));

const standings = (findings: readonly DiskFinding[]): string[] =>
  decideMembership(findings).slots.map(({ standing }) => standing);

function refusal(findings: readonly DiskFinding[]): { code: string; message: string } {
  try {
    decideMembership(findings);
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error("was not refused");
}

describe("A2: which disks are trusted", () => {
  it("all, in any order and any place, when their superblocks agree", () => {
    expect(new Set(standings([disk(2), disk(0), disk(3), disk(1)]))).toEqual(new Set(["current"]));
    const swapped = [disk(0), { ...disk(2), file: "/d1" }, { ...disk(1), file: "/d2" }, disk(3)];
    expect(decideMembership(swapped).slots.map(({ file }) => file)).toEqual(["/d0", "/d2", "/d1", "/d3"]);
  });

  it("not one that is missing, torn or blank; the verdict names the file", () => {
    for (const kind of ["torn", "blank"] as const) {
      const { slots } = decideMembership([disk(0), disk(1), at("/d2", { kind }), disk(3)]);
      expect(slots.map(({ standing }) => standing)).toEqual(["current", "current", "absent", "current"]);
      expect(slots[2]!.reason).toContain("/d2");
    }
    expect(decideMembership([disk(0), disk(1), missing("/d2"), disk(3)]).slots[2]!.reason).toContain("no such file");
  });

  it("not one that the newest superblock calls ejected", () => {
    const newer = { generation: 12, members: without(1) };
    expect(standings([disk(0, newer), disk(1), disk(2, newer), disk(3, newer)])[1]).toBe("absent");
  });

  it("one generation behind, as a crash amid an update leaves it, but not two", () => {
    const behind = (by: number) => standings([disk(0), disk(1, { generation: 10 - by }), disk(2), disk(3)])[1];
    expect(behind(1)).toBe("current");
    expect(behind(2)).toBe("absent");
  });

  it("a member that was still being created when the array became ready", () => {
    const creating = { generation: 1, phase: "creating" } as const;
    const found = [disk(0, { generation: 2 }), disk(1, creating), disk(2, creating), disk(3, creating)];
    expect(standings(found)).not.toContain("absent");
  });

  it("a disk being rebuilt below its cursor, if it is not stale; whatever its age when nothing was rebuilt", () => {
    const standing = (rebuiltStripes: number, generation: number) => {
      const now = { members: members({ 3: { state: "rebuilding", diskId: newId, joined: 8, rebuiltStripes } }) };
      const rebuilt = spare("/s", valid({ ...now, slot: 3, diskId: newId, generation }));
      return decideMembership([disk(0, now), disk(1, now), disk(2, now), rebuilt]).slots[3]!;
    };
    expect(standing(5, 9)).toMatchObject({ standing: "rebuilding", file: "/s", record: { rebuiltStripes: 5 } });
    expect(standing(5, 8)).toMatchObject({ standing: "absent", reason: expect.stringContaining("stale") as string });
    expect(standing(0, 8)).toMatchObject({ standing: "rebuilding" });
  });

  it("not a disk that was replaced, though it claims its slot", () => {
    const now = { generation: 20, members: members({ 1: { diskId: newId, joined: 14 } }) };
    const others = [disk(0, now), disk(2, now), disk(3, now)];
    const { slots, spares } = decideMembership([
      ...others,
      disk(1),
      spare("/s", valid({ ...now, slot: 1, diskId: newId })),
    ]);
    expect(slots[1]).toMatchObject({ standing: "current", file: "/s" });
    expect(spares).toMatchObject([{ file: "/d1", standing: "unusable" }]);
    const alone = decideMembership([...others, disk(1)]).slots[1]!;
    expect(alone.standing).toBe("absent");
    expect(alone.reason).toContain("/d1: had the slot before");
  });
});

describe("A2: spares", () => {
  const judge = (...spares: DiskFinding[]): Membership["spares"] =>
    decideMembership([disk(0), disk(1), disk(2), disk(3), ...spares]).spares;
  const cases: [string, Reading, string, string][] = [
    ["one of this array", valid({ slot: null, diskId: newId, generation: 2 }), "ready", "spare"],
    ["an empty place", { kind: "blank" }, "empty", "nothing there"],
    ["no place yet", { kind: "missing", reason: "no such file" }, "empty", "nothing there"],
    ["one of another array", valid({ slot: null, arrayId: "ff".repeat(16), arrayName: "b2" }), "unusable", "array b2"],
    ["a member of another array", valid({ slot: 1, arrayId: "ff".repeat(16), arrayName: "b2" }), "unusable", "b2"],
    ["a disk that was replaced", valid({ slot: 1, diskId: newId, generation: 2 }), "unusable", "had slot 1"],
    ["a damaged superblock", { kind: "torn" }, "unusable", "erase it"],
    ["another format", { kind: "other-format", format: 1 }, "unusable", "format 1"],
  ];

  it.each(cases)("%s", (_, reading, standing, reason) => {
    const [verdict, ...others] = judge(spare("/s", reading));
    expect(others).toEqual([]);
    expect(verdict).toMatchObject({ file: "/s", standing });
    expect(verdict!.reason).toContain(reason);
  });

  it("that stand in a disk's place are spares all the same", () => {
    const inPlace = at("/d1", valid({ slot: null, diskId: newId }));
    const { slots, spares } = decideMembership([disk(0), inPlace, disk(2), disk(3)]);
    expect(slots[1]!.standing).toBe("absent");
    expect(spares).toMatchObject([{ file: "/d1", standing: "ready" }]);
  });

  it("an array that lives on its former spares alone is found", () => {
    const { slots } = decideMembership([0, 1, 2, 3].map((slot) => ({ ...disk(slot), place: "spare" as const })));
    expect(slots.map(({ file }) => file)).toEqual(["/d0", "/d1", "/d2", "/d3"]);
  });
});

describe("A2: what is refused, with the files named", () => {
  const cases: [string, string, readonly DiskFinding[], readonly string[]][] = [
    ["no array anywhere", "ARRAY_NOT_FOUND", [missing("/d0"), at("/d1", { kind: "blank" })], ["/d0: no such", "/d1"]],
    ["disks of two arrays", "ARRAY_MIXED", [disk(0), disk(1), disk(2), disk(3, { arrayId: "ff".repeat(16) })], ["/d3"]],
    [
      "a disk and its copy",
      "ARRAY_SLOT_TWICE",
      [disk(0), disk(1), disk(2), { ...disk(2, { generation: 4 }), file: "/copy" }],
      ["/copy (generation 4)", "/d2 (generation 10)"],
    ],
    ["creation interrupted", "ARRAY_HALF_CREATED", [0, 1].map((slot) => disk(slot, { phase: "creating" })), ["/d0"]],
    ["another version", "ARRAY_FORMAT", [at("/d0", { kind: "other-format", format: 1 }), disk(1)], ["/d0 (format 1)"]],
    [
      "more disks gone than it survives",
      "ARRAY_TOO_DEGRADED",
      [disk(0, { generation: 12 }), disk(1), missing("/d2"), disk(3, { generation: 11 })],
      ["Slot 1 (/d1): stale", "is rebuilt", "Slot 2", "mount or reconnect it"],
    ],
    [
      "two sides written without each other",
      "ARRAY_DIVERGED",
      [disk(0, { members: without(3), generation: 14 }), disk(1), disk(2), disk(3, { members: without(0) })],
      ["/d3", "/d0", "decide"],
    ],
    [
      "two sides, one of which has replaced the other since",
      "ARRAY_DIVERGED",
      [disk(0, { generation: 14 }), disk(1), disk(3, { members: members({ 0: { diskId: newId, joined: 9 } }) })],
      ["/d3"],
    ],
    [
      "more disks than the array has",
      "ARRAY_MISMATCH",
      [0, 1, 2, 3].map((slot) => disk(slot)).concat(missing("/e")),
      ["5 disks", "a1 of 4"],
    ],
  ];

  it.each(cases)("%s: %s", (_, code, findings, named) => {
    const { code: actual, message } = refusal(findings);
    expect(actual).toBe(code);
    for (const text of named) expect(message).toContain(text);
  });

  it("creation interrupted twice is still only an interrupted creation", () => {
    const other = { phase: "creating", arrayId: "ee".repeat(16) } as const;
    expect(refusal([disk(0, { phase: "creating" }), disk(1, other)]).code).toBe("ARRAY_HALF_CREATED");
  });

  it("an old copy of a disk is stale and no other side, whoever went and was replaced since", () => {
    // The copy is of generation 12, when disk 0 had been ejected; disk 0's successor is the newest now.
    const now = { generation: 30, members: members({ 0: { diskId: newId, joined: 16 }, 3: { state: "ejected" } }) };
    const found = [disk(0, { ...now, diskId: newId }), disk(1, now), disk(2, now)];
    const copy = disk(3, { generation: 12, members: without(0) });
    expect(standings([...found, copy])).toEqual(["current", "current", "current", "absent"]);
  });
});

/** Everything that may have become of a slot; what each makes of it is the table. */
const fates = ["sound", "behind by one", "stale", "ejected", "missing", "torn", "replaced", "rebuilding"] as const;
type Fate = (typeof fates)[number];

const expectedStanding: Readonly<Record<Fate, string>> = {
  "sound": "current",
  "behind by one": "current",
  "stale": "absent",
  "ejected": "absent",
  "missing": "absent",
  "torn": "absent",
  "replaced": "absent",
  "rebuilding": "rebuilding",
};

describe("A2: every combination of what may have become of the disks", () => {
  function found(combination: readonly Fate[]): DiskFinding[] {
    const records = members(
      Object.fromEntries(
        combination.map((fate, slot): [number, Partial<MemberRecord>] => {
          if (fate === "ejected") return [slot, { state: "ejected" }];
          if (fate === "replaced") return [slot, { diskId: `${slot}`.padEnd(16, "f"), joined: 20 }];
          return [slot, fate === "rebuilding" ? { state: "rebuilding", rebuiltStripes: 3 } : {}];
        }),
      ),
    );
    const generations: Partial<Record<Fate, number>> = {
      "behind by one": 29,
      "stale": 28,
      "ejected": 24,
      "replaced": 12,
    };
    return combination.map((fate, slot) => {
      if (fate === "missing") return missing(`/d${slot}`);
      if (fate === "torn") return at(`/d${slot}`, { kind: "torn" });
      const isBefore = fate === "stale" || fate === "ejected" || fate === "replaced";
      return disk(slot, { generation: generations[fate] ?? 30, members: isBefore ? base.members : records });
    });
  }

  it.each(["raid0", "raid1", "raid5"] as const)(
    "%s opens with what it survives and refuses the rest by name",
    (level) => {
      const shape = { ...base.shape, level, logBytes: level === "raid0" ? 0 : base.shape.logBytes };
      const { tolerance } = createGeometry(shape);
      for (let number = 0; number < fates.length ** 3; number++) {
        // Disk 3 is sound: whatever the others are, it is the judge.
        const combination = [1, fates.length, fates.length ** 2].map(
          (divisor) => fates[Math.floor(number / divisor) % fates.length]!,
        );
        const all = found([...combination, "sound"]).map((finding) =>
          finding.reading.kind === "valid"
            ? { ...finding, reading: valid({ ...finding.reading.superblock, shape }) }
            : finding,
        );
        const gone = combination.flatMap((fate, slot) => (expectedStanding[fate] === "current" ? [] : [slot]));
        const where = `${level}: ${combination.join(", ")}`;
        if (gone.length <= tolerance) {
          expect(standings(all), where).toEqual(
            [...combination, "sound" as const].map((fate) => expectedStanding[fate]),
          );
        } else {
          const { code, message } = refusal(all);
          expect(code, where).toBe("ARRAY_TOO_DEGRADED");
          for (const slot of gone) expect(message, where).toContain(`Slot ${slot}`);
        }
      }
    },
  );
});

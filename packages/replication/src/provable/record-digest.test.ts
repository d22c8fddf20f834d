import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { recordDigest } from "./record-digest.js";
import { naiveRecordDigest } from "../testing/chain-model.js";
import { someRecords } from "../testing/some-records.js";
import { record, seq, volA, volB } from "../testing/fixture.js";
import type { JournalRecord, VolumeName } from "../vocabulary.js";

const base = { ...record(7), hostTimeMs: 1_750_000_000_123 };
const longName = "v".repeat(63) as VolumeName;

describe("E4: the digest of a record", () => {
  it("E4: is SHA-256 of the canonical header and the payload", () => {
    fc.assert(
      fc.property(someRecords([volA, volB, longName], 20), (records) => {
        for (const each of records) expect(recordDigest(each)).toEqual(naiveRecordDigest(each));
      }),
    );
  });

  it("E4: never changes its form, or chains that are on disks would break", () => {
    expect(recordDigest(base).toString("hex")).toBe("02f75a32fb0262a237f6ba62c566177b015f06a1955190cdd007342cdc831fd8");
  });

  it("E4: tells any two records apart by any field", () => {
    const others: Partial<JournalRecord>[] = [
      { sequence: seq(8) },
      { volume: volB },
      { volume: `${volA}0` as VolumeName },
      { origin: { ...base.origin, n: base.origin.n + 1 } },
      { origin: { ...base.origin, incarnation: base.origin.incarnation + 1 } },
      { epoch: base.epoch + 1 },
      { kind: "copy" },
      { offsetBytes: base.offsetBytes + 512 },
      { offsetBytes: base.offsetBytes + 2 ** 32 },
      { lengthBytes: base.lengthBytes + 1 },
      { hostTimeMs: base.hostTimeMs + 1 },
      { payload: Buffer.alloc(base.payload.length, 1) },
    ];
    const digests = [base, ...others.map((other) => ({ ...base, ...other }))].map((each) =>
      recordDigest(each).toString("hex"),
    );
    expect(new Set(digests).size).toBe(digests.length);
  });

  it("E4: leaves out the fraction of a millisecond, which does not cross the wire", () => {
    expect(recordDigest({ ...base, hostTimeMs: base.hostTimeMs + 0.5 })).toEqual(recordDigest(base));
  });
});

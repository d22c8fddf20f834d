import fc from "fast-check";
import type { JournalRecord } from "@waystation/contracts/journal";
import { toSequence, type VolumeName } from "@waystation/contracts/ids";
import { expect, it } from "vitest";
import { decodeRecord, encodeRecords } from "./record-format.js";

function encodeOne(value: JournalRecord): Buffer {
  return encodeRecords([value])[0]!;
}

const safe = fc.maxSafeNat();
const record = fc.record({
  sequence: safe.map(toSequence),
  volume: fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,62}$/).map((name) => name as VolumeName),
  origin: fc.record({ incarnation: safe, n: safe }),
  epoch: safe,
  kind: fc.constantFrom("write", "zero", "discard"),
  offsetBytes: safe,
  lengthBytes: safe,
  hostTimeMs: fc.double({ noNaN: true }),
  payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
});

it("every record comes back as it was", () => {
  fc.assert(
    fc.property(record, (value) => {
      expect(decodeRecord(encodeOne(value))).toEqual(value);
    }),
  );
});

it("any changed bit, and any cut, is noticed", () => {
  fc.assert(
    fc.property(record, fc.nat(), fc.nat({ max: 7 }), (value, at, bit) => {
      const stored = encodeOne(value);
      expect(decodeRecord(stored.subarray(0, at % stored.length))).toBeNull();
      stored[at % stored.length]! ^= 1 << bit;
      expect(decodeRecord(stored)).toBeNull();
    }),
  );
});

it("anything else is no record", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(decodeRecord(Buffer.from(bytes))).toBeNull();
    }),
  );
});

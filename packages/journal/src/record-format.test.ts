import { crc32c } from "@node-rs/crc32";
import fc from "fast-check";
import type { JournalRecord } from "@waystation/contracts/journal";
import { toSequence, type VolumeName } from "@waystation/contracts/ids";
import { expect, it } from "vitest";
import { decodeRecord, encodeRecords } from "./record-format.js";

function encodeOne(value: JournalRecord): Buffer {
  return encodeRecords([value])[0]!;
}

const safe = fc.maxSafeNat();
const place = fc.record({
  sequence: safe.map(toSequence),
  volume: fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,62}$/).map((name) => name as VolumeName),
  origin: fc.record({ incarnation: safe, n: safe }),
  epoch: safe,
  offsetBytes: safe,
  hostTimeMs: fc.double({ noNaN: true }),
});
const write = fc.uint8Array({ maxLength: 300 }).map((bytes) => {
  return { kind: "write" as const, lengthBytes: bytes.length, payload: Buffer.from(bytes) };
});
const clearing = fc.record({
  kind: fc.constantFrom("zero", "discard"),
  lengthBytes: safe,
  payload: fc.constant(Buffer.alloc(0)),
});
const record = fc
  .tuple(place, fc.oneof(write, clearing))
  .map(([where, what]): JournalRecord => ({ ...where, ...what }));

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

it("with a right checksum, too, what was never written is no record", () => {
  const one = { sequence: toSequence(5), volume: "vol-a" as VolumeName, origin: { incarnation: 3, n: 5 }, epoch: 2 };
  const data = {
    kind: "write",
    offsetBytes: 4096,
    lengthBytes: 9,
    hostTimeMs: 1,
    payload: Buffer.alloc(9, 7),
  } as const;
  const damages: ((value: Buffer) => unknown)[] = [
    (value) => value.fill(0xff, 8, 16),
    (value) => value.fill(0xff, 32, 40),
    (value) => value.writeUInt16LE(500, 6),
    (value) => value.writeUInt32LE(10, 48),
    (value) => (value[5] = 2),
    (value) => (value[5] = 9),
    (value) => value.fill(0xff, 64, 66),
  ];
  for (const damage of damages) {
    const stored = encodeOne({ ...one, ...data });
    damage(stored);
    stored.writeUInt32LE(crc32c(stored.subarray(4)), 0);
    expect(decodeRecord(stored), String(damage)).toBeNull();
  }
});

it("anything else is no record", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(decodeRecord(Buffer.from(bytes))).toBeNull();
    }),
  );
});

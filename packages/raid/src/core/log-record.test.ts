import { describe, expect, it } from "vitest";
import { padRecord, peekRecord, readRecord, recordHeaderBytes, sealRecord, type LogEntry } from "./log-record.js";
import { decodeTail, encodeTail, laterTail } from "./log-tail.js";

const place = { arrayId: "0123456789abcdef0123456789abcdef", session: 7, position: 2 ** 40 };

const entries: LogEntry[] = [
  { kind: "redo", slotMask: 0x80000001, diskOffsetBytes: 2 ** 45, lengthBytes: 100, payloadOffsetBytes: 64 },
  { kind: "intent", diskOffsetBytes: 4096, lengthBytes: 65_536, checksums: [1, 0xffffffff, 3] },
  { kind: "lost", ranges: [{ offsetBytes: 2 ** 44, lengthBytes: 512 }] },
  { kind: "intent", diskOffsetBytes: 0, lengthBytes: 4096, checksums: [] },
  { kind: "intent", diskOffsetBytes: 8192, lengthBytes: 4096, checksums: [5], isUnsynced: true },
];

function sealed(): { record: Buffer; lengthBytes: number } {
  const record = Buffer.alloc(8192, 0xaa);
  const lengthBytes = sealRecord(record, place, { payloadEndBytes: recordHeaderBytes + 101, entries });
  return { record, lengthBytes };
}

describe("a record of the stripe log", () => {
  it("comes back with its entries and payload", () => {
    const { record, lengthBytes } = sealed();
    expect(lengthBytes).toBe(4096);
    const claim = peekRecord(record, place)!;
    expect(claim.lengthBytes).toBe(4096);
    const used = record.subarray(0, claim.usedBytes);
    expect(readRecord(used)).toEqual(entries);
    expect(used.subarray(64, 165).equals(Buffer.alloc(101, 0xaa))).toBe(true);
    expect(record.subarray(claim.usedBytes, 4096).every((byte) => byte === 0)).toBe(true);
  });

  it("does not count when any byte of it is another", () => {
    const { record } = sealed();
    const { usedBytes } = peekRecord(record, place)!;
    for (let at = 0; at < usedBytes; at += 7) {
      const damaged = Buffer.from(record.subarray(0, usedBytes));
      damaged[at]! ^= 0x10;
      expect(readRecord(damaged)).toBeNull();
    }
  });

  it("is not taken for one of another place, session or array", () => {
    const { record } = sealed();
    expect(peekRecord(record, { ...place, position: place.position + 4096 })).toBeNull();
    expect(peekRecord(record, { ...place, session: 8 })).toBeNull();
    expect(peekRecord(record, { ...place, arrayId: "ff".repeat(16) })).toBeNull();
    expect(peekRecord(Buffer.alloc(4096), place)).toBeNull();
  });

  it("fills up the end of the log without payload", () => {
    const pad = padRecord(place, 5 * 4096);
    const claim = peekRecord(pad, place)!;
    expect(claim.lengthBytes).toBe(5 * 4096);
    expect(readRecord(pad.subarray(0, claim.usedBytes))).toEqual([]);
  });
});

describe("the tail of the stripe log", () => {
  it("comes back, unless damaged or of another array", () => {
    const block = encodeTail(place);
    expect(decodeTail(block, place.arrayId)).toEqual(place);
    expect(decodeTail(block, "ff".repeat(16))).toBeNull();
    block[9]! ^= 1;
    expect(decodeTail(block, place.arrayId)).toBeNull();
  });

  it("is later by session first, then by position", () => {
    const next = { ...place, session: 8, position: 0 };
    const further = { ...place, position: place.position + 4096 };
    expect(laterTail(place, next)).toBe(next);
    expect(laterTail(further, place)).toBe(further);
    expect(laterTail(null, place)).toBe(place);
    expect(laterTail(null, null)).toBeNull();
  });
});

import { describe, expect, it } from "vitest";
import { cellBytes, garbageTag, makeTag, readTag, tagCount, taggedPayload, tagWriter, zeroTag } from "./cell.js";

describe("cell", () => {
  const volume = "vol-a";
  const tag = makeTag(7, 123456);
  const payload = taggedPayload(tag, { volume, offsetBytes: 3 * cellBytes, lengthBytes: 2 * cellBytes });

  it("gives back the tag of each cell of a write", () => {
    expect(readTag(payload, 0, { volume, cell: 3 })).toBe(tag);
    expect(readTag(payload, cellBytes, { volume, cell: 4 })).toBe(tag);
    expect([tagWriter(tag), tagCount(tag)]).toEqual([7, 123456]);
    expect(readTag(Buffer.alloc(cellBytes), 0, { volume, cell: 9 })).toBe(zeroTag);
  });

  it("takes a cell in the wrong place, on the wrong volume, or torn, for garbage", () => {
    expect(readTag(payload, 0, { volume, cell: 4 })).toBe(garbageTag);
    expect(readTag(payload, 0, { volume: "vol-b", cell: 3 })).toBe(garbageTag);
    const newer = taggedPayload(makeTag(7, 9), { volume, offsetBytes: 3 * cellBytes, lengthBytes: cellBytes });
    const torn = Buffer.concat([newer.subarray(0, 256), payload.subarray(256, cellBytes)]);
    expect(readTag(torn, 0, { volume, cell: 3 })).toBe(garbageTag);
    const halfZero = Buffer.alloc(cellBytes);
    halfZero[300] = 1;
    expect(readTag(halfZero, 0, { volume, cell: 3 })).toBe(garbageTag);
  });
});

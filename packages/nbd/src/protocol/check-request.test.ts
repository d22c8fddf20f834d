import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { within } from "@waystation/contracts/byte-range";
import { payloadBytesMax } from "../limits.js";
import { checkRequest } from "./check-request.js";
import type { RequestFrame } from "./request-parser.js";
import { commandFlags, commands, nbdErrors } from "./wire.js";

const sizeBytes = 1 << 30;
const writable = { sizeBytes, readOnly: false };
const frame = (fields: Partial<RequestFrame>): RequestFrame => ({
  flags: 0,
  type: commands.read,
  cookieHigh: 0,
  cookieLow: 0,
  offsetBytes: 0,
  lengthBytes: 4096,
  payload: null,
  ...fields,
});
const { read, write, trim, writeZeroes, flush } = commands;

describe("checking a request", () => {
  it.each([
    ["READ", read, nbdErrors.EINVAL],
    ["WRITE", write, nbdErrors.ENOSPC],
    ["TRIM", trim, nbdErrors.EINVAL],
    ["WRITE_ZEROES", writeZeroes, nbdErrors.ENOSPC],
  ])("F2: %s past the end is answered as the protocol says", (_, type, error) => {
    expect(checkRequest(frame({ type, offsetBytes: sizeBytes - 4096 }), writable)).toBe(0);
    expect(checkRequest(frame({ type, offsetBytes: sizeBytes - 4095 }), writable)).toBe(error);
    expect(checkRequest(frame({ type, offsetBytes: 2 ** 64 }), writable)).toBe(error);
  });

  it.each([
    ["WRITE", write],
    ["TRIM", trim],
    ["WRITE_ZEROES", writeZeroes],
  ])("F2: %s on a read-only export is not permitted, wherever it points", (_, type) => {
    const readOnly = { sizeBytes, readOnly: true };
    expect(checkRequest(frame({ type }), readOnly)).toBe(nbdErrors.EPERM);
    expect(checkRequest(frame({ type, offsetBytes: sizeBytes }), readOnly)).toBe(nbdErrors.EPERM);
    expect(checkRequest(frame({}), readOnly)).toBe(0);
  });

  it("unknown commands and flags that a command does not have are invalid", () => {
    expect(checkRequest(frame({ type: 5 }), writable)).toBe(nbdErrors.EINVAL);
    expect(checkRequest(frame({ type: 7 }), writable)).toBe(nbdErrors.EINVAL);
    expect(checkRequest(frame({ type: 999 }), writable)).toBe(nbdErrors.EINVAL);
    expect(checkRequest(frame({ type: write, flags: commandFlags.noHole }), writable)).toBe(nbdErrors.EINVAL);
    const fastZero = 1 << 4;
    expect(checkRequest(frame({ type: writeZeroes, flags: fastZero }), writable)).toBe(nbdErrors.EINVAL);
    expect(checkRequest(frame({ type: writeZeroes, flags: commandFlags.noHole }), writable)).toBe(0);
  });

  it("FUA is legal with every command", () => {
    for (const type of [read, write, trim, writeZeroes])
      expect(checkRequest(frame({ type, flags: commandFlags.fua }), writable)).toBe(0);
    expect(checkRequest(frame({ type: flush, flags: commandFlags.fua, lengthBytes: 0 }), writable)).toBe(0);
  });

  it("FLUSH takes no range", () => {
    expect(checkRequest(frame({ type: flush, lengthBytes: 0 }), writable)).toBe(0);
    expect(checkRequest(frame({ type: flush }), writable)).toBe(nbdErrors.EINVAL);
  });

  it("a READ of more than was advertised is invalid; zeroes have no payload and no such limit", () => {
    const lengthBytes = payloadBytesMax + 1;
    expect(checkRequest(frame({ lengthBytes }), writable)).toBe(nbdErrors.EINVAL);
    expect(checkRequest(frame({ lengthBytes, type: trim }), writable)).toBe(0);
    expect(checkRequest(frame({ lengthBytes, type: writeZeroes }), writable)).toBe(0);
  });

  it("what passes lies within the volume", () => {
    const fields = fc.record({
      type: fc.constantFrom(read, write, trim, writeZeroes),
      offsetBytes: fc.oneof(fc.nat(sizeBytes + 10), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })),
      lengthBytes: fc.integer({ min: 0, max: 0xffff_ffff }),
    });
    fc.assert(
      fc.property(fields, (range) => {
        if (checkRequest(frame(range), writable) === 0) expect(within(range, sizeBytes)).toBe(true);
      }),
    );
  });
});

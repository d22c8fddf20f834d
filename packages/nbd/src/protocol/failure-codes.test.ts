import { describe, expect, it } from "vitest";
import { blockErrorCodes } from "@waystation/contracts/errors";
import { isBlockErrorCode, openErrors, requestErrors } from "./failure-codes.js";
import { nbdErrors } from "./wire.js";

describe("the table of failures", () => {
  it("F2: has an errno that NBD knows, and a refusal, for every code of the port and for no other", () => {
    expect(Object.keys(requestErrors).sort()).toEqual([...blockErrorCodes].sort());
    expect(Object.keys(openErrors).sort()).toEqual([...blockErrorCodes].sort());
    const known: readonly number[] = Object.values(nbdErrors);
    for (const code of blockErrorCodes) {
      expect(known).toContain(requestErrors[code]);
      expect(openErrors[code]).toBeGreaterThan(0x80000000);
    }
    expect(isBlockErrorCode("IO_ERROR")).toBe(true);
    expect(isBlockErrorCode("toString")).toBe(false);
  });
});

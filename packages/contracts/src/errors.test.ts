import { describe, expect, it } from "vitest";
import { blockErrorCodes, Failure, isFailure, reasonOf } from "./errors.js";

describe("failures", () => {
  it("carry code, message, cause and facts, and are told from other errors by their code", () => {
    const cause = new Error("EIO");
    const failure = new Failure("IO_ERROR", "the array failed", { cause, details: { disk: 3 } });
    expect(failure).toMatchObject({ code: "IO_ERROR", message: "the array failed", cause, details: { disk: 3 } });
    expect([isFailure(failure), isFailure(failure, "IO_ERROR"), isFailure(failure, "NO_SPACE")]).toEqual([
      true,
      true,
      false,
    ]);
    expect([isFailure(cause), isFailure(undefined), isFailure({ code: "IO_ERROR" })]).toEqual([false, false, false]);
  });

  it("without a cause show none", () => {
    expect("cause" in new Failure("IO_ERROR", "the array failed")).toBe(false);
  });

  it("have stable codes in UPPER_SNAKE_CASE, each once", () => {
    expect(blockErrorCodes.filter((code) => !/^[A-Z]+(_[A-Z]+)*$/.test(code))).toEqual([]);
    expect(new Set(blockErrorCodes).size).toBe(blockErrorCodes.length);
  });

  it("give a reason for anything that was thrown", () => {
    expect([reasonOf(new Error("why")), reasonOf("text"), reasonOf(undefined)]).toEqual(["why", "text", "undefined"]);
  });
});

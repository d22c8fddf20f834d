import { describe, expect, it } from "vitest";
import type { Decision } from "./messages.js";
import { describeLoss, refusalTexts } from "./takeover-outcome.js";
import { epoch, relay1, secondaryA, seq } from "./testing/fixture.js";

function decided(sequence: number, fenced: boolean, stamped: number): Decision {
  const common = { epoch: epoch(2), participants: [secondaryA], excluded: [], term: null };
  return { ...common, sequence: seq(sequence), fenced, stamped: seq(stamped) };
}

describe("what a takeover says was lost (PROTOCOL 6.5, B11)", () => {
  it.each([
    ["the relay was fenced and all it stamped is here", decided(9, true, 9), "nothing", /fenced at 9/],
    ["nothing was ever stamped", decided(0, true, 0), "nothing", /fenced at 0/],
    ["the relay was fenced, and stamped more than is here", decided(6, true, 9), "known", /^7\.\.9:/],
    ["the relay could not be fenced", decided(6, false, 0), "unknown", /^unknown from 7:/],
    ["the relay could not be fenced, though all that was seen is here", decided(9, false, 9), "unknown", /^unknown/],
  ])("when %s", (_, decision, lost, detail) => {
    expect(describeLoss(decision, relay1)).toEqual({ lost, lostDetail: expect.stringMatching(detail) as string });
  });
});

describe("refusals of a takeover", () => {
  it("each name what they are about, and say what to do", () => {
    for (const [code, text] of Object.entries(refusalTexts)) {
      expect(text("secondary-x"), code).toContain("secondary-x");
      expect(text("secondary-x"), code).toMatch(/:|;/);
    }
  });
});

import { describe, expect, it } from "vitest";
import { mayGoAlone } from "./origin-leg.js";
import { pairCommands, pairEvents, pairStateNames, pairStates, refusalOf } from "./pair-states.js";
import { g1 } from "./testing/fixture.js";

const fences = ["never", "status", "data"] as const;

/** What a command leads to in each state, in the order of `pairStateNames`; `-` where it is refused. */
const expectedCommands = {
  //                SMPL    COPY    PAIR    PSUS    PSUE    PFUL    PFUS    SSWS
  "suspend": /*    */ "-      PSUS    PSUS    -       PSUS    PSUS    PSUS    -",
  "resync": /*     */ "-      -       COPY    COPY    COPY    COPY    COPY    -",
  "resync --full": "-      -       COPY    COPY    COPY    COPY    COPY    -",
  "takeover": /*   */ "SSWS   SSWS    SSWS    SSWS    SSWS    SSWS    SSWS    SSWS",
  "swap": /*       */ "-      COPY    COPY    COPY    COPY    COPY    COPY    COPY",
  "direct": /*     */ "COPY   COPY    COPY    COPY    COPY    COPY    COPY    -",
  "return": /*     */ "COPY   COPY    COPY    COPY    COPY    COPY    COPY    -",
  "members": /*    */ "COPY   COPY    COPY    COPY    COPY    COPY    COPY    -",
};

/** Where an event leads; `.` where it changes nothing. */
const expectedEvents = {
  //                     SMPL    COPY    PAIR    PSUS    PSUE    PFUL    PFUS    SSWS
  "begun": /*           */ "PAIR   .       .       .       .       .       .       .",
  "lease-ended": /*   */ ".      PSUE    PSUE    .       .       PSUE    .       .",
  "far-lacks": /*     */ ".      COPY    COPY    .       .       COPY    .       .",
  "journal-filling": /**/ ".      .       PFUL    .       .       .       .       .",
  "journal-drained": /**/ ".      .       .       .       .       PAIR    .       .",
  "journal-full": /*  */ ".      PFUS    .       .       .       PFUS    .       .",
  "all-back": /*      */ ".      .       .       .       COPY    .       COPY    .",
  "copy-validated": /**/ ".      PAIR    .       .       .       .       .       .",
  "taken-over": /*    */ "SSWS   SSWS    SSWS    SSWS    SSWS    SSWS    SSWS    .",
  "term-begun": /*    */ "COPY   COPY    COPY    COPY    COPY    COPY    COPY    COPY",
};

/** What becomes of a host's write, by fence level; and what hosts may do at the far end. */
const expectedWrites = {
  //               never       status      data        far end
  SMPL: /*      */ "held       held        held        read-only",
  COPY: /*      */ "both-legs  both-legs   both-legs   read-only",
  PAIR: /*      */ "both-legs  both-legs   both-legs   read-only",
  PSUS: /*      */ "array-only array-only  array-only  read-only",
  PSUE: /*      */ "array-only array-only  held        read-only",
  PFUL: /*      */ "both-legs  both-legs   both-legs   read-only",
  PFUS: /*      */ "array-only array-only  array-only  read-only",
  SSWS: /*      */ "refused    refused     refused     read-write",
};

const words = (line: string): string[] => line.trim().split(/\s+/);

describe("the table of pair states (B9; issue: three-site remote copy)", () => {
  it.each(pairCommands)("the command %s, in every state", (command) => {
    const outcomes = pairStateNames.map((state) => pairStates[state].commands[command]);
    expect(outcomes.map((outcome) => ("next" in outcome ? outcome.next : "-"))).toEqual(
      words(expectedCommands[command]),
    );
  });

  it.each(pairEvents)("the event %s, in every state", (event) => {
    expect(pairStateNames.map((state) => pairStates[state].events[event] ?? ".")).toEqual(words(expectedEvents[event]));
  });

  it.each(pairStateNames)("%s: host writes under every fence level, and the far end", (state) => {
    const { primaryWrites, secondaryAccess } = pairStates[state];
    expect([...fences.map((fence) => primaryWrites[fence]), secondaryAccess]).toEqual(words(expectedWrites[state]));
  });

  it("promises RPO 0 only where every acknowledged write is at the relay and no image may have to be gone back to", () => {
    expect(pairStateNames.filter((state) => pairStates[state].protects)).toEqual(["PAIR", "PFUL"]);
  });

  it("never lets hosts write at both ends", () => {
    for (const state of pairStateNames) {
      const { primaryWrites, secondaryAccess } = pairStates[state];
      if (secondaryAccess === "read-write") expect(new Set(Object.values(primaryWrites))).toEqual(new Set(["refused"]));
    }
  });

  it("a refusal names the group, the state, and a command that is legal in it", () => {
    for (const state of pairStateNames) {
      for (const command of pairCommands) {
        const outcome = pairStates[state].commands[command];
        const refusal = refusalOf(g1.group, state, command);
        expect(refusal === null).toBe("next" in outcome);
        if (refusal === null || "next" in outcome) continue;
        expect(refusal.code).toBe("GROUP_STATE");
        expect(refusal.message).toMatch(new RegExp(`^${g1.group} is ${state} \\(`));
        if (outcome.due === "") continue;
        expect(refusal.message).toContain(`wayctl group ${outcome.due} ${g1.group}`);
        expect(refusalOf(g1.group, state, outcome.due)).toBeNull();
      }
    }
  });

  it("primaries ask it whether they may go on alone: never with fence data after a failure", () => {
    for (const fence of fences)
      for (const state of ["PSUS", "PSUE", "PFUS"] as const)
        expect(mayGoAlone(fence, state)).toBe(fence !== "data" || state !== "PSUE");
  });
});

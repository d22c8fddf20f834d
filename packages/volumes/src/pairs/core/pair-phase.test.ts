import { describe, expect, it } from "vitest";
import {
  decideCommand,
  describePhase,
  pairCommands,
  pairEvents,
  pairPhases,
  pairTable,
  phaseAfter,
  towardsSplit,
  type PairCommand,
  type PairPhase,
} from "./pair-phase.js";

/** Every cell of commands: the phase it leads to, or `-` where it is refused. Columns in the order of `pairCommands`. */
const commandCells = `
simplex            initial-copy  -            -            -             -             -        -        -
initial-copy       -             -            quick-split  initial-copy  -             -        simplex  simplex
resync             -             -            quick-split  resync        quick-resync  -        simplex  simplex
quick-resync       -             quick-split  quick-split  quick-resync  quick-resync  -        -        simplex
duplex             -             split        split        duplex        duplex        -        simplex  simplex
restore            -             -            -            -             -             restore  -        simplex
quick-split        -             quick-split  quick-split  -             -             -        -        simplex
split              -             split        split        resync        quick-resync  restore  simplex  simplex
suspended          -             -            -            resync        -             -        simplex  simplex
restore-suspended  -             -            -            -             -             restore  -        simplex
`;

/** Every cell of events, in the order of `pairEvents`; `.` stays as it is. */
const eventCells = `
simplex            .       .             .                  .             .
initial-copy       duplex  .             suspended          .             .
resync             duplex  .             suspended          initial-copy  .
quick-resync       duplex  .             suspended          initial-copy  .
duplex             .       quick-resync  suspended          initial-copy  quick-resync
restore            duplex  .             restore-suspended  .             .
quick-split        split   .             suspended          suspended     .
split              .       .             .                  .             .
suspended          .       .             .                  .             .
restore-suspended  .       .             .                  suspended     .
`;

/** State, and what becomes of host I/O: P read, P write, S read, S write. */
const hostCells = `
simplex            SMPL  primary               primary               secondary              secondary
initial-copy       COPY  primary               both                  refused                refused
resync             COPY  primary               both                  refused                refused
quick-resync       PAIR  primary               both                  primary-where-pending  refused
duplex             PAIR  primary               both                  primary-where-pending  refused
restore            COPY  secondary-where-owed  restored-then-both    primary-where-pending  refused
quick-split        PSUS  primary               copied-then-recorded  primary-where-owed     copied-then-recorded
split              PSUS  primary               recorded              secondary              recorded
suspended          PSUE  primary               recorded              refused                refused
restore-suspended  PSUE  fails-where-owed      recorded-unless-owed  refused                refused
`;

function cellsOf(text: string): string[][] {
  return text
    .trim()
    .split("\n")
    .map((line) => line.split(/\s+/));
}

describe("the table of pair phases", () => {
  it("A5, A6, A7, A10: every command in every phase leads where the table says, or is refused", () => {
    const actual = pairPhases.map((phase) => [
      phase,
      ...pairCommands.map((command) => {
        const decision = decideCommand("p s", phase, command);
        return decision.kind === "go" ? decision.to : "-";
      }),
    ]);
    expect(actual).toEqual(cellsOf(commandCells));
  });

  it("every event in every phase leads where the table says", () => {
    const actual = pairPhases.map((phase) => [
      phase,
      ...pairEvents.map((event) => (phaseAfter(phase, event) === phase ? "." : phaseAfter(phase, event))),
    ]);
    expect(actual).toEqual(cellsOf(eventCells));
  });

  it("every host request in every phase is served as the table says", () => {
    const actual = pairPhases.map((phase) => {
      const { state, host } = pairTable[phase];
      return [phase, state, host.primaryRead, host.primaryWrite, host.secondaryRead, host.secondaryWrite];
    });
    expect(actual).toEqual(cellsOf(hostCells));
  });

  it("every refusal names a command that is legal in that phase", () => {
    let refusals = 0;
    for (const phase of pairPhases) {
      for (const command of pairCommands) {
        const decision = decideCommand("p s", phase, command);
        if (decision.kind === "go") continue;
        refusals++;
        expectLegal(phase, decision.instead, `${command} in ${phase}`);
      }
    }
    expect(refusals).toBe(
      cellsOf(commandCells)
        .flat()
        .filter((cell) => cell === "-").length,
    );
  });

  it("A6: what is said of an S-VOL that cannot be used yet is a command that would be carried out", () => {
    for (const phase of pairPhases) {
      if (phase !== "simplex" && phase !== "split") expectLegal(phase, towardsSplit("p s", phase), phase);
    }
  });

  it("names the state, and what lies behind it", () => {
    expect(pairPhases.map(describePhase)).toContain("PSUS (S's image being copied behind)");
  });

  it("a phase copies if and only if being done with it leads elsewhere", () => {
    for (const phase of pairPhases) {
      expect(phaseAfter(phase, "copied") !== phase, phase).toBe(pairTable[phase].copies !== null);
    }
  });
});

/** Each command that a refusal names is one that would be carried out. */
function expectLegal(phase: PairPhase, text: string, where: string): void {
  const named = [...text.matchAll(/wayctl pair (\w+)(?: p s)?( --quick| --force)?/g)];
  expect(named.length, where).toBeGreaterThan(0);
  for (const [, verb = "", option = ""] of named) {
    if (verb === "wait") expect(pairTable[phase].copies, where).not.toBeNull();
    else if (verb !== "create" || phase === "simplex") {
      const legal = commandOf(verb, option);
      expect(decideCommand("p s", phase, legal), `${where}: ${legal}`).toMatchObject({ kind: "go" });
    }
  }
}

function commandOf(verb: string, option: string): PairCommand {
  if (option === " --quick") return `quick-${verb}` as PairCommand;
  return (option === " --force" ? "force-delete" : verb) as PairCommand;
}

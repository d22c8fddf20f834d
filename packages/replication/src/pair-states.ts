/**
 * The one table of pair and group states (SPEC B9, B10; issue "Three-site remote copy"): what each state means, which
 * command is legal in it and what follows, what each event leads to, and what hosts may do at either end under each fence
 * level. The machines ask it before they act, and it writes their refusals; a test goes through every combination.
 */
import { Failure } from "@waystation/contracts/errors";
import type { Access } from "./effects.js";
import type { FenceLevel } from "./membership.js";
import type { PairState } from "./messages.js";
import type { GroupName } from "./vocabulary.js";

export const pairStateNames = ["SMPL", "COPY", "PAIR", "PSUS", "PSUE", "PFUL", "PFUS", "SSWS"] as const;

export const pairCommands = [
  "suspend",
  "resync",
  "resync --full",
  "takeover",
  "swap",
  "direct",
  "return",
  "members",
] as const;
export type PairCommand = (typeof pairCommands)[number];

export const pairEvents = [
  /** Every secondary was seen, and the first primary is welcomed. */
  "begun",
  /** A primary's lease ended, or it has gone on alone; fence `never` or `status`. */
  "lease-ended",
  /** A secondary lacks records or data. */
  "far-lacks",
  "journal-filling",
  /** There is room again. */
  "journal-drained",
  /** It was full for as long as the policy lets hosts be held. */
  "journal-full",
  /** Every primary and secondary is here, and the group resyncs by itself. */
  "all-back",
  /** The end of the copy run was validated by every secondary. */
  "copy-validated",
  "taken-over",
  /** Another term was begun: its copy run is ordered. */
  "term-begun",
] as const;
export type PairEvent = (typeof pairEvents)[number];

/** What becomes of a host's write at a primary. */
export type HostWrites =
  /** Acknowledged once it is on the array and at the relay. */
  | "both-legs"
  /** Acknowledged once it is on the array; its region is logged. */
  | "array-only"
  /** Held for the group's hold time, then failed. */
  | "held"
  | "refused";

/** Where a command or an event leads; or why it is refused, and which command is due instead ("" none). */
export type Outcome = { readonly next: PairState } | { readonly refused: string; readonly due: PairCommand | "" };

export interface PairStateRow {
  readonly meaning: string;
  readonly commands: Readonly<Record<PairCommand, Outcome>>;
  /** An event that is not named changes nothing: it cannot happen, or is of no consequence in this state. */
  readonly events: Readonly<Partial<Record<PairEvent, PairState>>>;
  /** At the primary's end. Reads are served wherever writes are not refused. */
  readonly primaryWrites: Readonly<Record<FenceLevel, HostWrites>>;
  /** At the secondary's end. */
  readonly secondaryAccess: Access;
  /** Whether RPO 0 is promised: acknowledged writes survive the loss of the primary site. */
  readonly protects: boolean;
}

const to = (next: PairState): Outcome => ({ next });
const no = (refused: string, due: Extract<Outcome, { refused: string }>["due"] = ""): Outcome => ({ refused, due });

const everyLevel = (writes: HostWrites): Record<FenceLevel, HostWrites> => ({
  never: writes,
  status: writes,
  data: writes,
});

/** Terms may begin in any state in which somebody of the far side knows where the group stands. */
const terms = { swap: to("COPY"), direct: to("COPY"), return: to("COPY"), members: to("COPY") };
const takenOverAlready = "hosts write at the far side already";
const suspendedAlready = "the group is suspended already";

const running = {
  commands: {
    "suspend": to("PSUS"),
    "resync": to("COPY"),
    "resync --full": to("COPY"),
    "takeover": to("SSWS"),
    ...terms,
  },
  primaryWrites: everyLevel("both-legs"),
  secondaryAccess: "read-only",
  protects: true,
} as const;

const suspended = {
  commands: {
    "suspend": no(suspendedAlready, "resync"),
    "resync": to("COPY"),
    "resync --full": to("COPY"),
    "takeover": to("SSWS"),
    ...terms,
  },
  secondaryAccess: "read-only",
  protects: false,
} as const;

export const pairStates: Readonly<Record<PairState, PairStateRow>> = {
  SMPL: {
    meaning: "no pair: the relay has not seen every secondary yet",
    commands: {
      "suspend": no("there is no pair to suspend yet: the relay waits for its secondaries"),
      "resync": no("there is no pair to resync yet: the relay waits for its secondaries"),
      "resync --full": no("there is no pair to resync yet: the relay waits for its secondaries"),
      "takeover": to("SSWS"),
      "swap": no("nothing was replicated yet", "takeover"),
      // A relay that was replaced by an empty one never begins: these are the way out.
      "direct": to("COPY"),
      "return": to("COPY"),
      "members": to("COPY"),
    },
    events: { "begun": "PAIR", "taken-over": "SSWS", "term-begun": "COPY" },
    primaryWrites: everyLevel("held"),
    secondaryAccess: "read-only",
    protects: false,
  },
  PAIR: {
    meaning: "every acknowledged write is at the relay, and on its way to the secondaries",
    ...running,
    events: {
      "lease-ended": "PSUE",
      "far-lacks": "COPY",
      "journal-filling": "PFUL",
      "taken-over": "SSWS",
      "term-begun": "COPY",
    },
  },
  PFUL: {
    meaning: "as PAIR, but the relay's journal is filling up: the secondaries take less than hosts write",
    ...running,
    events: {
      "lease-ended": "PSUE",
      "far-lacks": "COPY",
      "journal-drained": "PAIR",
      "journal-full": "PFUS",
      "taken-over": "SSWS",
      "term-begun": "COPY",
    },
  },
  COPY: {
    meaning: "initial copy or resync: a takeover goes back to the image that the run began with",
    commands: {
      "suspend": to("PSUS"),
      "resync": no("a copy run is under way, and ends by itself"),
      "resync --full": no("a copy run is under way: suspend the group first", "suspend"),
      "takeover": to("SSWS"),
      ...terms,
    },
    events: {
      "lease-ended": "PSUE",
      "far-lacks": "COPY",
      "journal-full": "PFUS",
      "copy-validated": "PAIR",
      "taken-over": "SSWS",
      "term-begun": "COPY",
    },
    primaryWrites: everyLevel("both-legs"),
    secondaryAccess: "read-only",
    protects: false,
  },
  PSUS: {
    meaning: "split by an operator: every secondary goes to the same number and stays there",
    ...suspended,
    // An operator split it: nothing but an operator joins it again.
    events: { "taken-over": "SSWS", "term-begun": "COPY" },
    primaryWrites: everyLevel("array-only"),
  },
  PSUE: {
    meaning: "suspended by a failure: the secondaries keep the last common number",
    ...suspended,
    commands: { ...suspended.commands, suspend: to("PSUS") },
    events: { "all-back": "COPY", "taken-over": "SSWS", "term-begun": "COPY" },
    primaryWrites: { never: "array-only", status: "array-only", data: "held" },
  },
  PFUS: {
    meaning: "suspended because the relay's journal was full: what it holds still goes to the secondaries",
    ...suspended,
    commands: { ...suspended.commands, suspend: to("PSUS") },
    events: { "all-back": "COPY", "taken-over": "SSWS", "term-begun": "COPY" },
    primaryWrites: everyLevel("array-only"),
  },
  SSWS: {
    meaning: "taken over: hosts write at the far side, and the old primaries are refused",
    commands: {
      "suspend": no(takenOverAlready, "swap"),
      "resync": no(`${takenOverAlready}: the old primaries become secondaries by a swap`, "swap"),
      "resync --full": no(`${takenOverAlready}: the old primaries become secondaries by a swap`, "swap"),
      // Killed half-way it is run again; and a later one may go on without a node that was lost.
      "takeover": to("SSWS"),
      "swap": to("COPY"),
      // The old roles would put two writers beside each other, and give up what was written since.
      "direct": no(takenOverAlready, "swap"),
      "return": no(takenOverAlready, "swap"),
      "members": no(takenOverAlready, "swap"),
    },
    events: { "term-begun": "COPY" },
    primaryWrites: everyLevel("refused"),
    secondaryAccess: "read-write",
    protects: false,
  },
};

/** Why the command is refused in this state, as an operator reads it; null when it is legal. */
export function refusalOf(group: GroupName, state: PairState, command: PairCommand): Failure | null {
  const outcome = pairStates[state].commands[command];
  if ("next" in outcome) return null;
  const due = outcome.due === "" ? "" : `; due is: wayctl group ${outcome.due} ${group}`;
  return new Failure("GROUP_STATE", `${group} is ${state} (${pairStates[state].meaning}): ${outcome.refused}${due}`, {
    details: { group, state, command },
  });
}

/**
 * The one table of mirror pairs (SPEC A5-A10): which command, event and host I/O is legal in which phase, and where it
 * leads. A *state* is what an operator is told (SMPL, COPY, PAIR, PSUS, PSUE); a *phase* says more finely which copy is
 * under way and which side's bytes count. Nothing else in this package decides by state.
 *
 * P is the primary volume, S the secondary. Regions of a pair are, each by itself (region-marks.ts):
 *   same     both sides hold the same bytes
 *   differs  they may differ, P's count when they are made the same
 *   owed     one side does not hold its bytes yet: they are still on the other (S in `quick-split`, P in `restore`)
 */

export type PairState = "SMPL" | "COPY" | "PAIR" | "PSUS" | "PSUE";

export const pairPhases = [
  "simplex", // no pair
  "initial-copy", // all of P is being copied to S
  "resync", // the recorded regions are being copied to S
  "quick-resync", // PAIR at once; recorded regions are copied to S behind, and read from P until then
  "duplex", // every write goes to both
  "restore", // S is copied back to P: owed regions are read from S until then; writes go to both
  "quick-split", // PSUS at once; S's image is copied behind, and read from P until then
  "split", // each side goes its own way, recorded
  "suspended", // a failure ended the copy or the duplex; S is no image of anything
  "restore-suspended", // a failure ended the restore; what is owed to P is on S alone
] as const;
export type PairPhase = (typeof pairPhases)[number];

export const pairCommands = [
  "create",
  "split",
  "quick-split",
  "resync",
  "quick-resync",
  "restore",
  "delete",
  "force-delete",
] as const;
export type PairCommand = (typeof pairCommands)[number];

export const pairEvents = [
  "copied", // nothing is left to copy
  "diverged", // P failed a write that S may have taken: that region is to be copied again
  "failed", // the other side failed, or the copy did
  "marks-lost", // the record of regions is lost: all of them must be taken for different
  "reopened", // the daemon starts again
] as const;
export type PairEvent = (typeof pairEvents)[number];

/** Which way regions are being copied, if at all. */
export type CopyDirection = "to-secondary" | "to-primary";

export interface HostAccess {
  readonly primaryRead:
    | "primary"
    | "secondary-where-owed"
    /** `IO_ERROR` for what is owed. */
    | "fails-where-owed";
  readonly primaryWrite:
    | "primary"
    /** Region marked durably, then P alone. */
    | "recorded"
    /** P and S, region marked durably until both have it; where P has still to be copied, P alone. */
    | "both"
    /** What is owed to P is brought first, then as `both`. */
    | "restored-then-both"
    /** What is owed to S is copied first, then as `recorded`. */
    | "copied-then-recorded"
    /** `IO_ERROR` where something is owed to P, else as `recorded`. */
    | "recorded-unless-owed";
  readonly secondaryRead: "secondary" | "primary-where-pending" | "primary-where-owed" | "refused";
  readonly secondaryWrite: "secondary" | "recorded" | "copied-then-recorded" | "refused";
}

export interface PhaseRules {
  readonly state: PairState;
  readonly copies: CopyDirection | null;
  readonly host: HostAccess;
  /** The phase that a command leads to (the same: it is done already), or what is legal instead. */
  readonly commands: Readonly<Record<PairCommand, PairPhase | Refusal>>;
  /** The phase that an event leads to. */
  readonly events: Readonly<Record<PairEvent, PairPhase>>;
}

/** Why not, and the command that would be legal; NAME stands for the pair's volumes, as the command takes them. */
export interface Refusal {
  readonly instead: string;
}

const refuse = (instead: string): Refusal => ({ instead });

const wait = "wayctl pair wait NAME";
const noSuchPair = refuse("wayctl pair create NAME");
const exists = refuse("wayctl pair create with another secondary");
const splitFirst = refuse("first wayctl pair split NAME");
const copiedFirst = refuse(`first ${wait}; or wayctl pair split NAME --quick`);
const waitFirst = refuse(`first ${wait}`);
const resyncOnly = refuse("wayctl pair resync NAME, or wayctl pair delete NAME");
const waitOrForce = refuse(`first ${wait}; or wayctl pair delete NAME --force, which leaves a side half copied`);
const restoreOnly = refuse("wayctl pair restore NAME");
const restoreOrForce = refuse("wayctl pair restore NAME; or wayctl pair delete NAME --force, which leaves P a mixture");

const duplexHost: HostAccess = {
  primaryRead: "primary",
  primaryWrite: "both",
  secondaryRead: "primary-where-pending",
  secondaryWrite: "refused",
};
/** While S is a mixture of old and new it is nobody's image, so it is not read. */
const copyHost: HostAccess = { ...duplexHost, secondaryRead: "refused" };

function stays(phase: PairPhase): PhaseRules["events"] {
  return { "copied": phase, "diverged": phase, "failed": phase, "marks-lost": phase, "reopened": phase };
}

export const pairTable: Readonly<Record<PairPhase, PhaseRules>> = {
  "simplex": {
    state: "SMPL",
    copies: null,
    host: { primaryRead: "primary", primaryWrite: "primary", secondaryRead: "secondary", secondaryWrite: "secondary" },
    commands: {
      "create": "initial-copy",
      "split": noSuchPair,
      "quick-split": noSuchPair,
      "resync": noSuchPair,
      "quick-resync": noSuchPair,
      "restore": noSuchPair,
      "delete": noSuchPair,
      "force-delete": noSuchPair,
    },
    events: stays("simplex"),
  },
  "initial-copy": {
    state: "COPY",
    copies: "to-secondary",
    host: copyHost,
    commands: {
      "create": exists,
      "split": copiedFirst,
      "quick-split": "quick-split",
      "resync": "initial-copy",
      "quick-resync": waitFirst,
      "restore": copiedFirst,
      "delete": "simplex",
      "force-delete": "simplex",
    },
    events: { ...stays("initial-copy"), copied: "duplex", failed: "suspended" },
  },
  "resync": {
    state: "COPY",
    copies: "to-secondary",
    host: copyHost,
    commands: {
      "create": exists,
      "split": copiedFirst,
      "quick-split": "quick-split",
      "resync": "resync",
      "quick-resync": "quick-resync",
      "restore": copiedFirst,
      "delete": "simplex",
      "force-delete": "simplex",
    },
    events: { ...stays("resync"), "copied": "duplex", "failed": "suspended", "marks-lost": "initial-copy" },
  },
  "quick-resync": {
    state: "PAIR",
    copies: "to-secondary",
    host: duplexHost,
    commands: {
      "create": exists,
      // PAIR is what the host sees, so it may split; what S lacks comes behind.
      "split": "quick-split",
      "quick-split": "quick-split",
      "resync": "quick-resync",
      "quick-resync": "quick-resync",
      "restore": splitFirst,
      "delete": waitOrForce,
      "force-delete": "simplex",
    },
    events: { ...stays("quick-resync"), "copied": "duplex", "failed": "suspended", "marks-lost": "initial-copy" },
  },
  "duplex": {
    state: "PAIR",
    copies: null,
    host: duplexHost,
    commands: {
      "create": exists,
      "split": "split",
      "quick-split": "split",
      "resync": "duplex",
      "quick-resync": "duplex",
      "restore": splitFirst,
      "delete": "simplex",
      "force-delete": "simplex",
    },
    // Writes that were under way when the power went may be on one side only: those regions are copied again.
    events: {
      "copied": "duplex",
      "diverged": "quick-resync",
      "failed": "suspended",
      "marks-lost": "initial-copy",
      "reopened": "quick-resync",
    },
  },
  "restore": {
    state: "COPY",
    copies: "to-primary",
    host: {
      primaryRead: "secondary-where-owed",
      primaryWrite: "restored-then-both",
      secondaryRead: "primary-where-pending",
      secondaryWrite: "refused",
    },
    commands: {
      "create": exists,
      "split": waitFirst,
      "quick-split": waitFirst,
      "resync": waitFirst,
      "quick-resync": waitFirst,
      "restore": "restore",
      "delete": waitOrForce,
      "force-delete": "simplex",
    },
    // S has all that P had and all that was written since, so without marks all of it is owed.
    events: { ...stays("restore"), copied: "duplex", failed: "restore-suspended" },
  },
  "quick-split": {
    state: "PSUS",
    copies: "to-secondary",
    host: {
      primaryRead: "primary",
      primaryWrite: "copied-then-recorded",
      secondaryRead: "primary-where-owed",
      secondaryWrite: "copied-then-recorded",
    },
    commands: {
      "create": exists,
      "split": "quick-split",
      "quick-split": "quick-split",
      "resync": waitFirst,
      "quick-resync": waitFirst,
      "restore": waitFirst,
      "delete": waitOrForce,
      "force-delete": "simplex",
    },
    events: { ...stays("quick-split"), "copied": "split", "failed": "suspended", "marks-lost": "suspended" },
  },
  "split": {
    state: "PSUS",
    copies: null,
    host: {
      primaryRead: "primary",
      primaryWrite: "recorded",
      secondaryRead: "secondary",
      secondaryWrite: "recorded",
    },
    commands: {
      "create": exists,
      "split": "split",
      "quick-split": "split",
      "resync": "resync",
      "quick-resync": "quick-resync",
      "restore": "restore",
      "delete": "simplex",
      "force-delete": "simplex",
    },
    events: stays("split"),
  },
  "suspended": {
    state: "PSUE",
    copies: null,
    host: {
      primaryRead: "primary",
      primaryWrite: "recorded",
      secondaryRead: "refused",
      secondaryWrite: "refused",
    },
    commands: {
      "create": exists,
      "split": resyncOnly,
      "quick-split": resyncOnly,
      "resync": "resync",
      "quick-resync": resyncOnly,
      "restore": resyncOnly,
      "delete": "simplex",
      "force-delete": "simplex",
    },
    events: stays("suspended"),
  },
  "restore-suspended": {
    state: "PSUE",
    copies: null,
    host: {
      primaryRead: "fails-where-owed",
      primaryWrite: "recorded-unless-owed",
      secondaryRead: "refused",
      secondaryWrite: "refused",
    },
    commands: {
      "create": exists,
      "split": restoreOnly,
      "quick-split": restoreOnly,
      "resync": restoreOnly,
      "quick-resync": restoreOnly,
      "restore": "restore",
      "delete": restoreOrForce,
      "force-delete": "simplex",
    },
    // Which regions of P still waited for S is not known any more: P is kept as it is.
    events: { ...stays("restore-suspended"), "marks-lost": "suspended" },
  },
};

/** Phases of one word need none; the others tell an operator what lies behind the state. */
const phaseTexts: Readonly<Record<PairPhase, string>> = {
  "simplex": "no pair",
  "initial-copy": "initial copy",
  "resync": "resync",
  "quick-resync": "copy going on behind",
  "duplex": "in sync",
  "restore": "restore from S to P",
  "quick-split": "S's image being copied behind",
  "split": "split by command",
  "suspended": "suspended by a failure",
  "restore-suspended": "restore suspended by a failure",
};

/** "PSUS (split by command)" */
export function describePhase(phase: PairPhase): string {
  return `${pairTable[phase].state} (${phaseTexts[phase]})`;
}

export type CommandDecision =
  { readonly kind: "go"; readonly to: PairPhase } | { readonly kind: "refused"; readonly instead: string };

/** `volumes` is what an operator types for this pair: "primary secondary". */
export function decideCommand(volumes: string, phase: PairPhase, command: PairCommand): CommandDecision {
  const cell = pairTable[phase].commands[command];
  if (typeof cell === "string") return { kind: "go", to: cell };
  return { kind: "refused", instead: cell.instead.replaceAll("NAME", volumes) };
}

/** What is legal now on the way to a split pair, whose S-VOL can be used by itself. */
export function towardsSplit(volumes: string, phase: PairPhase): string {
  if (phase === "quick-split") return `first wayctl pair wait ${volumes}`;
  const decision = decideCommand(volumes, phase, "split");
  return decision.kind === "refused" ? decision.instead : `first wayctl pair split ${volumes}`;
}

export function phaseAfter(phase: PairPhase, event: PairEvent): PairPhase {
  return pairTable[phase].events[event];
}

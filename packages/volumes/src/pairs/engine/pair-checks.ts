/** Which volumes can be a pair, and what the pairs of one primary may do at the same time. */
import { describePhase, towardsSplit, type PairPhase } from "../core/pair-phase.js";
import { regionFault } from "../core/region-marks.js";
import { pairFailure } from "../errors.js";
import type { Mirror } from "./mirror.js";
import type { Standing } from "./standings.js";

/** A pair by its volumes. */
export interface PairName {
  readonly primary: string;
  readonly secondary: string;
}

export interface NewPair extends PairName {
  /** The node that has the secondary, if it is another one. */
  readonly secondaryNode?: string;
  /** What one mark stands for: a power of two. */
  readonly regionBytes?: number;
}

/** S-VOLs that one P-VOL may have. */
const secondariesMax = 3;

function refusePair(
  { primary, secondary }: PairName,
  why: string,
  code: "VOLUME_IN_USE" | "VOLUME_SIZE" = "VOLUME_IN_USE",
): never {
  throw pairFailure(code, `Pair ${primary}/${secondary} cannot be: ${why}`);
}

/** What can be said before the secondary is looked at, which another node has to lend for that. */
export function checkPrimary(wanted: NewPair, primary: Standing): void {
  const refuse = (why: string): never => refusePair(wanted, why);
  const others = primary.own.mirrors();
  const twin = others.find(({ secondaryName }) => secondaryName === wanted.secondary);
  if (twin !== undefined) refuse(`${describe(twin)}, is there already; first ${deletionOf(twin)}.`);
  checkNotLent(wanted, primary);
  const { side } = primary.role;
  if (side !== "primary") refuse(`${primary.name} is the secondary of pair ${side.name}; first ${deletionOf(side)}.`);
  if (others.length >= secondariesMax) {
    const names = others.map((mirror) => mirror.name).join(", ");
    refuse(`${primary.name} has ${secondariesMax} pairs already (${names}); delete one of them first.`);
  }
  const { regionBytes } = wanted;
  const fault = regionBytes === undefined ? null : regionFault(regionBytes, primary.store.sizeBytes);
  if (fault !== null) refusePair(wanted, fault, "VOLUME_SIZE");
  const restoring = others.find(isRestoring);
  if (restoring !== undefined) refuse(waitFor(restoring));
}

export function checkSecondary(wanted: NewPair, primary: Standing, secondary: Standing): void {
  if (primary === secondary) refusePair(wanted, "a volume cannot be its own copy.");
  const { sizeBytes } = primary.store;
  if (sizeBytes !== secondary.store.sizeBytes) {
    const sizes = `${primary.name} has ${sizeBytes} bytes, ${secondary.name} ${secondary.store.sizeBytes}`;
    refusePair(wanted, `${sizes}; create a secondary of the same size.`, "VOLUME_SIZE");
  }
  checkNotLent(wanted, secondary);
  const whose = secondary.role.side === "primary" ? secondary.own.mirrors()[0] : secondary.role.side;
  if (whose === undefined) return;
  refusePair(wanted, `${secondary.name} is part of pair ${describe(whose)}; first ${deletionOf(whose)}.`);
}

function checkNotLent(wanted: NewPair, { name, role: { loan } }: Standing): void {
  if (loan !== null) refusePair(wanted, `${name} is the secondary of a pair of node ${loan.primaryNode}.`);
}

/**
 * A restore changes P as a host does, and until it is done part of P lies on one secondary: the other pairs must be apart
 * from P before, and stay so.
 */
export function checkSiblings(mirror: Mirror, to: PairPhase, siblings: readonly Mirror[]): void {
  const refuse = (sibling: Mirror, instead: string): never => {
    const text = `Pair ${mirror.name} cannot go on to ${describePhase(to)} while pair ${sibling.name} of the same primary`;
    throw pairFailure("PAIR_STATE", `${text} is in ${describePhase(sibling.phase())}: ${instead}`);
  };
  if (to === "restore") {
    const joined = siblings.find((sibling) => !["split", "suspended"].includes(sibling.phase()));
    if (joined !== undefined) refuse(joined, `${towardsSplit(joined.volumes, joined.phase())}.`);
  }
  const restoring = siblings.find(isRestoring);
  if (restoring !== undefined && (to === "resync" || to === "quick-resync")) refuse(restoring, waitFor(restoring));
}

function isRestoring(mirror: Mirror): boolean {
  return mirror.rules().host.primaryRead !== "primary";
}

function describe(mirror: Mirror): string {
  return `${mirror.name}, which is in ${describePhase(mirror.phase())}`;
}

function deletionOf({ volumes }: Mirror): string {
  return `wayctl pair delete ${volumes}`;
}

function waitFor({ name, volumes }: Mirror): string {
  return `pair ${name} restores this primary; first wayctl pair wait ${volumes}, or wayctl pair restore ${volumes}.`;
}

/** Which volumes can be a pair, and what the pairs of one primary may do at the same time. */
import { describePhase, type PairPhase } from "../core/pair-phase.js";
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

export interface PairCandidates {
  readonly primary: Standing;
  readonly secondary: Standing;
}

export function checkNewPair({ regionBytes }: NewPair, { primary, secondary }: PairCandidates): void {
  const refuse = (why: string, code: "VOLUME_IN_USE" | "VOLUME_SIZE" = "VOLUME_IN_USE"): never => {
    throw pairFailure(code, `Pair ${primary.name}/${secondary.name} cannot be: ${why}`);
  };
  if (primary === secondary) refuse("a volume cannot be its own copy.");
  const { sizeBytes } = primary.store;
  if (sizeBytes !== secondary.store.sizeBytes) {
    const sizes = `${primary.name} has ${sizeBytes} bytes, ${secondary.name} ${secondary.store.sizeBytes}`;
    refuse(`${sizes}; create a secondary of the same size.`, "VOLUME_SIZE");
  }
  const twin = primary.own.mirrors().find(({ secondaryName }) => secondaryName === secondary.name);
  if (twin !== undefined) refuse(`${describe(twin)}, is there already; first ${deletionOf(twin)}.`);
  const lent = [primary, secondary].find(({ role }) => role.loan !== null);
  if (lent?.role.loan) refuse(`${lent.name} is the secondary of a pair of node ${lent.role.loan.primaryNode}.`);
  const { side } = primary.role;
  if (side !== "primary") refuse(`${primary.name} is the secondary of pair ${side.name}; first ${deletionOf(side)}.`);
  const whose = secondary.role.side === "primary" ? secondary.own.mirrors()[0] : secondary.role.side;
  if (whose !== undefined) refuse(`${secondary.name} is part of pair ${describe(whose)}; first ${deletionOf(whose)}.`);
  const others = primary.own.mirrors();
  if (others.length >= secondariesMax) {
    const names = others.map((mirror) => mirror.name).join(", ");
    refuse(`${primary.name} has ${secondariesMax} pairs already (${names}); delete one of them first.`);
  }
  const fault = regionBytes === undefined ? null : regionFault(regionBytes, sizeBytes);
  if (fault !== null) refuse(fault, "VOLUME_SIZE");
  const restoring = others.find(isRestoring);
  if (restoring !== undefined) refuse(waitFor(restoring));
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
    if (joined !== undefined) refuse(joined, `first wayctl pair split ${joined.volumes}, and wait for its copy.`);
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

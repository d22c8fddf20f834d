/**
 * Which of the disks named can be trusted, decided from their superblocks alone (SPEC A2).
 *
 * The newest superblock is the judge: it lists who was current when it was written, and every change of membership
 * reaches all current disks before a write is acknowledged without the one that went. Generations rise by two per
 * change, in two durable steps over all disks, so a crash in the midst leaves disks at most one apart, while a disk
 * that missed a whole change (it was away, or an old copy was put back) is two or more behind: stale.
 */
import type { Failure } from "@waystation/contracts/errors";
import { raidFailure } from "../errors.js";
import { createGeometry, type Geometry } from "./geometry.js";
import { slots, type Slot } from "./level.js";
import type { Superblock, SuperblockReading } from "./superblock.js";

/** What was found at a place where a disk should be. */
export interface DiskFinding {
  /** Path, for people. */
  readonly file: string;
  readonly reading: SuperblockReading | { readonly kind: "missing"; readonly reason: string };
}

interface SlotVerdict {
  readonly slot: Slot;
  /** Null when no disk given claims this slot. */
  readonly file: string | null;
  readonly trusted: boolean;
  /** Why it is not trusted, or "current". */
  readonly reason: string;
}

export interface Membership {
  readonly newest: Superblock;
  readonly geometry: Geometry;
  readonly slots: readonly SlotVerdict[];
}

interface Claim {
  readonly file: string;
  readonly superblock: Superblock;
}

/** Throws a `Failure` that names the files when the array must not be opened. */
export function decideMembership(findings: readonly DiskFinding[]): Membership {
  const claims = findings.flatMap(({ file, reading }): Claim[] =>
    reading.kind === "valid" ? [{ file, superblock: reading.superblock }] : [],
  );
  const newest = newestOf(claims);
  if (newest === null) throw noArray(findings);
  // Before the check for mixed disks: creation that was interrupted twice leaves superblocks of two attempts.
  if (claims.every(({ superblock }) => superblock.phase === "creating")) throw halfCreated(claims);
  refuseMixed(claims);
  refuseSlotTwice(claims);
  refuseDiverged(claims, newest);
  const { shape } = newest.superblock;
  if (findings.length > shape.diskCount) {
    throw raidFailure("ARRAY_MISMATCH", `${findings.length} disks are named for an array of ${shape.diskCount}.`);
  }
  const geometry = createGeometry(shape);
  const verdicts = slots(shape.diskCount).map((slot) => judgeSlot(slot, claims, newest.superblock, findings));
  const gone = verdicts.filter((verdict) => !verdict.trusted);
  if (gone.length > geometry.tolerance) throw tooDegraded(newest.superblock, geometry, gone);
  return { newest: newest.superblock, geometry, slots: verdicts };
}

function judgeSlot(
  slot: Slot,
  claims: readonly Claim[],
  newest: Superblock,
  findings: readonly DiskFinding[],
): SlotVerdict {
  const claim = claims.find(({ superblock }) => superblock.slot === slot);
  if (claim === undefined) return { slot, file: null, trusted: false, reason: missingReason(findings) };
  const { file, superblock } = claim;
  if (newest.members[slot] !== "active") {
    return { slot, file, trusted: false, reason: "it was out of the array while others were written" };
  }
  if (superblock.generation < newest.generation - 1) {
    const reason = `stale: generation ${superblock.generation}, the array is at ${newest.generation}`;
    return { slot, file, trusted: false, reason };
  }
  return { slot, file, trusted: true, reason: "current" };
}

/** A slot that nobody claims belongs to one of the disks whose superblock could not be read. */
function missingReason(findings: readonly DiskFinding[]): string {
  const unusable = findings.flatMap(({ file, reading }) => {
    if (reading.kind === "missing") return [`${file}: ${reading.reason}`];
    if (reading.kind === "blank") return [`${file}: no superblock`];
    return reading.kind === "torn" ? [`${file}: both copies of its superblock are damaged`] : [];
  });
  return unusable.length === 0 ? "no disk named claims it" : `missing; unusable: ${unusable.join("; ")}`;
}

function newestOf(claims: readonly Claim[]): Claim | null {
  let newest: Claim | null = null;
  for (const claim of claims) {
    if (newest === null || claim.superblock.generation > newest.superblock.generation) newest = claim;
  }
  return newest;
}

function noArray(findings: readonly DiskFinding[]): Failure {
  const files = findings.map(({ file }) => file).join(", ");
  return raidFailure(
    "ARRAY_NOT_FOUND",
    `No array on ${files}: ${missingReason(findings)}. Create it, or mount its disks.`,
  );
}

function refuseMixed(claims: readonly Claim[]): void {
  const byArray = new Map<string, string[]>();
  for (const { file, superblock } of claims) {
    // The shape belongs to the identity: disks that disagree on it were not formed by one creation.
    const identity = JSON.stringify([superblock.arrayId, superblock.arrayName, superblock.shape]);
    byArray.set(identity, [...(byArray.get(identity) ?? []), file]);
  }
  if (byArray.size <= 1) return;
  const parts = [...byArray].map(([identity, files]) => {
    const [id, name] = JSON.parse(identity) as [string, string];
    return `${files.join(", ")} of array ${name} (${id.slice(0, 8)})`;
  });
  throw raidFailure("ARRAY_MIXED", `These disks are of different arrays: ${parts.join("; ")}. Name one array's disks.`);
}

function halfCreated(claims: readonly Claim[]): Failure {
  const files = claims.map(({ file }) => file).join(", ");
  return raidFailure("ARRAY_HALF_CREATED", `Creation was interrupted on ${files}; nothing is stored: create it again.`);
}

function refuseSlotTwice(claims: readonly Claim[]): void {
  for (const [index, { file, superblock }] of claims.entries()) {
    const other = claims.slice(index + 1).find((claim) => claim.superblock.slot === superblock.slot);
    if (other === undefined) continue;
    throw raidFailure(
      "ARRAY_SLOT_TWICE",
      `${file} and ${other.file} both claim slot ${superblock.slot} of array ${superblock.arrayName}: ` +
        `one is a copy. Remove the copy.`,
    );
  }
}

/** Each side says that the other was ejected: both were written since, and neither can be told to be the truth. */
function refuseDiverged(claims: readonly Claim[], newest: Claim): void {
  for (const { file, superblock } of claims) {
    const outForNewest = newest.superblock.members[superblock.slot] !== "active";
    const newestIsOut = superblock.members[newest.superblock.slot] !== "active";
    if (!outForNewest || !newestIsOut) continue;
    throw raidFailure(
      "ARRAY_DIVERGED",
      `${newest.file} and ${file} were each used without the other: decide which to keep, and name only its side.`,
    );
  }
}

function tooDegraded(newest: Superblock, geometry: Geometry, gone: readonly SlotVerdict[]): Failure {
  const list = gone.map(({ slot, file, reason }) => `slot ${slot}${file === null ? "" : ` (${file})`}: ${reason}`);
  return raidFailure(
    "ARRAY_TOO_DEGRADED",
    `Array ${newest.arrayName} (${geometry.level}, ${geometry.diskCount} disks) survives the loss of ` +
      `${geometry.tolerance}, but ${gone.length} cannot be used. ${list.join(". ")}. Bring the disks back.`,
  );
}

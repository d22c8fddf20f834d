/**
 * When an array must not be opened at all, and what to say then: which files, in which state, and what would be legal.
 */
import type { Failure } from "@waystation/contracts/errors";
import { raidFailure } from "../errors.js";
import type { Geometry } from "./geometry.js";
import type { Slot } from "./level.js";
import { superblockFormat, type MemberRecord, type Superblock, type SuperblockReading } from "./superblock.js";

/** What was found at a place where a disk should be. */
export interface DiskFinding {
  /** Path, for people. */
  readonly file: string;
  /** What the place is meant for. Disks of the array may be in either: a spare that was taken stays where it is. */
  readonly place: "disk" | "spare";
  readonly reading: SuperblockReading | { readonly kind: "missing"; readonly reason: string };
}

/** A disk with a whole superblock. */
export interface Claim {
  readonly file: string;
  readonly superblock: Superblock;
}

interface SoundClaims {
  /** Of the array, at any place. */
  readonly claims: readonly Claim[];
  readonly newest: Claim;
  /** Disks of other arrays, at places for spares. */
  readonly strangers: readonly Claim[];
}

export function soundClaims(findings: readonly DiskFinding[]): SoundClaims {
  refuseOtherFormats(findings);
  const atDisks = claimsAt(findings, "disk");
  const atSpares = claimsAt(findings, "spare");
  // Before the check for mixed disks: creation that was interrupted twice leaves superblocks of two attempts.
  const all = [...atDisks, ...atSpares];
  if (all.length > 0 && all.every(({ superblock }) => superblock.phase === "creating")) throw halfCreated(all);
  refuseMixed(atDisks.length > 0 ? atDisks : atSpares);
  const [first] = all;
  if (first === undefined) throw noArray(findings);
  const isOurs = (claim: Claim): boolean => identityOf(claim) === identityOf(first);
  const claims = all.filter(isOurs);
  const newest = newestOf(claims);
  refuseCopies(claims, newest);
  refuseDiverged(claims, newest);
  const { arrayName, shape } = newest.superblock;
  const places = findings.filter(({ place }) => place === "disk").length;
  if (places > shape.diskCount) {
    const text = `${places} disks are named for array ${arrayName} of ${shape.diskCount}: name its disks, and others as spares.`;
    throw raidFailure("ARRAY_MISMATCH", text);
  }
  return { claims, newest, strangers: all.filter((claim) => !isOurs(claim)) };
}

function claimsAt(findings: readonly DiskFinding[], wanted: DiskFinding["place"]): Claim[] {
  return findings.flatMap(({ file, place, reading }) =>
    place === wanted && reading.kind === "valid" ? [{ file, superblock: reading.superblock }] : [],
  );
}

function newestOf(claims: readonly Claim[]): Claim {
  return claims.reduce((newest, claim) =>
    claim.superblock.generation > newest.superblock.generation ? claim : newest,
  );
}

/** What is wrong at a place; nothing when there is a superblock. */
export function describeUnusable({ file, reading }: DiskFinding): string[] {
  switch (reading.kind) {
    case "valid":
      return [];
    case "missing":
      return [`${file}: ${reading.reason}`];
    case "blank":
    case "begun":
      return [`${file}: no superblock`];
    case "torn":
      return [`${file}: both copies of its superblock are damaged`];
    case "other-format":
      return [`${file}: a superblock of format ${reading.format}`];
  }
}

function refuseOtherFormats(findings: readonly DiskFinding[]): void {
  const others = findings.flatMap(({ file, place, reading }) =>
    place === "disk" && reading.kind === "other-format" ? [`${file} (format ${reading.format})`] : [],
  );
  if (others.length === 0) return;
  throw raidFailure(
    "ARRAY_FORMAT",
    `These disks were written by another version: ${others.join(", ")}; this one reads format ${superblockFormat}. ` +
      `Use the version that wrote them, or move the disks away and start, which creates the array anew, empty.`,
  );
}

function noArray(findings: readonly DiskFinding[]): Failure {
  const files = findings.map(({ file }) => file).join(", ");
  const reasons = findings.flatMap(describeUnusable).join("; ");
  return raidFailure("ARRAY_NOT_FOUND", `No array on ${files}: ${reasons}. Create it, or mount its disks.`);
}

/** The shape belongs to the identity: disks that disagree on it were not formed by one creation. */
function identityOf({ superblock }: Claim): string {
  return JSON.stringify([superblock.arrayId, superblock.arrayName, superblock.shape]);
}

function refuseMixed(claims: readonly Claim[]): void {
  const byArray = new Map<string, Claim[]>();
  for (const claim of claims) byArray.set(identityOf(claim), [...(byArray.get(identityOf(claim)) ?? []), claim]);
  if (byArray.size <= 1) return;
  const parts = [...byArray.values()].map((group) => {
    const { arrayName, arrayId } = (group[0] as Claim).superblock;
    return `${group.map(({ file }) => file).join(", ")} of array ${arrayName} (${arrayId.slice(0, 8)})`;
  });
  throw raidFailure("ARRAY_MIXED", `These disks are of different arrays: ${parts.join("; ")}. Name one array's disks.`);
}

function halfCreated(claims: readonly Claim[]): Failure {
  const files = claims.map(({ file }) => file).join(", ");
  return raidFailure("ARRAY_HALF_CREATED", `Creation was interrupted on ${files}; nothing is stored: create it again.`);
}

/** Spares may be copies of each other: nothing is read from them. */
function refuseCopies(claims: readonly Claim[], newest: Claim): void {
  for (const [index, { file, superblock }] of claims.entries()) {
    const { diskId, arrayName, generation } = superblock;
    const slot = newest.superblock.members.findIndex((member) => member.diskId === diskId);
    const other = claims.slice(index + 1).find((claim) => claim.superblock.diskId === diskId);
    if (slot < 0 || other === undefined) continue;
    throw raidFailure(
      "ARRAY_SLOT_TWICE",
      `${file} (generation ${generation}) and ${other.file} (generation ${other.superblock.generation}) are both disk ` +
        `${diskId} of slot ${slot} of array ${arrayName}: one is a copy. Remove the copy; the older one if they differ.`,
    );
  }
}

/**
 * A disk that was written after the newest one came in knows it, unless each was used without the other: then neither
 * can be told to be the truth. In one history a disk that once went never comes back under its id.
 */
function refuseDiverged(claims: readonly Claim[], newest: Claim): void {
  const { diskId, members, arrayName } = newest.superblock;
  const joined = members.find((member) => member.diskId === diskId)?.joined;
  if (joined === undefined) return;
  for (const { file, superblock } of claims) {
    if (superblock.slot === null || superblock.generation <= joined) continue;
    const isInThere = superblock.members.some((member) => member.diskId === diskId && member.state !== "ejected");
    if (isInThere) continue;
    throw raidFailure(
      "ARRAY_DIVERGED",
      `${newest.file} and ${file} of array ${arrayName} were each used without the other: decide which to keep, and ` +
        `name only its side.`,
    );
  }
}

/** A slot without a current disk. */
export interface GoneSlot {
  readonly slot: Slot;
  readonly standing: "current" | "rebuilding" | "absent";
  readonly file: string | null;
  readonly reason: string;
  readonly record: MemberRecord;
  /** Its superblock is older than the newest one: a crash came amid a change. */
  readonly isBehind: boolean;
}

export function tooDegraded(newest: Superblock, geometry: Geometry, gone: readonly GoneSlot[]): Failure {
  const { arrayName } = newest;
  const list = gone.map(
    (slot) => `Slot ${slot.slot}${slot.file === null ? "" : ` (${slot.file})`}: ${adviceFor(geometry, slot)}`,
  );
  return raidFailure(
    "ARRAY_TOO_DEGRADED",
    `Array ${arrayName} (${geometry.level}, ${geometry.diskCount} disks) cannot be opened without ${gone.length} of ` +
      `them. ${list.join(" ")} Bring back the disks that are only missing, and start again.`,
  );
}

/** What each disk that is gone could still do for the array. */
function adviceFor(geometry: Geometry, { standing, file, reason, record }: GoneSlot): string {
  if (standing === "rebuilding") {
    const percent = Math.floor((100 * record.rebuiltStripes) / geometry.stripeCount);
    return `${reason}, ${percent} % done; it needs the others to be finished.`;
  }
  const text = `${reason}.`;
  if (file === null)
    return `${text} It was current when it was last seen: mount or reconnect it (disk ${record.diskId}).`;
  return `${text} It cannot be used as it is; once the others are back, it is rebuilt.`;
}

/**
 * Which of the disks found can be trusted, decided from their superblocks alone (SPEC A2).
 *
 * The newest superblock is the judge: it says which disk, by its id, had which slot when it was written, and every change
 * of membership reaches all current disks before a write is acknowledged without the one that went. Generations rise by
 * two per change, in two durable steps over all disks, so a crash in the midst leaves disks at most one apart, while a
 * disk that missed a whole change (it was away, or an old copy was put back) is two or more behind: stale. Where a disk
 * is found says nothing: disks may change places, and one that was a spare stays where spares are.
 */
import { createGeometry, type Geometry } from "./geometry.js";
import { slots, type Slot } from "./level.js";
import {
  describeUnusable,
  soundClaims,
  tooDegraded,
  type Claim,
  type DiskFinding,
  type GoneSlot,
} from "./membership-refusals.js";
import type { MemberRecord, Superblock } from "./superblock.js";

/**
 * `current`: trusted. `rebuilding`: trusted below `record.rebuiltStripes`. `absent`: never read. With `file` null when no
 * disk found has the slot, and the reason why it is absent, or "current", or "rebuilding".
 */
export type SlotVerdict = GoneSlot;

/** A place for spares, or a disk of this array that has no slot. */
export interface SpareVerdict {
  readonly file: string;
  /** `ready`: a spare of this array. `empty`: nothing there yet. `unusable`: something that is not ours to write over. */
  readonly standing: "ready" | "empty" | "unusable";
  readonly reason: string;
}

export interface Membership {
  readonly newest: Superblock;
  readonly geometry: Geometry;
  readonly slots: readonly SlotVerdict[];
  readonly spares: readonly SpareVerdict[];
}

/** Throws a `Failure` that names the files when the array must not be opened. */
export function decideMembership(findings: readonly DiskFinding[]): Membership {
  const { claims, newest: newestClaim, strangers } = soundClaims(findings);
  const newest = newestClaim.superblock;
  const geometry = createGeometry(newest.shape);
  const judged = slots(geometry.diskCount).map((slot) => judgeSlot(slot, claims, newest, findings));
  const gone = judged.filter(({ standing }) => standing !== "current");
  if (!geometry.survives((slot) => judged[slot]?.standing !== "current")) throw tooDegraded(newest, geometry, gone);
  const spares = findings.flatMap((finding) => judgeSpare(finding, newest, strangers));
  return { newest, geometry, slots: judged, spares };
}

function judgeSlot(
  slot: Slot,
  claims: readonly Claim[],
  newest: Superblock,
  findings: readonly DiskFinding[],
): SlotVerdict {
  const record = newest.members[slot] as MemberRecord;
  const claim = claims.find(({ superblock }) => superblock.diskId === record.diskId);
  const absent = (reason: string): SlotVerdict => {
    return { slot, standing: "absent", file: claim?.file ?? null, reason, record, isBehind: true };
  };
  if (claim === undefined) return absent(missingReason(slot, record, findings, claims));
  if (record.state === "ejected") return absent("it was out of the array while others were written");
  const { file, superblock } = claim;
  // Of a rebuild that has not come anywhere nothing is read, so it may be as old as it likes.
  const needsNothing = record.state === "rebuilding" && record.rebuiltStripes === 0;
  if (!needsNothing && superblock.generation < newest.generation - 1) {
    return absent(`stale: generation ${superblock.generation}, the array is at ${newest.generation}`);
  }
  const isBehind = superblock.generation < newest.generation;
  if (record.state === "rebuilding")
    return { slot, standing: "rebuilding", file, reason: "rebuilding", record, isBehind };
  return { slot, standing: "current", file, reason: "current", record, isBehind };
}

/** A slot whose disk is not there: it may be one of those whose superblock could not be read. */
function missingReason(
  slot: Slot,
  { diskId }: MemberRecord,
  findings: readonly DiskFinding[],
  claims: readonly Claim[],
): string {
  const unusable = findings.flatMap((finding) => (finding.place === "disk" ? describeUnusable(finding) : []));
  const former = claims.find(({ superblock }) => superblock.slot === slot && superblock.diskId !== diskId);
  if (former !== undefined) unusable.unshift(`${former.file}: had the slot before, and was replaced`);
  return unusable.length === 0 ? "no disk named claims it" : `missing; unusable: ${unusable.join("; ")}`;
}

function judgeSpare(finding: DiskFinding, newest: Superblock, strangers: readonly Claim[]): SpareVerdict[] {
  const { file, place, reading } = finding;
  const verdict = (standing: SpareVerdict["standing"], reason: string): SpareVerdict[] => [{ file, standing, reason }];
  const stranger = strangers.find((claim) => claim.file === file);
  if (stranger !== undefined) return verdict("unusable", `it belongs to array ${stranger.superblock.arrayName}`);
  if (reading.kind === "valid") {
    const { diskId, slot } = reading.superblock;
    if (newest.members.some((member) => member.diskId === diskId)) return [];
    if (slot === null) return verdict("ready", "spare");
    // Whatever made it leave may still be wrong with it: that somebody wants it again must be said.
    return verdict("unusable", `it had slot ${slot} before, and was replaced: erase it to make it a spare`);
  }
  if (place === "disk") return [];
  if (reading.kind === "blank" || reading.kind === "begun" || reading.kind === "missing")
    return verdict("empty", "nothing there");
  const [reason] = describeUnusable(finding);
  return verdict("unusable", `${reason}: erase it if it is not needed`);
}

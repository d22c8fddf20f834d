/** Opens what is at the places of an array, and decides which of the disks can be trusted. */
import { reasonOf } from "@waystation/contracts/errors";
import { superblockOffsets, blockBytes } from "../core/disk-layout.js";
import { diskBytesNeeded } from "../core/geometry.js";
import { decideMembership, type Membership } from "../core/membership.js";
import type { DiskFinding } from "../core/membership-refusals.js";
import { readSuperblock } from "../core/superblock.js";
import { raidFailure } from "../errors.js";
import { firstFailure, type BlockDisk, type DiskPlace } from "./block-disk.js";
import type { Member } from "./members.js";

export interface FoundMembers {
  readonly membership: Membership;
  readonly members: readonly Member[];
}

export interface ArrayPlaces {
  readonly disks: readonly DiskPlace[];
  readonly spares: readonly DiskPlace[];
}

/** `opened` gets the disks that are used: the caller closes them, even when this throws. */
export async function findMembers({ disks, spares }: ArrayPlaces, opened: BlockDisk[]): Promise<FoundMembers> {
  const findings: DiskFinding[] = [];
  const found = new Map<string, BlockDisk>();
  const look = async (place: DiskPlace, kind: DiskFinding["place"]): Promise<void> => {
    try {
      const disk = await place.open();
      opened.push(disk);
      found.set(place.file, disk);
      findings.push({ file: place.file, place: kind, reading: await examine(disk) });
    } catch (error) {
      findings.push({ file: place.file, place: kind, reading: { kind: "missing", reason: reasonOf(error) } });
    }
  };
  for (const place of disks) await look(place, "disk");
  for (const place of spares) await look(place, "spare");
  const membership = decideMembership(findings);
  const members = membership.slots.map(({ slot, standing, file, reason, record, isBehind }): Member => {
    const disk = standing === "absent" || file === null ? null : (found.get(file) ?? null);
    if (disk !== null) refuseCutShort(disk, membership);
    const wholeStripes = standing === "current" ? Infinity : standing === "rebuilding" ? record.rebuiltStripes : 0;
    return { slot, file, disk, reason, record, wholeStripes, isBehind };
  });
  // Those that are not trusted are never touched again.
  for (const disk of found.values()) {
    if (members.some((member) => member.disk === disk)) continue;
    opened.splice(opened.indexOf(disk), 1);
    await disk.close();
  }
  return { membership, members };
}

async function examine(disk: BlockDisk): Promise<DiskFinding["reading"]> {
  const copies = superblockOffsets.map(() => Buffer.alloc(blockBytes));
  const failure = firstFailure(
    await disk.submit(
      superblockOffsets.map((offsetBytes, copy) => ({ kind: "read", offsetBytes, into: copies[copy] as Buffer })),
    ),
  );
  return failure === null ? readSuperblock(copies) : { kind: "missing", reason: failure.message };
}

function refuseCutShort(disk: BlockDisk, { geometry, newest }: Membership): void {
  const neededBytes = diskBytesNeeded(geometry);
  if (disk.sizeBytes >= neededBytes) return;
  throw raidFailure(
    "DISK_TOO_SMALL",
    `${disk.file} has ${disk.sizeBytes} bytes of the ${neededBytes} that array ${newest.arrayName} uses: it was cut short. ` +
      `Restore it, or move it away: the array goes on without it if its level allows.`,
  );
}

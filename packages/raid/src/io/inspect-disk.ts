/** What is at a place, before anything counts on it: nothing, an array, a part of a creation, or something else. */
import { blockBytes, logOffsetBytes, superblockOffsets, tailOffsets } from "../core/disk-layout.js";
import { readSuperblock, type SuperblockReading } from "../core/superblock.js";
import { isZero } from "../core/zeros.js";
import { mustDo, type BlockDisk, type DiskPlace } from "./block-disk.js";

/** What is at the places given: nothing, a creation that was interrupted, or (part of) an array. */
export type ArrayPresence = "absent" | "half-created" | "present";

export async function inspectArray(disks: readonly DiskPlace[]): Promise<ArrayPresence> {
  const readings = await Promise.all(disks.map(async (place) => (await inspectDisk(place))?.reading ?? null));
  const found = readings.flatMap((reading) => (reading?.kind === "valid" ? [reading.superblock] : []));
  if (found.some(({ phase }) => phase === "ready")) return "present";
  const isBegun = readings.some((reading) => reading?.kind === "begun");
  // Superblocks that are damaged, or of another version, are somebody's array; to call that absent would invite to
  // overwrite it.
  if (readings.some((reading) => reading?.kind === "torn" || reading?.kind === "other-format")) return "present";
  return found.length > 0 || isBegun ? "half-created" : "absent";
}

export interface DiskInspection {
  readonly reading: SuperblockReading;
  /** Nothing is there that anybody could miss. */
  readonly isClear: boolean;
}

/** Null when there is no disk, or none that can be read. */
export async function inspectDisk(place: DiskPlace): Promise<DiskInspection | null> {
  let disk: BlockDisk;
  try {
    disk = await place.open();
  } catch {
    // Nothing there, or nothing readable: creation will say what is wrong with it if it still is.
    return null;
  }
  try {
    const area = Buffer.alloc(Math.min(logOffsetBytes, disk.sizeBytes));
    await mustDo(disk, [{ kind: "read", offsetBytes: 0, into: area }]);
    const copies = superblockOffsets.map((offset) => Buffer.from(area.subarray(offset, offset + blockBytes)));
    if (copies.some((copy) => copy.length < blockBytes)) return { reading: { kind: "blank" }, isClear: isZero(area) };
    return { reading: readSuperblock(copies), isClear: isClear(area) };
  } finally {
    await disk.close();
  }
}

/** True when only torn superblocks of an interrupted creation could have left what is there. */
function isClear(area: Buffer): boolean {
  const rest = Buffer.from(area);
  for (const offset of superblockOffsets) {
    const firstSector = rest.subarray(offset, offset + 512);
    if (firstSector.toString("latin1", 0, 8) === "WSRAIDSB" || isZero(firstSector))
      rest.fill(0, offset, offset + blockBytes);
  }
  for (const offset of tailOffsets) {
    if (rest.toString("latin1", offset, offset + 4) === "WSLT") rest.fill(0, offset, offset + blockBytes);
  }
  return isZero(rest);
}

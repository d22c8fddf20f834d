/**
 * Forms an array. Until the last step nothing can be stored, so an interrupted creation is simply done again.
 *
 * Step by step, and what a crash right after leaves:
 * 1. every disk exists, its data and log areas read as zeros, the log's tail stands at 0      -> no superblock: create again
 * 2. each disk has a superblock of generation 1, phase `creating`                            -> ARRAY_HALF_CREATED: create again
 * 3. each disk has one of generation 2, phase `ready`; once one has, all had finished step 2 -> opens, and is made even
 */
import { randomBytes } from "node:crypto";
import { isName, nameRule } from "@waystation/contracts/ids";
import {
  checksumOffsetFor,
  logBytesDefault,
  logOffsetBytes,
  superblockOffsets,
  tailOffsets,
} from "../core/disk-layout.js";
import {
  createGeometry,
  dataBytesFitting,
  diskBytesNeeded,
  needsLog,
  type ArrayShape,
  type Geometry,
} from "../core/geometry.js";
import { levels, type RaidLevel, type Slot } from "../core/level.js";
import { encodeTail } from "../core/log-tail.js";
import { encodeSuperblock, type Superblock } from "../core/superblock.js";
import { raidFailure } from "../errors.js";
import { mustDo, type BlockDisk, type DiskPlace } from "./block-disk.js";
import { inspectDisk } from "./inspect-disk.js";
import { clearRange, writeEmptyLog } from "./prepare-disk.js";
import { logSlots } from "./stripe-log.js";

export interface CreateArrayOptions {
  readonly name: string;
  readonly level: RaidLevel;
  readonly unitBytes: number;
  /** In slot order. */
  readonly disks: readonly DiskPlace[];
  /** Size of each disk; files are made so large (sparse). Existing disks may be larger. */
  readonly diskBytes: number;
  /** Size of the stripe log on each disk; the default suits all but tests. */
  readonly logBytes?: number;
  /** Whether each block has a checksum (the default): see `ArrayShape`. */
  readonly checksums?: boolean;
}

/** Creates an array; opening it is another matter. Refuses disks that hold anything else than a creation begun. */
export async function createArray(options: CreateArrayOptions): Promise<void> {
  if (!isName(options.name)) throw raidFailure("ARRAY_SHAPE", `"${options.name}" is no array name: ${nameRule}.`);
  const shape = shapeOf({ ...options, diskCount: options.disks.length });
  const geometry = createGeometry({ ...shape, dataBytesPerDisk: dataBytesFitting(options.diskBytes, shape) });
  for (const place of options.disks) await refuseUsedDisk(place);

  const disks: BlockDisk[] = [];
  try {
    const arrayId = randomBytes(16).toString("hex");
    for (const [slot, place] of options.disks.entries()) {
      const { disk, isNew } = await place.create(options.diskBytes);
      disks.push(disk);
      if (disk.sizeBytes < options.diskBytes) throw tooSmall(disk, options.diskBytes);
      await prepareDisk({ disk, isNew, slot: slot as Slot, geometry, arrayId });
    }
    const { name } = options;
    const diskIds = disks.map(() => newDiskId());
    const round = { arrayId, arrayName: name, geometry, diskIds };
    await writeSuperblocks(disks, { ...round, generation: 1, phase: "creating" });
    await writeSuperblocks(disks, { ...round, generation: 2, phase: "ready" });
  } finally {
    for (const disk of disks) await disk.close();
  }
}

async function refuseUsedDisk(place: DiskPlace): Promise<void> {
  const found = await inspectDisk(place);
  if (found === null) return;
  const { reading, isClear: clear } = found;
  if (reading.kind === "valid" && reading.superblock.phase === "ready") {
    const { arrayName } = reading.superblock;
    throw raidFailure("ARRAY_EXISTS", `${place.file} belongs to array ${arrayName}: open that, or name another disk.`);
  }
  if (reading.kind === "other-format" || (reading.kind !== "valid" && !clear)) {
    throw raidFailure("DISK_NOT_EMPTY", `${place.file} holds something else: erase it first if it is not needed.`);
  }
}

interface DiskPreparation {
  readonly disk: BlockDisk;
  readonly isNew: boolean;
  readonly slot: Slot;
  readonly geometry: Geometry;
  readonly arrayId: string;
}

async function prepareDisk({ disk, isNew, slot, geometry, arrayId }: DiskPreparation): Promise<void> {
  if (!isNew) {
    await clearRange(disk, 0, logOffsetBytes);
    // Zeros are the right checksums of zeros.
    const start = checksumOffsetFor(geometry.logBytes);
    await clearRange(disk, start, geometry.dataOffsetBytes - start + geometry.dataBytesPerDisk);
  }
  if (logSlots(geometry).includes(slot)) {
    await writeEmptyLog(disk, geometry);
    const from = encodeTail({ arrayId, session: 0, position: 0 });
    await mustDo(disk, [{ kind: "write", offsetBytes: tailOffsets[0], from, durable: false }]);
  }
  await mustDo(disk, [{ kind: "sync" }]);
}

interface SuperblockRound {
  readonly arrayId: string;
  readonly arrayName: string;
  readonly geometry: Geometry;
  /** By slot. */
  readonly diskIds: readonly string[];
  readonly generation: number;
  readonly phase: Superblock["phase"];
}

function newDiskId(): string {
  return randomBytes(8).toString("hex");
}

async function writeSuperblocks(disks: readonly BlockDisk[], round: SuperblockRound): Promise<void> {
  const { geometry, diskIds, ...rest } = round;
  const { level, diskCount, unitBytes, dataBytesPerDisk, logBytes, checksums } = geometry;
  const shape = { level, diskCount, unitBytes, dataBytesPerDisk, logBytes, checksums };
  const members = diskIds.map((diskId) => ({ state: "active" as const, diskId, joined: 1, rebuiltStripes: 0 }));
  for (const [slot, disk] of disks.entries()) {
    const from = encodeSuperblock({ ...rest, shape, slot, diskId: diskIds[slot] as string, members });
    const offsetBytes = superblockOffsets[round.generation % 2] as number;
    await mustDo(disk, [{ kind: "write", offsetBytes, from, durable: true }]);
  }
}

function tooSmall(disk: BlockDisk, neededBytes: number): Error {
  const text = `${disk.file} has ${disk.sizeBytes} bytes, the array needs ${neededBytes} on each disk: use a larger one.`;
  return raidFailure("DISK_TOO_SMALL", text);
}

interface WantedShape {
  readonly level: RaidLevel;
  readonly diskCount: number;
  readonly unitBytes: number;
  readonly logBytes?: number;
  readonly checksums?: boolean;
}

function shapeOf({ level, diskCount, unitBytes, ...wanted }: WantedShape): Omit<ArrayShape, "dataBytesPerDisk"> {
  const checksums = wanted.checksums ?? true;
  const logBytes = needsLog({ level, diskCount, checksums }) ? (wanted.logBytes ?? logBytesDefault) : 0;
  return { level, diskCount, unitBytes, logBytes, checksums };
}

/** The smallest disk for an array of this shape that holds `usableBytes`. */
export function diskBytesFor(wanted: WantedShape, usableBytes: number): number {
  const shape = shapeOf(wanted);
  const perStripe = levels[shape.level].dataUnits(shape.diskCount) * shape.unitBytes;
  return diskBytesNeeded({ ...shape, dataBytesPerDisk: Math.ceil(usableBytes / perStripe) * shape.unitBytes });
}

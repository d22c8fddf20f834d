/**
 * Thick volumes (LUs) on an array (SPEC A1): created, listed, opened. A volume reads as zeros until it is written: its
 * space was never used before, or is zeroed durably before the table names it. The table names it durably before
 * `create` resolves.
 */
import type { BlockWrite, DurableBlockStore } from "@waystation/contracts/block-device";
import { within } from "@waystation/contracts/byte-range";
import { Failure } from "@waystation/contracts/errors";
import { isName, nameRule, type VolumeName } from "@waystation/contracts/ids";
import { volumeFailure } from "./errors.js";
import {
  emptyTable,
  encodeTable,
  grainBytes,
  readTable,
  sectorBytes,
  tableCopyBytes,
  tableCopyOffsets,
  type VolumeEntry,
  type VolumeTable,
} from "./volume-table.js";

export interface Volume extends DurableBlockStore {
  readonly name: VolumeName;
}

export interface VolumeSummary {
  readonly name: VolumeName;
  readonly sizeBytes: number;
}

export interface Volumes {
  list(): readonly VolumeSummary[];
  /** Bytes that new volumes can still use, in grains of 1 MiB. */
  freeBytes(): number;
  /** Rejects with `VOLUME_EXISTS`, `VOLUME_NAME`, `VOLUME_SIZE` or `NO_SPACE`. The size is a multiple of 512 bytes. */
  create(name: VolumeName, sizeBytes: number): Promise<void>;
  /** Throws `VOLUME_NOT_FOUND`. Closing the volume leaves the array open. */
  open(name: VolumeName): Volume;
}

/** Reads the volume table of an array; a new array has none, and no volumes. Rejects with `VOLUME_TABLE_DAMAGED`. */
export async function openVolumes(array: DurableBlockStore): Promise<Volumes> {
  let table = await loadTable(array);
  let changing: Promise<unknown> = Promise.resolve();

  const create = async (name: VolumeName, sizeBytes: number): Promise<void> => {
    const next = addVolume(table, { name, sizeBytes, arrayBytes: array.sizeBytes });
    const data = encodeTable(next);
    if (data === null) throw volumeFailure("NO_SPACE", `The volume table has no room for volume ${name}.`);
    // The other copy stays as it was: a torn write leaves it.
    await array.write(tableCopyOffsets[next.generation % 2] as number, data);
    table = next;
  };

  return {
    list: () => table.volumes.map(({ name, sizeBytes }) => ({ name, sizeBytes })),
    freeBytes: () => freeBytesOf(table, array.sizeBytes),
    create(name, sizeBytes) {
      const mine = changing.then(() => create(name, sizeBytes));
      changing = mine.catch(() => {});
      return mine;
    },
    open(name) {
      const entry = table.volumes.find((volume) => volume.name === name);
      if (entry !== undefined) return openVolume(array, entry);
      const names = table.volumes.map((volume) => volume.name).join(", ");
      throw volumeFailure("VOLUME_NOT_FOUND", `No volume ${name} on this array; it has: ${names || "none"}.`);
    },
  };
}

async function loadTable(array: DurableBlockStore): Promise<VolumeTable> {
  if (array.sizeBytes < grainBytes) {
    throw volumeFailure("NO_SPACE", `An array of ${array.sizeBytes} bytes has no room for a volume table of 1 MiB.`);
  }
  const reading = readTable(await Promise.all(tableCopyOffsets.map((offset) => array.read(offset, tableCopyBytes))));
  if (reading.kind === "valid") {
    const { unusedFromBytes } = reading.table;
    if (unusedFromBytes <= Math.ceil(array.sizeBytes / grainBytes) * grainBytes) return reading.table;
    const text = `The volume table uses ${unusedFromBytes} bytes of an array of ${array.sizeBytes}: it is of another array.`;
    throw volumeFailure("VOLUME_TABLE_DAMAGED", text);
  }
  if (reading.kind === "blank") return emptyTable;
  throw volumeFailure(
    "VOLUME_TABLE_DAMAGED",
    "Neither copy of the volume table is whole: something else wrote to the disks. Restore them, or create the array anew.",
  );
}

function freeBytesOf(table: VolumeTable, arrayBytes: number): number {
  return Math.floor(Math.max(0, arrayBytes - table.unusedFromBytes) / grainBytes) * grainBytes;
}

interface Addition {
  readonly name: VolumeName;
  readonly sizeBytes: number;
  readonly arrayBytes: number;
}

function addVolume(table: VolumeTable, { name, sizeBytes, arrayBytes }: Addition): VolumeTable {
  if (!isName(name)) throw volumeFailure("VOLUME_NAME", `"${name}" is no volume name: ${nameRule}.`);
  if (table.volumes.some((volume) => volume.name === name)) {
    throw volumeFailure("VOLUME_EXISTS", `Volume ${name} is on this array already: open it, or choose another name.`);
  }
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes <= 0 || sizeBytes % sectorBytes !== 0) {
    throw volumeFailure("VOLUME_SIZE", `A volume has a multiple of ${sectorBytes} bytes, not ${sizeBytes}.`);
  }
  const freeBytes = freeBytesOf(table, arrayBytes);
  if (sizeBytes > freeBytes) {
    throw volumeFailure(
      "NO_SPACE",
      `Volume ${name} needs ${sizeBytes} bytes, the array has ${freeBytes} of ${arrayBytes} free: ` +
        `make it smaller, or the array's disks larger.`,
      { details: { neededBytes: sizeBytes, freeBytes, arrayBytes } },
    );
  }
  const entry: VolumeEntry = { name, kind: "thick", sizeBytes, offsetBytes: table.unusedFromBytes };
  return {
    generation: table.generation + 1,
    // Space is handed out once only, so a new volume's has been zeros since the array was created.
    unusedFromBytes: table.unusedFromBytes + Math.ceil(sizeBytes / grainBytes) * grainBytes,
    volumes: [...table.volumes, entry],
  };
}

function openVolume(array: DurableBlockStore, { name, sizeBytes, offsetBytes: base }: VolumeEntry): Volume {
  let isOpen = true;
  const check = (offsetBytes: number, lengthBytes: number): void => {
    if (!isOpen) throw new Failure("VOLUME_NOT_OPEN", `Volume ${name} has been closed.`);
    if (within({ offsetBytes, lengthBytes }, sizeBytes)) return;
    const range = `${lengthBytes} bytes at ${offsetBytes}`;
    throw new Failure("OUT_OF_RANGE", `${range} leave volume ${name} of ${sizeBytes} bytes.`);
  };
  const writeBatch = async (writes: readonly BlockWrite[]): Promise<void> => {
    for (const { offsetBytes, lengthBytes } of writes) check(offsetBytes, lengthBytes);
    await array.writeBatch(writes.map((write) => ({ ...write, offsetBytes: base + write.offsetBytes })));
  };
  return {
    name,
    sizeBytes,
    async read(offsetBytes, lengthBytes) {
      check(offsetBytes, lengthBytes);
      return array.read(base + offsetBytes, lengthBytes);
    },
    readNow(offsetBytes, into) {
      const lengthBytes = into.length;
      if (!isOpen || !within({ offsetBytes, lengthBytes }, sizeBytes)) return false;
      return array.readNow(base + offsetBytes, into);
    },
    write: (offsetBytes, data) => writeBatch([{ offsetBytes, lengthBytes: data.length, data }]),
    zero: (offsetBytes, lengthBytes) => writeBatch([{ offsetBytes, lengthBytes, data: null }]),
    writeBatch,
    async flush() {
      check(0, 0);
      await array.flush();
    },
    close() {
      isOpen = false;
      return Promise.resolve();
    },
  };
}

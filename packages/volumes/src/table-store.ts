/**
 * The volume table of an open array: what counts now, and its replacement. Changes are made one after another.
 *
 * What is on disk if the process dies while a table is replaced: right before, both copies as they were; during the
 * write, the older copy torn or whole, and the newer one untouched, which counts; right after, the new one.
 */
import { endOf } from "@waystation/contracts/byte-range";
import { volumeFailure } from "./errors.js";
import { tableCopyBytes, tableCopyOffsets, type VolumeLayout } from "./layout.js";
import { describeArray, type VolumeArray } from "./volume-array.js";
import { emptyTable, encodeTable, readTable, takenExtents, type VolumeTable } from "./volume-table.js";

/** What a change may say; the generation is the store's business. */
export type TableChange = Partial<Omit<VolumeTable, "generation" | "arrayBytes" | "grainBytes">>;

export interface TableStore {
  /** The one that is durable. */
  current(): VolumeTable;
  /** Resolves when the changed table is durable. Rejects with `NO_SPACE` when it would not fit. One at a time. */
  replace(change: TableChange): Promise<void>;
}

/** Rejects with `VOLUME_TABLE_DAMAGED`, `VOLUME_TABLE_VERSION`, or `NO_SPACE` for an array that is too small. */
export async function openTable(array: VolumeArray, layout: VolumeLayout): Promise<TableStore> {
  let table = await load(array, layout);
  return {
    current: () => table,
    async replace(change) {
      const next = { ...table, ...change, generation: table.generation + 1 };
      const data = encodeTable(next);
      if (data === null) {
        const text = `The volume table of ${describeArray(array)} is full: delete volumes, snapshots or pairs.`;
        throw volumeFailure("NO_SPACE", text, { details: { tableBytes: tableCopyBytes } });
      }
      const offsetBytes = tableCopyOffsets[next.generation % 2] as number;
      await array.writeBatch([{ offsetBytes, lengthBytes: data.length, data }]);
      table = next;
    },
  };
}

async function load(array: VolumeArray, layout: VolumeLayout): Promise<VolumeTable> {
  if (array.sizeBytes < layout.dataOffset) {
    const text = `${array.sizeBytes} bytes are too few for the ${layout.dataOffset} of volume table and maps.`;
    throw volumeFailure("NO_SPACE", `No volumes on ${describeArray(array)}: ${text}`);
  }
  const reading = readTable(await Promise.all(tableCopyOffsets.map((offset) => array.read(offset, tableCopyBytes))));
  switch (reading.kind) {
    case "blank":
      return emptyTable(layout);
    case "valid":
      checkFits(reading.table, array, layout);
      return reading.table;
    case "other-version":
      throw volumeFailure(
        "VOLUME_TABLE_VERSION",
        `The volume table of ${describeArray(array)} is of format version ${reading.version}, this program reads ` +
          `version 2: use the program that wrote it, or create the array anew and resync.`,
      );
    case "damaged":
      throw volumeFailure(
        "VOLUME_TABLE_DAMAGED",
        `Neither copy of the volume table of ${describeArray(array)} is whole: something else wrote to the disks. ` +
          `Restore them, or create the array anew.`,
      );
  }
}

/** A table that is whole but was made for other disks would send reads and writes astray. */
function checkFits(table: VolumeTable, array: VolumeArray, layout: VolumeLayout): void {
  const inPlace = takenExtents(table).every(
    (extent) => extent.offsetBytes >= layout.dataOffset && endOf(extent) <= layout.dataEnd,
  );
  const isOurs = table.arrayBytes === array.sizeBytes && table.grainBytes === layout.grainBytes;
  if (isOurs && inPlace && table.unusedFromBytes <= layout.dataEnd) return;
  throw volumeFailure(
    "VOLUME_TABLE_DAMAGED",
    `The volume table of ${describeArray(array)} was made for an array of ${table.arrayBytes} bytes in grains of ` +
      `${table.grainBytes}, this one has ${array.sizeBytes} in grains of ${layout.grainBytes}: it is of another array.`,
  );
}

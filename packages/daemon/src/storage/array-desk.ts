/** What operators may ask of a node's arrays: disks taken out and in, and rebuilt (SPEC A2). */
import { Failure } from "@waystation/contracts/errors";
import { fileDisk } from "@waystation/raid/io/file-disk";
import { inspectDisk } from "@waystation/raid/io/inspect-disk";
import type { OpenArray } from "./array-report.js";
import { arrayNamed } from "./volume-places.js";

export interface ArrayDesk {
  /** Onto a spare, or onto a disk of the array that is at its place again. Resolves once it runs. */
  rebuild(array: string): Promise<void>;
  failDisk(array: string, slot: number): Promise<void>;
  /** Takes the disk that is now at the slot's place. */
  replaceDisk(array: string, slot: number): Promise<void>;
  /** Ejects disks whose files are gone. To be called every now and then. */
  checkDisks(): void;
}

export function createArrayDesk(arrays: readonly OpenArray[]): ArrayDesk {
  const find = (name: string): OpenArray => arrayNamed(arrays, name);
  const placeOf = ({ array, diskPaths }: OpenArray, slot: number): string => {
    const path = diskPaths[slot];
    if (path !== undefined) return path;
    const last = diskPaths.length - 1;
    throw new Failure("UNKNOWN_DISK", `Array ${array.name} has no slot ${slot}: its slots are 0 to ${last}.`);
  };
  const isOfArray = async ({ array }: OpenArray, path: string): Promise<boolean> => {
    const reading = (await inspectDisk(fileDisk(path)))?.reading;
    return reading?.kind === "valid" && reading.superblock.arrayId === array.id;
  };

  return {
    async rebuild(name) {
      const open = find(name);
      const { array } = open;
      for (const { slot, state } of array.state().disks) {
        const path = placeOf(open, slot);
        if (state === "absent" && (await isOfArray(open, path))) await array.replaceDisk(slot, fileDisk(path));
      }
      await array.rebuild();
    },
    async failDisk(name, slot) {
      const open = find(name);
      placeOf(open, slot);
      await open.array.failDisk(slot);
    },
    async replaceDisk(name, slot) {
      const open = find(name);
      await open.array.replaceDisk(slot, fileDisk(placeOf(open, slot)));
    },
    checkDisks() {
      for (const { array } of arrays) array.checkDisks();
    },
  };
}

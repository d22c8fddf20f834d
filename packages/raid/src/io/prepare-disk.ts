/** Makes disks ready for what an array keeps on them. Nothing here is synced: the caller does that once, before it counts. */
import { logOffsetBytes } from "../core/disk-layout.js";
import type { Geometry } from "../core/geometry.js";
import { isZero } from "../core/zeros.js";
import { mustDo, type BlockDisk } from "./block-disk.js";

/** Really written: an append into space that the file system has still to allocate costs it a commit of its own. */
export async function writeEmptyLog(disk: BlockDisk, { logBytes }: Geometry): Promise<void> {
  const zeros = Buffer.alloc(Math.min(logBytes, 1024 * 1024));
  for (let done = 0; done < logBytes; done += zeros.length) {
    const from = zeros.subarray(0, Math.min(zeros.length, logBytes - done));
    await mustDo(disk, [{ kind: "write", offsetBytes: logOffsetBytes + done, from, durable: false }]);
  }
}

/** Writes zeros where something else is. */
export async function clearRange(disk: BlockDisk, offsetBytes: number, lengthBytes: number): Promise<void> {
  const into = Buffer.alloc(1024 * 1024);
  const zeros = Buffer.alloc(into.length);
  for (let done = 0; done < lengthBytes; done += into.length) {
    const part = into.subarray(0, Math.min(into.length, lengthBytes - done));
    await mustDo(disk, [{ kind: "read", offsetBytes: offsetBytes + done, into: part }]);
    if (isZero(part)) continue;
    const from = zeros.subarray(0, part.length);
    await mustDo(disk, [{ kind: "write", offsetBytes: offsetBytes + done, from, durable: false }]);
  }
}

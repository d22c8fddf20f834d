/**
 * A disk with a volatile cache, served over NBD: what was written since the last flush may be lost when its power is
 * cut. The image always holds the newest content, and beside it is kept what each block held at the last flush; a power
 * cut puts some of that back:
 *
 *     write    block 7: old content aside (once per flush), new content into the image
 *     flush    forget what is aside: the image is the medium now
 *     cut      for some of the blocks aside, the old content goes back into the image; nothing is served any more
 *
 * A block of 4 KiB, the sector of today's disks, is old or new as a whole; which of them are kept follows no order.
 */
import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import type { BlockFront, VolumeDescription, VolumeHandle } from "@waystation/contracts/block-front";
import { Failure } from "@waystation/contracts/errors";
import type { VolumeName } from "@waystation/contracts/ids";
import { silentLog } from "@waystation/contracts/log";
import type { Random } from "@waystation/contracts/random";
import { startNbdServer } from "@waystation/nbd/server";

export interface PowerDisk {
  readonly uri: string;
  /** At once: when it returns, the image is what the power cut has left. */
  cut(random: Random): void;
  close(): Promise<void>;
}

const blockBytes = 4096;
const zeroBlock = Buffer.alloc(blockBytes);
const exportName = "disk";

export async function servePowerDisk(image: string): Promise<PowerDisk> {
  const medium = openMedium(image);
  const server = await startNbdServer({
    front: frontOf(medium),
    listen: { host: "127.0.0.1", port: 0 },
    log: silentLog,
    limits: { closeMs: 100 },
  });
  return {
    uri: `nbd://127.0.0.1:${server.address.port}/${exportName}`,
    cut: (random) => medium.cut(random),
    async close() {
      await server.close();
      medium.close();
    },
  };
}

interface Medium {
  readonly sizeBytes: number;
  read(offsetBytes: number, lengthBytes: number): Buffer;
  write(offsetBytes: number, data: Buffer): void;
  flush(): void;
  cut(random: Random): void;
  close(): void;
}

function openMedium(image: string): Medium {
  const fd = openSync(image, "r+");
  const { size: sizeBytes } = fstatSync(fd);
  /** By the number of the block, in the order of the first write; null: zeros. */
  const flushed = new Map<number, Buffer | null>();
  let isDark = false;

  const checkPower = (): void => {
    if (isDark) throw new Failure("IO_ERROR", "the disk has no power");
  };
  const readNow = (offsetBytes: number, lengthBytes: number): Buffer => {
    const bytes = Buffer.allocUnsafe(lengthBytes);
    const count = readSync(fd, bytes, 0, lengthBytes, offsetBytes);
    return bytes.fill(0, count);
  };
  const setAside = (first: number, end: number): void => {
    const old = readNow(first * blockBytes, (end - first) * blockBytes);
    for (let block = first; block < end; block++) {
      if (flushed.has(block)) continue;
      const bytes = old.subarray((block - first) * blockBytes, (block - first + 1) * blockBytes);
      flushed.set(block, bytes.equals(zeroBlock) ? null : Buffer.from(bytes));
    }
  };

  return {
    sizeBytes,
    read(offsetBytes, lengthBytes) {
      checkPower();
      return readNow(offsetBytes, lengthBytes);
    },
    write(offsetBytes, data) {
      checkPower();
      setAside(Math.floor(offsetBytes / blockBytes), Math.ceil((offsetBytes + data.length) / blockBytes));
      writeSync(fd, data, 0, data.length, offsetBytes);
    },
    flush() {
      checkPower();
      flushed.clear();
    },
    cut(random) {
      if (isDark) return;
      isDark = true;
      const isKept = chooseKept(flushed.size, random);
      let index = 0;
      for (const [block, old] of flushed)
        if (!isKept(index++)) writeSync(fd, old ?? zeroBlock, 0, blockBytes, block * blockBytes);
      flushed.clear();
    },
    close: () => closeSync(fd),
  };
}

/** What the cache had put on the medium by itself: nothing, what came first, some of it, or all. */
function chooseKept(count: number, random: Random): (index: number) => boolean {
  const course = random.next();
  if (course < 0.4) return () => false;
  if (course < 0.6) {
    const first = random.below(count + 1);
    return (index) => index < first;
  }
  const probability = course < 0.95 ? random.next() : 1;
  return () => random.chance(probability);
}

function frontOf(medium: Medium): BlockFront {
  const volume: VolumeDescription = {
    name: exportName as VolumeName,
    sizeBytes: medium.sizeBytes,
    access: "read-write",
    description: "a disk that loses what was not flushed",
  };
  const attempt = <T>(action: () => T): Promise<T> => new Promise((resolve) => resolve(action()));
  const handle: VolumeHandle = {
    volume,
    readNow: () => false,
    read: (offsetBytes, lengthBytes) => attempt(() => medium.read(offsetBytes, lengthBytes)),
    write: (offsetBytes, data) => attempt(() => medium.write(offsetBytes, data)),
    zero: (offsetBytes, lengthBytes) => attempt(() => medium.write(offsetBytes, Buffer.alloc(lengthBytes))),
    flush: () => attempt(() => medium.flush()),
    close() {},
  };
  return { list: () => [volume], open: () => Promise.resolve(handle) };
}

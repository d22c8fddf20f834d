/**
 * What lies behind the log of one disk of an array: copies of checksums, data and parity. However they are damaged, the
 * other disks tell what is right: every byte that is read is that, and a scrub leaves nothing wrong (SPEC A4).
 */
import assert from "node:assert";
import { checksumOffsetFor } from "@waystation/raid/core/disk-layout";
import type { RaidLevel } from "@waystation/raid/core/level";
import { openArray } from "@waystation/raid/io/array";
import { createArray, diskBytesFor } from "@waystation/raid/io/create-array";
import { createMemoryDisk, placeOf } from "@waystation/raid/io/memory-disk";
import { damage } from "./mutate.js";
import type { FuzzTarget } from "./target.js";

const kibibyte = 1024;
const chunkBytes = 4 * kibibyte;

export async function blocksTarget(level: RaidLevel, diskCount: number): Promise<FuzzTarget> {
  const shape = { level, diskCount, unitBytes: 8 * kibibyte, logBytes: 128 * kibibyte * Math.max(3, diskCount) };
  const diskBytes = diskBytesFor(shape, 128 * kibibyte);
  const disks = Array.from({ length: diskCount }, (_, slot) => {
    return createMemoryDisk({ file: `disk-${slot}`, sizeBytes: diskBytes });
  });
  await createArray({ name: "small", ...shape, diskBytes, disks: disks.map((disk) => placeOf(disk)) });
  const array = await openArray({ disks: disks.map((disk) => placeOf(disk)) });
  const content = Buffer.alloc(array.sizeBytes);
  for (let at = 0; at < content.length; at += 700) content.fill(1 + (at % 251), at);
  await array.writeBatch([{ offsetBytes: 0, lengthBytes: content.length, data: content }]);
  await array.close();
  const start = checksumOffsetFor(shape.logBytes);
  const sound = Buffer.alloc(diskBytes - start);
  const slot = 1;
  await disks[slot]?.submit([{ kind: "read", offsetBytes: start, into: sound }]);

  return {
    name: `blocks-${level}`,
    samples: [sound],
    mayRefuse: () => false,
    mutate(random) {
      let changed: Buffer = sound;
      for (let times = random.pick([1, 1, 3, 30]); times > 0; times--) changed = damage(changed, random);
      return changed;
    },
    async read(input) {
      const copies = disks.map((disk) => disk.clone());
      for (let at = 0; at + chunkBytes <= input.length; at += chunkBytes) {
        const from = input.subarray(at, at + chunkBytes);
        await copies[slot]?.submit([{ kind: "write", offsetBytes: start + at, from, durable: true }]);
      }
      const opened = await openArray({ disks: copies.map((disk) => placeOf(disk)) });
      // A part of a block, so that the rest of it, and old parity, are read before it is written.
      const expected = Buffer.from(content).fill(0xee, 5_000, 6_000);
      await opened.writeBatch([{ offsetBytes: 5_000, lengthBytes: 1_000, data: expected.subarray(5_000, 6_000) }]);
      const found = await opened.read(0, expected.length);
      assert(found.equals(expected), "wrong data was read");
      const first = await opened.scrub().done;
      assert.equal(first.found.unknown, 0, "a scrub gave something up");
      const second = await opened.scrub().done;
      assert.equal(second.places.length, 0, "a scrub left something wrong");
      await opened.close();
    },
  };
}

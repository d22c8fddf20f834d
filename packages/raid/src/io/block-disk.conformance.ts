/** What every adapter of the disk port must do. Run by each adapter's tests. */
import { afterEach, describe, expect, it } from "vitest";
import type { BlockDisk, DiskOperation } from "./block-disk.js";

export interface DiskUnderTest {
  readonly disk: BlockDisk;
  remove(): Promise<void>;
}

const sizeBytes = 1024 * 1024;

export function describeBlockDisk(name: string, create: (sizeBytes: number) => Promise<DiskUnderTest>): void {
  describe(`${name} as a block disk`, () => {
    let under: DiskUnderTest | null = null;
    const open = async (): Promise<BlockDisk> => (under = await create(sizeBytes)).disk;
    afterEach(async () => {
      await under?.remove();
      under = null;
    });

    it("reads zeros where nothing was written", async () => {
      const disk = await open();
      expect(disk.sizeBytes).toBe(sizeBytes);
      const into = Buffer.alloc(9000, 1);
      expect(await disk.submit([{ kind: "read", offsetBytes: 5000, into }])).toEqual([null]);
      expect(into.equals(Buffer.alloc(9000))).toBe(true);
    });

    it("does long writes in the order given", async () => {
      const disk = await open();
      const long = (offsetBytes: number, fill: number): DiskOperation => {
        return { kind: "write", offsetBytes, from: Buffer.alloc(sizeBytes / 4, fill), durable: false };
      };
      const batch = [long(0, 1), long(sizeBytes / 4, 2), long(sizeBytes / 8, 3)];
      expect(await disk.submit(batch)).toEqual([null, null, null]);
      const into = Buffer.alloc(sizeBytes / 2);
      await disk.submit([{ kind: "read", offsetBytes: 0, into }]);
      const eighth = sizeBytes / 8;
      expect([0, 1, 2, 3].map((index) => into[index * eighth + 5])).toEqual([1, 3, 3, 2]);
    });

    it("does the operations of a batch in order, at any alignment, plain and durable", async () => {
      const disk = await open();
      const into = Buffer.alloc(20_000);
      const completions = await disk.submit([
        write(4000, 10_000, 1, false),
        write(8000, 100, 2, false),
        { kind: "read", offsetBytes: 0, into },
        { kind: "sync" },
      ]);
      expect(completions).toEqual([null, null, null, null]);
      const expected = Buffer.alloc(20_000).fill(1, 4000, 14_000).fill(2, 8000, 8100);
      expect(into.equals(expected)).toBe(true);
    });

    it("reads at once what submitted writes have left, and nothing beyond its end", async () => {
      const disk = await open();
      await disk.submit([write(4000, 10_000, 1, false), write(8000, 100, 2, true)]);
      const into = Buffer.alloc(20_000, 9);
      expect(disk.readNow(0, into)).toBe(true);
      expect(into.equals(Buffer.alloc(20_000).fill(1, 4000, 14_000).fill(2, 8000, 8100))).toBe(true);
      expect(disk.readNow(sizeBytes - 100, into)).toBe(false);
    });

    it("completes many durable writes of one batch, adjacent and apart", async () => {
      const disk = await open();
      const batch = [0, 1, 2, 10, 11, 30, 50].map((block) => write(block * 4096, 4096, block + 1, true));
      expect(await disk.submit(batch)).toEqual(batch.map(() => null));
      for (const block of [0, 2, 10, 30, 50]) {
        const into = Buffer.alloc(4096);
        await disk.submit([{ kind: "read", offsetBytes: block * 4096, into }]);
        expect(into.every((byte) => byte === block + 1)).toBe(true);
      }
    });

    it("answers concurrent syncs", async () => {
      const disk = await open();
      const syncs = Array.from({ length: 5 }, () => disk.submit([write(0, 512, 3, false), { kind: "sync" }]));
      for (const completions of await Promise.all(syncs)) expect(completions).toEqual([null, null]);
    });

    it("fails a read beyond its end, and still does the rest of the batch", async () => {
      const disk = await open();
      const into = Buffer.alloc(4096);
      const batch: DiskOperation[] = [
        { kind: "read", offsetBytes: sizeBytes - 100, into: Buffer.alloc(4096) },
        { kind: "read", offsetBytes: 0, into },
      ];
      const completions = await disk.submit(batch);
      expect(completions[0]?.code).toBe("DISK_IO");
      expect(completions[0]?.message).toContain(disk.file);
      expect(completions[1]).toBeNull();
    });
  });
}

function write(offsetBytes: number, lengthBytes: number, fill: number, durable: boolean): DiskOperation {
  return { kind: "write", offsetBytes, from: Buffer.alloc(lengthBytes, fill), durable };
}

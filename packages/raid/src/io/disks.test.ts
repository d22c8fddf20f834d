import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "@waystation/contracts/random";
import { describe, expect, it } from "vitest";
import type { BlockDisk } from "./block-disk.js";
import { describeBlockDisk } from "./block-disk.conformance.js";
import { createFaultyDisk, createPowerSupply } from "./faulty-disk.js";
import { fileDisk } from "./file-disk.js";
import { createMemoryDisk } from "./memory-disk.js";

const oneMiB = 1024 * 1024;

describeBlockDisk("a file disk", async (sizeBytes) => {
  const folder = await mkdtemp(join(tmpdir(), "waystation-disk-"));
  const { disk } = await fileDisk(join(folder, "d0")).create(sizeBytes);
  return {
    disk,
    remove: async () => {
      await disk.close();
      await rm(folder, { recursive: true });
    },
  };
});

describeBlockDisk("a memory disk", async (sizeBytes) => ({
  disk: createMemoryDisk({ file: "m0", sizeBytes }),
  remove: async () => {},
}));

describeBlockDisk("a faulty disk without faults", async (sizeBytes) => ({
  disk: createFaultyDisk(createMemoryDisk({ file: "m0", sizeBytes })),
  remove: async () => {},
}));

describeBlockDisk("a disk on a power supply", async (sizeBytes) => ({
  disk: createPowerSupply(Infinity).connect(createMemoryDisk({ file: "m0", sizeBytes })),
  remove: async () => {},
}));

async function contentOf(disk: BlockDisk, lengthBytes: number): Promise<Buffer> {
  const into = Buffer.alloc(lengthBytes);
  expect(await disk.submit([{ kind: "read", offsetBytes: 0, into }])).toEqual([null]);
  return into;
}

describe("a file disk", () => {
  it("says which file is not there", async () => {
    await expect(fileDisk("/nonexistent/disk").open()).rejects.toMatchObject({ code: "DISK_IO" });
    await expect(fileDisk("/nonexistent/disk").open()).rejects.toThrow("/nonexistent/disk");
  });
});

describe("a memory disk", () => {
  it("keeps what was synced or written durably, and may lose the rest by sectors", async () => {
    const disk = createMemoryDisk({ file: "m0", sizeBytes: oneMiB });
    await disk.submit([
      { kind: "write", offsetBytes: 0, from: Buffer.alloc(4096, 1), durable: false },
      { kind: "sync" },
      { kind: "write", offsetBytes: 4096, from: Buffer.alloc(4096, 2), durable: true },
      { kind: "write", offsetBytes: 8192, from: Buffer.alloc(65_536, 3), durable: false },
    ]);
    const torn = disk.clone();
    torn.crash(createRandom(5));
    const sectors = (await contentOf(torn, 73_728)).filter((_, index) => index % 512 === 0);
    expect([...sectors.subarray(0, 16)]).toEqual([...Array<number>(8).fill(1), ...Array<number>(8).fill(2)]);
    expect(new Set(sectors.subarray(16))).toEqual(new Set([0, 3]));
    disk.crash();
    expect((await contentOf(disk, 73_728)).subarray(8192).every((byte) => byte === 0)).toBe(true);
  });
});

describe("a faulty disk", () => {
  it("tears the Nth write and dies when told", async () => {
    const inner = createMemoryDisk({ file: "m0", sizeBytes: oneMiB });
    const disk = createFaultyDisk(inner);
    disk.failOnceAt(2);
    const write = { kind: "write", offsetBytes: 0, from: Buffer.alloc(2048, 7), durable: true } as const;
    const [first, second] = await disk.submit([{ kind: "sync" }, write]);
    expect([first, second?.code]).toEqual([null, "DISK_IO"]);
    const content = await contentOf(inner, 2048);
    expect([content[1023], content[1024]]).toEqual([7, 0]);
    disk.dieAt(1);
    expect(disk.readNow(0, Buffer.alloc(1))).toBe(false);
    for (let i = 0; i < 3; i++) expect((await disk.submit([{ kind: "sync" }]))[0]?.code).toBe("DISK_IO");
  });
});

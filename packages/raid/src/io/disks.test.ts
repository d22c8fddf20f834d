import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "@waystation/contracts/random";
import { describe, expect, it } from "vitest";
import type { BlockDisk } from "./block-disk.js";
import { describeBlockDisk } from "./block-disk.conformance.js";
import { createFaultyDisk, createPowerSupply, flipStoredBit, type DiskFault } from "./faulty-disk.js";
import { fileDisk } from "./file-disk.js";
import { createMemoryDisk } from "./memory-disk.js";
import { createSlowDisk } from "./slow-disk.js";
import { createStandingClock } from "./testing-clock.js";
import { createVolatileDisk } from "./volatile-disk.js";

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

describeBlockDisk("a faulty disk whose faults are elsewhere", async (sizeBytes) => {
  const disk = createFaultyDisk(createMemoryDisk({ file: "m0", sizeBytes }));
  disk.inject({ fault: "fail", on: "any", at: 1_000_000 });
  return { disk, remove: async () => {} };
});

describeBlockDisk("a slow disk", async (sizeBytes) => {
  const clock = { setTimer: (_: number, callback: () => void) => (setImmediate(callback), () => {}) };
  const disk = createSlowDisk(createMemoryDisk({ file: "m0", sizeBytes }), { clock, delayMs: () => 0 });
  return { disk, remove: async () => {} };
});

describeBlockDisk("a volatile disk", async (sizeBytes) => ({
  disk: createVolatileDisk(createMemoryDisk({ file: "m0", sizeBytes })),
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

  const twoWrites = async (fault: DiskFault) => {
    const inner = createMemoryDisk({ file: "m0", sizeBytes: oneMiB });
    const disk = createFaultyDisk(inner);
    disk.inject(fault);
    const write = (offsetBytes: number, fill: number) => {
      return { kind: "write", offsetBytes, from: Buffer.alloc(1024, fill), durable: false } as const;
    };
    const completions = await disk.submit([write(0, 1), { kind: "sync" }, write(1024, 2), { kind: "sync" }]);
    const codes = completions.map((completion) => completion?.code ?? "done");
    return { disk, inner, codes, content: await contentOf(inner, 8192) };
  };
  const blocks = (content: Buffer): number[] => [...content.filter((_, index) => index % 512 === 1)];

  it("fails what it was told to, once or for ever, by kind and place", async () => {
    const { codes, disk } = await twoWrites({ fault: "fail", on: "sync", at: 2 });
    expect(codes).toEqual(["done", "done", "done", "DISK_IO"]);
    expect(await disk.submit([{ kind: "sync" }])).toEqual([null]);
    const within = { offsetBytes: 1024, lengthBytes: 1 };
    const lasting = await twoWrites({ fault: "fail", on: "any", at: 1, forEver: true, within });
    expect(lasting.codes).toEqual(["done", "done", "DISK_IO", "done"]);
    expect(lasting.disk.readNow(1024, Buffer.alloc(1))).toBe(false);
    expect(lasting.disk.readNow(1025, Buffer.alloc(1))).toBe(true);
    lasting.disk.heal();
    expect(lasting.disk.readNow(1024, Buffer.alloc(1))).toBe(true);
  });

  it("tears, loses and misdirects writes, and only a torn one says so", async () => {
    const torn = await twoWrites({ fault: "tear", on: "write", at: 2 });
    expect([torn.codes, blocks(torn.content).slice(0, 4)]).toEqual([
      ["done", "done", "DISK_IO", "done"],
      [1, 1, 2, 0],
    ]);
    const done = Array<string>(4).fill("done");
    const lost = await twoWrites({ fault: "lose", on: "write", at: 2 });
    expect([lost.codes, blocks(lost.content).slice(0, 4)]).toEqual([done, [1, 1, 0, 0]]);
    const astray = await twoWrites({ fault: "misdirect", on: "write", at: 2, shiftBytes: 2048 });
    expect([astray.codes, blocks(astray.content).slice(0, 8)]).toEqual([done, [1, 1, 0, 0, 0, 0, 2, 2]]);
    const lying = await twoWrites({ fault: "lose", on: "sync", at: 2 });
    lying.inner.crash();
    expect([lying.codes, blocks(await contentOf(lying.inner, 2048))]).toEqual([done, [1, 1, 0, 0]]);
  });

  it("flips one bit of what is written, read or stored", async () => {
    const written = await twoWrites({ fault: "flip", on: "write", at: 2 });
    expect([written.codes[2], written.content[1024], written.content[1025]]).toEqual(["done", 3, 2]);
    const { disk } = await twoWrites({ fault: "flip", on: "read", at: 2, forEver: true });
    const bytes: number[] = [];
    for (let count = 0; count < 3; count++) bytes.push((await contentOf(disk, 1))[0]!);
    expect(bytes).toEqual([1, 0, 0]);
    disk.heal();
    await flipStoredBit(disk, 1);
    expect([...(await contentOf(disk, 3))]).toEqual([1, 0, 1]);
  });
});

describe("a slow disk", () => {
  it("completes when its time has come", async () => {
    const clock = createStandingClock();
    const disk = createSlowDisk(createMemoryDisk({ file: "m0", sizeBytes: oneMiB }), { clock, delayMs: () => 5 });
    let isDone = false;
    const submitted = disk.submit([{ kind: "sync" }]).then(() => (isDone = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect([isDone, disk.readNow(0, Buffer.alloc(1))]).toEqual([false, false]);
    clock.fire();
    await submitted;
  });
});

describe("a volatile disk", () => {
  it("loses at a crash what was not synced, or sectors of it", async () => {
    const inner = createMemoryDisk({ file: "m0", sizeBytes: oneMiB });
    const disk = createVolatileDisk(inner);
    await disk.submit([
      { kind: "write", offsetBytes: 100, from: Buffer.alloc(4096, 1), durable: false },
      { kind: "sync" },
      { kind: "write", offsetBytes: 4096, from: Buffer.alloc(4096, 2), durable: true },
      { kind: "write", offsetBytes: 8192, from: Buffer.alloc(65_536, 3), durable: false },
    ]);
    expect((await contentOf(disk, 73_728))[73_727]).toBe(3);
    await disk.crash(createRandom(5));
    inner.crash();
    const content = await contentOf(disk, 73_728);
    expect([content[99], content[100], content[4095], content[4096], content[8191]]).toEqual([0, 1, 1, 2, 2]);
    const sectors = content.subarray(8192).filter((_, index) => index % 512 === 0);
    expect(new Set(sectors)).toEqual(new Set([0, 3]));
  });
});

import { Failure } from "@waystation/contracts/errors";
import type { VolumeName } from "@waystation/contracts/ids";
import { describe, expect, it } from "vitest";
import type { GroupRunner, HostWrite } from "./group-runner.js";
import { membership, primaryA, secondaryA, volA } from "./testing/fake-ports.js";
import { createVolumeFront } from "./volume-front.js";

const MiB = 1024 * 1024;
const volB = "vol-b" as VolumeName;
const sizeBytes = 64 * MiB;

/** A front over a runner that notes what it is asked, and answers as the test says. */
function setUp(answer: (write: HostWrite) => Promise<void> = () => Promise.resolve()) {
  const writes: HostWrite[] = [];
  const reads: [number, number][] = [];
  let now = membership;
  const runner = {
    membership: () => now,
    write(order: HostWrite) {
      writes.push(order);
      return answer(order);
    },
    read(_volume: unknown, offsetBytes: number, lengthBytes: number) {
      reads.push([offsetBytes, lengthBytes]);
      return Promise.resolve(Buffer.alloc(lengthBytes, 1));
    },
    readNow(_volume: unknown, offsetBytes: number, into: Uint8Array) {
      reads.push([offsetBytes, into.length]);
      return true;
    },
  } as unknown as GroupRunner;
  const front = createVolumeFront(primaryA, [{ name: volA, sizeBytes, runner }]);
  const open = async (onRevoked: (reason: string) => void = () => {}) => {
    front.setAccess(volA, "read-write", "primary volume of g1");
    return front.open(volA, onRevoked);
  };
  const swap = (): void => {
    const volumes = now.volumes.map((volume) => ({ ...volume, primary: secondaryA, secondaries: [primaryA] }));
    now = { ...now, volumes };
  };
  return { front, runner, open, swap, writes, reads };
}

function extents(writes: readonly HostWrite[]): [number, number][] {
  return writes.map(({ offsetBytes, lengthBytes }) => [offsetBytes, lengthBytes]);
}

describe("the volumes of a node", () => {
  it("are listed and opened only while hosts may use them, with the reason when not", async () => {
    const { front } = setUp();
    expect(front.list()).toEqual([]);
    await expect(front.open(volA, () => {})).rejects.toMatchObject({ code: "VOLUME_NOT_OPEN" });
    front.setAccess(volA, "read-only", "secondary volume of g1");
    expect(front.list()).toEqual([
      { name: volA, sizeBytes, access: "read-only", description: "secondary volume of g1" },
    ]);
    front.setAccess(volA, "closed", "fenced: another node has taken over");
    await expect(front.open(volA, () => {})).rejects.toThrow(/another node has taken over/);
    expect(front.status()).toMatchObject([{ name: volA, access: "closed", role: "primary" }]);
  });

  it("B12: say which role they have now, not the one that was configured", () => {
    const { front, swap } = setUp();
    swap();
    expect(front.status()).toMatchObject([{ name: volA, role: "secondary" }]);
  });

  it("B3: come and go while the node runs: one that is there stays as it is, one that goes ends its sessions", async () => {
    const { front, open, runner } = setUp();
    const revoked: string[] = [];
    const handle = await open((reason) => revoked.push(reason));
    front.add({ name: volA, sizeBytes, runner });
    front.add({ name: volB, sizeBytes, runner });
    expect(front.list().map(({ name }) => name)).toEqual([volA]);
    await expect(front.open(volB, () => {})).rejects.toThrow(/not in its group yet: wayctl group members/);
    expect(await handle.read(0, 512)).toHaveLength(512);
    front.remove(volA, "it has left its group");
    expect(revoked).toEqual(["it has left its group"]);
    await expect(handle.read(0, 512)).rejects.toThrow(/left its group/);
    await expect(front.open(volA, () => {})).rejects.toMatchObject({ code: "UNKNOWN_VOLUME" });
  });

  it("are told apart: an unknown name is refused with those that exist", async () => {
    await expect(setUp().front.open("vol-z", () => {})).rejects.toMatchObject({
      code: "UNKNOWN_VOLUME",
      message: expect.stringContaining("vol-a") as string,
    });
  });
});

describe("a handle's requests", () => {
  it("are refused when they leave the volume or are no ranges at all", async () => {
    const { open, writes, reads } = setUp();
    const handle = await open();
    for (const [offset, length] of [
      [sizeBytes, 1],
      [sizeBytes - 511, 512],
      [-512, 512],
      [0.5, 512],
      [Number.MAX_SAFE_INTEGER, 512],
      [Number.NaN, 1],
    ] as const) {
      await expect(handle.read(offset, length)).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
      await expect(handle.write(offset, Buffer.alloc(length))).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
      await expect(handle.zero(offset, length, "zero")).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
      expect(handle.readNow(offset, Buffer.alloc(length))).toBe(false);
    }
    await expect(handle.read(0, -1)).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
    expect([writes, reads]).toEqual([[], []]);
    await expect(handle.read(sizeBytes - 512, 512)).resolves.toHaveLength(512);
  });

  it("of no length are done at once", async () => {
    const { open, writes, reads } = setUp();
    const handle = await open();
    expect(await handle.read(0, 0)).toHaveLength(0);
    await handle.write(sizeBytes, Buffer.alloc(0));
    await handle.zero(0, 0, "discard");
    expect([writes, reads]).toEqual([[], []]);
  });

  it("that are large are split so that each part is one record: all of it, in order, nothing twice", async () => {
    const { open, writes } = setUp();
    const handle = await open();
    const data = Buffer.alloc(2 * MiB + 512);
    for (const [index, offset] of [0, MiB, 2 * MiB].entries()) data.fill(index + 1, offset);
    await handle.write(512, data);
    expect(extents(writes)).toEqual([
      [512, MiB],
      [512 + MiB, MiB],
      [512 + 2 * MiB, 512],
    ]);
    expect(Buffer.concat(writes.map(({ payload }) => payload)).equals(data)).toBe(true);
    writes.length = 0;
    await handle.zero(0, 9 * MiB, "discard");
    expect(extents(writes)).toEqual([
      [0, 4 * MiB],
      [4 * MiB, 4 * MiB],
      [8 * MiB, MiB],
    ]);
    expect(writes.every(({ write, payload }) => write === "discard" && payload.length === 0)).toBe(true);
  });

  it("that fit are passed on whole", async () => {
    const { open, writes } = setUp();
    const handle = await open();
    await handle.write(4096, Buffer.alloc(MiB));
    await handle.zero(0, 4 * MiB, "zero");
    expect(extents(writes)).toEqual([
      [4096, MiB],
      [0, 4 * MiB],
    ]);
  });

  it("fail when a part fails, but not before every part has ended: the host may not write there again meanwhile", async () => {
    let endLast = (): void => {};
    const { open } = setUp((write) => {
      if (write.offsetBytes === 0) return Promise.reject(new Failure("HELD_TOO_LONG", "no relay"));
      return new Promise((resolve) => (endLast = resolve));
    });
    const handle = await open();
    let failed = false;
    const write = handle.write(0, Buffer.alloc(2 * MiB)).catch((error: unknown) => {
      failed = true;
      return error;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(failed).toBe(false);
    endLast();
    expect(await write).toMatchObject({ code: "HELD_TOO_LONG" });
  });

  it("to write are refused on a volume that is read-only", async () => {
    const { front, writes } = setUp();
    front.setAccess(volA, "read-only", "secondary volume");
    const handle = await front.open(volA, () => {});
    await expect(handle.write(0, Buffer.alloc(512))).rejects.toMatchObject({ code: "READ_ONLY" });
    await expect(handle.zero(0, 512, "discard")).rejects.toMatchObject({ code: "READ_ONLY" });
    expect(writes).toEqual([]);
    await handle.flush();
  });
});

describe("a handle (PROTOCOL 6.2)", () => {
  it("is revoked once when the access to its volume changes, and does nothing afterwards", async () => {
    const { front, open, reads, writes } = setUp();
    const reasons: string[] = [];
    const handle = await open((reason) => reasons.push(reason));
    front.setAccess(volA, "closed", "fenced");
    front.setAccess(volA, "read-only", "came back");
    expect(reasons).toEqual(["fenced"]);
    expect(handle.readNow(0, Buffer.alloc(512))).toBe(false);
    for (const request of [
      handle.read(0, 512),
      handle.write(0, Buffer.alloc(512)),
      handle.zero(0, 512, "zero"),
      handle.flush(),
    ])
      await expect(request).rejects.toMatchObject({ code: "VOLUME_NOT_OPEN" });
    expect([reads, writes]).toEqual([[], []]);
  });

  it("is left alone when only the reason changes, and when it was closed before", async () => {
    const { front, open } = setUp();
    const reasons: string[] = [];
    const kept = await open((reason) => reasons.push(reason));
    const closed = await front.open(volA, (reason) => reasons.push(`closed: ${reason}`));
    closed.close();
    front.setAccess(volA, "read-write", "the same, said otherwise");
    expect(reasons).toEqual([]);
    await expect(kept.read(0, 512)).resolves.toHaveLength(512);
    front.setAccess(volA, "closed", "fenced");
    expect(reasons).toEqual(["fenced"]);
  });
});

import { describe, expect, it } from "vitest";
import type { BlockStore } from "@waystation/contracts/block-device";
import type { VolumeHandle } from "@waystation/contracts/block-front";
import type { VolumeName } from "@waystation/contracts/ids";
import { createStandaloneFront, joinFronts } from "./standalone-front.js";

const KiB = 1024;
const MiB = 1024 * KiB;
const scratch = "scratch" as VolumeName;
const noOne = (): void => {};

interface Call {
  readonly kind: "read" | "write" | "zero" | "flush";
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly done: () => void;
}

/** A store in memory whose calls end when the test says so, or at once. */
function setUp({ held = false, sizeBytes = 64 * MiB } = {}) {
  const content = Buffer.alloc(sizeBytes);
  const calls: Call[] = [];
  const step = <T>(kind: Call["kind"], offsetBytes: number, lengthBytes: number, effect: () => T): Promise<T> =>
    new Promise((resolve) => {
      const done = (): void => {
        resolve(effect());
      };
      calls.push({ kind, offsetBytes, lengthBytes, done });
      if (!held) done();
    });
  const store: BlockStore = {
    sizeBytes,
    read: (at, length) => step("read", at, length, () => Buffer.from(content.subarray(at, at + length))),
    readNow: (at, into) => (into.set(content.subarray(at, at + into.length)), true),
    write: (at, data) =>
      step("write", at, data.length, () => {
        content.set(data, at);
      }),
    zero: (at, length) => step("zero", at, length, () => void content.fill(0, at, at + length)),
    flush: () => step("flush", 0, 0, noOne),
    close: () => Promise.resolve(),
  };
  const front = createStandaloneFront();
  front.add({ name: scratch, store, access: "read-write", description: "volume in no group" });
  const revocations: string[] = [];
  const open = (): Promise<VolumeHandle> => front.open(scratch, (reason) => revocations.push(reason));
  return { front, open, calls, content, revocations };
}

/** Everything that can go on without the test has gone on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const isOver = async (promise: Promise<unknown>): Promise<boolean> => {
  let over = false;
  promise.then(
    () => (over = true),
    () => (over = true),
  );
  await settled();
  return over;
};

describe("volumes in no group", () => {
  it("A1: are read and written, at once where nothing is in the way", async () => {
    const { front, open, content } = setUp();
    expect(front.list()).toEqual([
      { name: scratch, sizeBytes: 64 * MiB, access: "read-write", description: "volume in no group" },
    ]);
    const handle = await open();
    await handle.write(4096, Buffer.from("abcdef"));
    await handle.zero(4097, 1, "discard");
    expect((await handle.read(4096, 6)).toString()).toBe("a\0cdef");
    const into = Buffer.alloc(6);
    expect([handle.readNow(4096, into), into.toString()]).toEqual([true, "a\0cdef"]);
    expect(content.toString("latin1", 4096, 4102)).toBe("a\0cdef");
  });

  it("F2: a flush reaches the store, so that what was complete before is durable", async () => {
    const { open, calls } = setUp();
    const handle = await open();
    await handle.write(0, Buffer.alloc(4096));
    expect(calls.map(({ kind }) => kind)).toEqual(["write"]);
    await handle.flush();
    expect(calls.map(({ kind }) => kind)).toEqual(["write", "flush"]);
  });

  it("requests that overlap a write take place one after the other, in the order of their arrival", async () => {
    const { open, calls, content } = setUp({ held: true });
    const handle = await open();
    const first = handle.write(0, Buffer.alloc(8192, 1));
    const second = handle.write(4096, Buffer.alloc(8192, 2));
    const reading = handle.read(0, 16384);
    const apart = handle.write(65536, Buffer.alloc(4096, 3));
    expect(handle.readNow(8192, Buffer.alloc(4096))).toBe(false);
    expect(calls.map(({ offsetBytes }) => offsetBytes)).toEqual([0, 65536]);
    calls[1]!.done();
    await apart;
    calls[0]!.done();
    await first;
    expect(calls.map(({ kind, offsetBytes }) => [kind, offsetBytes])).toEqual([
      ["write", 0],
      ["write", 65536],
      ["write", 4096],
    ]);
    calls[2]!.done();
    await second;
    calls[3]!.done();
    const data = await reading;
    expect([data[0], data[4096], data[8192]]).toEqual([1, 2, 2]);
    expect(content[4096]).toBe(2);
    expect(handle.readNow(8192, Buffer.alloc(4096))).toBe(true);
  });

  it("what is under way is bounded: the next request waits until one has ended", async () => {
    const { open, calls } = setUp({ held: true });
    const handle = await open();
    const writes = Array.from({ length: 9 }, (_, index) => handle.write(index * 4 * MiB, Buffer.alloc(4 * MiB)));
    expect(calls).toHaveLength(8);
    const small = handle.write(60 * MiB, Buffer.alloc(4096));
    expect(await isOver(small)).toBe(false);
    expect(calls).toHaveLength(8);
    calls[0]!.done();
    await writes[0];
    await settled();
    // The one that waited first, though the small one would have had room.
    expect(calls.map(({ offsetBytes }) => offsetBytes).slice(8)).toEqual([32 * MiB]);
    calls[1]!.done();
    await writes[1];
    await settled();
    expect(calls).toHaveLength(10);
  });

  it("requests by the thousand are bounded too, and beyond the bounds refused", async () => {
    const { open, calls } = setUp({ held: true });
    const handle = await open();
    const writes = Array.from({ length: 1024 + 8192 }, (_, index) => handle.write(index * 512, Buffer.alloc(512)));
    await expect(handle.write(63 * MiB, Buffer.alloc(512))).rejects.toMatchObject({ code: "IO_ERROR" });
    expect(calls).toHaveLength(1024);
    for (let index = 0; index < writes.length; index++) {
      calls[index]!.done();
      await writes[index];
    }
    expect(calls).toHaveLength(writes.length);
  });

  it("a large write goes in parts, a large zero one part after the other", async () => {
    const { open, calls } = setUp({ sizeBytes: 200 * MiB });
    const handle = await open();
    await handle.write(4096, Buffer.alloc(9 * MiB));
    expect(calls.map(({ lengthBytes }) => lengthBytes)).toEqual([4 * MiB, 4 * MiB, MiB]);
    await handle.zero(0, 200 * MiB, "zero");
    expect(calls.slice(3).map(({ lengthBytes }) => lengthBytes / MiB)).toEqual([64, 64, 64, 8]);
  });

  it("a write that comes while its range is being zeroed is not zeroed by a later part", async () => {
    const { open, calls, content } = setUp({ held: true, sizeBytes: 200 * MiB });
    const handle = await open();
    const zeroing = handle.zero(0, 130 * MiB, "discard");
    const writing = handle.write(129 * MiB, Buffer.from("later"));
    for (let part = 0; part < 3; part++) {
      expect(calls.map(({ kind }) => kind)).toEqual(Array(part + 1).fill("zero"));
      calls[part]!.done();
      await settled();
    }
    await zeroing;
    calls[3]!.done();
    await writing;
    expect(content.toString("latin1", 129 * MiB, 129 * MiB + 5)).toBe("later");
  });

  it("requests out of range, and writes to what is read-only, are refused", async () => {
    const { front, open } = setUp();
    const handle = await open();
    await expect(handle.read(64 * MiB - 1, 2)).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
    await expect(handle.write(64 * MiB, Buffer.alloc(1))).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
    await front.setAccess(scratch, "read-only", "S-VOL of db");
    const reader = await open();
    await expect(reader.write(0, Buffer.alloc(1))).rejects.toMatchObject({
      code: "READ_ONLY",
      message: "volume scratch cannot be written: S-VOL of db",
    });
    await expect(reader.zero(0, 1, "zero")).rejects.toMatchObject({ code: "READ_ONLY" });
    expect(await reader.read(0, 1)).toEqual(Buffer.alloc(1));
  });

  it("B10: when the access changes, sessions end, and the change is complete once their requests have ended", async () => {
    const { front, open, calls, revocations } = setUp({ held: true });
    const handle = await open();
    const writing = handle.write(0, Buffer.alloc(4096));
    const behind = handle.write(0, Buffer.alloc(4096));
    const changing = front.setAccess(scratch, "closed", "S-VOL of db, being copied");
    expect(revocations).toEqual(["S-VOL of db, being copied"]);
    await expect(handle.read(0, 1)).rejects.toMatchObject({ code: "VOLUME_NOT_OPEN" });
    await expect(handle.flush()).rejects.toMatchObject({ code: "VOLUME_NOT_OPEN" });
    await expect(open()).rejects.toThrow(/not open here: S-VOL of db, being copied/);
    expect([await isOver(changing), front.list()]).toEqual([false, []]);
    calls[0]!.done();
    await writing;
    // What had not begun does not begin any more.
    await expect(behind).rejects.toMatchObject({ code: "VOLUME_NOT_OPEN" });
    await changing;
    expect(calls).toHaveLength(1);
  });

  it("a change of the description alone ends no session", async () => {
    const { front, open, revocations } = setUp();
    const handle = await open();
    await front.setAccess(scratch, "read-write", "P-VOL of scratch-copy");
    await handle.write(0, Buffer.alloc(1));
    expect(revocations).toEqual([]);
  });

  it("one that is removed is unknown at once, and gone when its requests have ended", async () => {
    const { front, open, calls, revocations } = setUp({ held: true });
    const handle = await open();
    const writing = handle.write(0, Buffer.alloc(4096));
    const removing = front.remove(scratch, "deleted by an operator");
    await expect(open()).rejects.toMatchObject({ code: "UNKNOWN_VOLUME" });
    expect(await isOver(removing)).toBe(false);
    calls[0]!.done();
    await writing;
    await removing;
    expect([revocations, front.accessOf(scratch)]).toEqual([["deleted by an operator"], null]);
    await front.remove(scratch, "again");
  });

  it("a session that was closed is not told of anything any more", async () => {
    const { front, open, revocations } = setUp();
    (await open()).close();
    front.stop();
    expect(revocations).toEqual([]);
    await expect(open()).rejects.toThrow(/the node is being stopped/);
  });
});

describe("the volumes of a node, joined", () => {
  it("are listed and opened wherever they are, and an unknown name is refused with all of them", async () => {
    const group = setUp();
    await group.front.remove(scratch, "");
    const single = setUp();
    group.front.add({
      name: "vol-a" as VolumeName,
      store: { sizeBytes: 4096 } as BlockStore,
      access: "read-only",
      description: "secondary volume of g1",
    });
    const joined = joinFronts(group.front, single.front);
    expect(joined.list().map(({ name }) => name)).toEqual(["vol-a", "scratch"]);
    expect((await joined.open("vol-a", noOne)).volume.description).toBe("secondary volume of g1");
    expect((await joined.open("scratch", noOne)).volume.access).toBe("read-write");
    await expect(joined.open("other", noOne)).rejects.toThrow("it has: vol-a, scratch");
    await single.front.setAccess("scratch", "closed", "being restored");
    await expect(joined.open("scratch", noOne)).rejects.toThrow(/being restored/);
  });
});

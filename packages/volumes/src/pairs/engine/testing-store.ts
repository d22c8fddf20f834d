/**
 * Stores in memory for the tests of pairs: what a power loss may take is kept apart from what is durable, the power goes
 * at a given I/O over all of them, and one may fail by itself.
 */
import assert from "node:assert/strict";
import type { BlockWrite, StripeStore } from "@waystation/contracts/block-device";
import { endOf, type ByteRange } from "@waystation/contracts/byte-range";
import { Failure } from "@waystation/contracts/errors";
import type { Random } from "@waystation/contracts/random";
import type { PairDocuments, PairHome } from "./pair-home.js";

const sectorBytes = 512;

/** Counts the I/Os of all that hangs on it. From the one at which it goes, nothing completes any more. */
export interface Power {
  /** Performs an I/O; at the last, `lastGasp` happens instead, and the promise stays open for ever. */
  io<T>(perform: () => T, lastGasp?: () => void): Promise<T>;
  readonly cut: Promise<void>;
  count(): number;
  isCut(): boolean;
  /** The power goes at the Nth I/O from now. */
  cutAfter(count: number): void;
}

export function createPower(): Power {
  let count = 0;
  let cutAt = Infinity;
  let onCut = (): void => {};
  const cut = new Promise<void>((resolve) => (onCut = resolve));
  return {
    cut,
    count: () => count,
    isCut: () => count >= cutAt,
    cutAfter: (more) => (cutAt = count + more),
    async io(perform, lastGasp) {
      count++;
      if (count === cutAt) {
        lastGasp?.();
        onCut();
      }
      if (count >= cutAt) return new Promise<never>(() => {});
      // As a disk does: it is done some time after it was asked for.
      await new Promise((resolve) => setImmediate(resolve));
      return perform();
    },
  };
}

export interface TestStore extends StripeStore {
  /** Null when it works, else why all its I/O fails. */
  failing: string | null;
  readonly counters: { readBytes: number; writtenBytes: number; stripeWrites: number; ordinaryWrites: number };
  content(): Buffer;
  /** What a reader of the disks finds after the power has gone and come back. Each sector not flushed is kept or not. */
  crash(random: Random): Buffer;
}

export interface TestStoreOptions {
  readonly sizeBytes: number;
  readonly power: Power;
  readonly content?: Buffer;
  readonly stripeBytes?: number;
}

export function createTestStore({ sizeBytes, power, content, stripeBytes = 4096 }: TestStoreOptions): TestStore {
  const durable = content === undefined ? Buffer.alloc(sizeBytes) : Buffer.from(content);
  const current = Buffer.from(durable);
  const counters = { readBytes: 0, writtenBytes: 0, stripeWrites: 0, ordinaryWrites: 0 };
  const put = (into: Buffer, { offsetBytes, lengthBytes, data }: BlockWrite): void => {
    if (data === null) into.fill(0, offsetBytes, offsetBytes + lengthBytes);
    else into.set(data, offsetBytes);
  };
  const check = (): void => {
    if (store.failing !== null) throw new Failure("IO_ERROR", store.failing);
  };
  const cached = (write: BlockWrite): Promise<void> => {
    const copy = { ...write, data: write.data === null ? null : Buffer.from(write.data) };
    return power.io(
      () => {
        check();
        counters.ordinaryWrites++;
        counters.writtenBytes += write.lengthBytes;
        put(current, copy);
      },
      () => put(current, copy),
    );
  };
  const batch = (writes: readonly BlockWrite[], onDone: () => void): Promise<void> => {
    const perform = (): void => {
      check();
      onDone();
      for (const write of writes) {
        counters.writtenBytes += write.lengthBytes;
        put(current, write);
        // What was cached of these bytes before is overtaken.
        put(durable, write);
      }
    };
    return power.io(perform, () => {
      for (const write of writes) put(current, write);
    });
  };

  const store: TestStore = {
    sizeBytes,
    stripeBytes,
    stripeOffsetBytes: 0,
    failing: null,
    counters,
    content: () => Buffer.from(current),
    read: (offsetBytes, lengthBytes) =>
      power.io(() => {
        check();
        counters.readBytes += lengthBytes;
        return Buffer.from(current.subarray(offsetBytes, offsetBytes + lengthBytes));
      }),
    readNow(offsetBytes, into) {
      if (store.failing !== null || power.isCut()) return false;
      current.copy(into, 0, offsetBytes, offsetBytes + into.length);
      return true;
    },
    write: (offsetBytes, data) => cached({ offsetBytes, lengthBytes: data.length, data }),
    zero: (offsetBytes, lengthBytes) => cached({ offsetBytes, lengthBytes, data: null }),
    writeBatch: (writes) => batch(writes, () => counters.ordinaryWrites++),
    writeStripes(offsetBytes, data, changed) {
      const whole = { offsetBytes, lengthBytes: data.length };
      assert(offsetBytes % stripeBytes === 0 && data.length % stripeBytes === 0, "not whole stripes");
      if (!power.isCut()) checkKnown(whole, Buffer.from(data), changed, [current, durable]);
      const writes = changed.map((range) => {
        const at = range.offsetBytes - offsetBytes;
        return { ...range, data: Buffer.from(data.subarray(at, at + range.lengthBytes)) };
      });
      return batch(writes, () => counters.stripeWrites++);
    },
    flush: () =>
      power.io(() => {
        check();
        current.copy(durable);
      }),
    close: () => Promise.resolve(),
    crash(random) {
      const left = Buffer.from(durable);
      for (let at = 0; at < sizeBytes; at += sectorBytes) {
        if (random.chance(0.5)) current.copy(left, at, at, at + sectorBytes);
      }
      return left;
    },
  };
  return store;
}

/** The redundancy is formed from `data`: where nothing is written, the disks must hold just that. */
function checkKnown(whole: ByteRange, data: Buffer, changed: readonly ByteRange[], images: readonly Buffer[]): void {
  let at = whole.offsetBytes;
  for (const range of [...changed, { offsetBytes: endOf(whole), lengthBytes: 0 }]) {
    const known = data.subarray(at - whole.offsetBytes, range.offsetBytes - whole.offsetBytes);
    for (const image of images) {
      assert(known.equals(image.subarray(at, range.offsetBytes)), `stripes formed from other bytes than are at ${at}`);
    }
    at = endOf(range);
  }
}

export interface TestHome extends PairHome {
  /** What is there after the power has gone: the documents and the marks. */
  crash(random: Random, power: Power): TestHome;
  readonly marksStores: ReadonlyMap<string, TestStore>;
}

export function createTestHome(
  power: Power,
  kept: { documents: Map<string, unknown>; marks: Map<string, Buffer> } = { documents: new Map(), marks: new Map() },
): TestHome {
  const documents = new Map(kept.documents);
  const stores = new Map<string, TestStore>();
  for (const [id, content] of kept.marks)
    stores.set(id, createTestStore({ sizeBytes: content.length, power, content }));
  const port: PairDocuments = {
    names: () => [...documents.keys()],
    get: (name) => documents.get(name),
    // At the cut it is there or not; the tests walk over every I/O, so half of the cuts show each.
    put(name, value) {
      const copy: unknown = JSON.parse(JSON.stringify(value));
      return power.io(
        () => void documents.set(name, copy),
        () => power.count() % 2 === 0 && documents.set(name, copy),
      );
    },
    delete: (name) =>
      power.io(
        () => void documents.delete(name),
        () => power.count() % 2 === 0 && documents.delete(name),
      ),
  };
  return {
    documents: port,
    marksStores: stores,
    marks: {
      ids: () => [...stores.keys()],
      create: (id, sizeBytes) =>
        power.io(() => {
          const store = stores.get(id) ?? createTestStore({ sizeBytes, power });
          stores.set(id, store);
          return store;
        }),
      open(id) {
        const store = stores.get(id);
        if (store === undefined) throw new Failure("VOLUME_NOT_FOUND", `no marks of ${id}`);
        return store;
      },
      delete: (id) => power.io(() => void stores.delete(id)),
    },
    crash(random, next) {
      const marks = new Map([...stores].map(([id, store]) => [id, store.crash(random)]));
      return createTestHome(next, { documents, marks });
    },
  };
}

import type { VolumeName } from "@waystation/contracts/ids";
import { createRandom, type Random } from "@waystation/contracts/random";
import { createMemoryDisk, type MemoryDisk } from "@waystation/raid/io/memory-disk";
import { describe, expect, it } from "vitest";
import { arrayOn } from "./testing-array.js";
import { openVolumes, type Volume, type Volumes } from "./volumes.js";

const mebibyte = 2 ** 20;
const chunkBytes = 65_536;
const volume = (name: string): VolumeName => name as VolumeName;
const newDisk = (sizeBytes: number): MemoryDisk => createMemoryDisk({ file: "disk", sizeBytes });

/** A volume as everybody thinks of it: the byte that fills each sector. */
class Model {
  readonly sizeBytes: number;
  readonly sectors: Map<number, number>;
  readonly snapshotOf: string | null;
  readonly cloneOf: string | null;
  constructor(sizeBytes: number, from: Partial<Pick<Model, "sectors" | "snapshotOf" | "cloneOf">> = {}) {
    this.sizeBytes = sizeBytes;
    this.sectors = new Map(from.sectors);
    this.snapshotOf = from.snapshotOf ?? null;
    this.cloneOf = from.cloneOf ?? null;
  }
  fill(offsetBytes: number, lengthBytes: number, byte: number): void {
    for (let at = offsetBytes / 512; at < (offsetBytes + lengthBytes) / 512; at++) {
      if (byte === 0) this.sectors.delete(at);
      else this.sectors.set(at, byte);
    }
  }
  expected(offsetBytes: number, lengthBytes: number): Buffer {
    const bytes = Buffer.alloc(lengthBytes);
    for (let at = 0; at < lengthBytes; at += 512)
      bytes.fill(this.sectors.get((offsetBytes + at) / 512) ?? 0, at, at + 512);
    return bytes;
  }
}

async function expectSame(volumes: Volumes, name: string, model: Model): Promise<void> {
  const handle = volumes.open(volume(name));
  const offsets = new Set(
    [...model.sectors.keys()].map((sector) => Math.floor((sector * 512) / chunkBytes) * chunkBytes),
  );
  if (model.sizeBytes <= mebibyte) for (let at = 0; at < model.sizeBytes; at += chunkBytes) offsets.add(at);
  for (const offset of offsets) {
    const lengthBytes = Math.min(chunkBytes, model.sizeBytes - offset);
    const stored = await handle.read(offset, lengthBytes);
    if (!stored.equals(model.expected(offset, lengthBytes))) throw new Error(`${name} differs at ${offset}`);
    const into = Buffer.alloc(lengthBytes);
    if (handle.readNow(offset, into)) expect(into.equals(stored)).toBe(true);
  }
  await handle.close();
}

/** A range of sectors, most of them near a few places so that writes meet. */
function someRange(random: Random, sizeBytes: number): { offsetBytes: number; lengthBytes: number } {
  const places = [0, chunkBytes * 3, Math.floor(sizeBytes / 2 / chunkBytes) * chunkBytes, sizeBytes - 4096];
  const start = Math.max(0, random.pick(places) + 512 * (random.below(400) - 200));
  const offsetBytes = Math.min(sizeBytes - 512, Math.max(0, start));
  const most = Math.min(sizeBytes - offsetBytes, random.chance(0.2) ? 5 * chunkBytes : 8192);
  const lengthBytes = 512 * (1 + random.below(most / 512));
  return random.chance(0.2)
    ? {
        offsetBytes: offsetBytes - (offsetBytes % chunkBytes),
        lengthBytes: Math.min(chunkBytes, sizeBytes - (offsetBytes - (offsetBytes % chunkBytes))),
      }
    : { offsetBytes, lengthBytes };
}

/** One random write, zero or batch on a volume and its model. */
async function change(handle: Volume, model: Model, random: Random): Promise<void> {
  const kind = random.below(4);
  const writes = Array.from({ length: kind === 3 ? 1 + random.below(6) : 1 }, () => {
    const byte = kind === 1 || random.chance(0.15) ? 0 : 1 + random.below(255);
    return { ...someRange(random, model.sizeBytes), byte };
  });
  const { offsetBytes, lengthBytes, byte } = writes[0]!;
  if (kind < 2 && byte === 0) await handle.zero(offsetBytes, lengthBytes);
  else if (kind < 2) await handle.write(offsetBytes, Buffer.alloc(lengthBytes, byte));
  else {
    const batch = writes.map((write) => ({
      ...write,
      data: write.byte === 0 ? null : Buffer.alloc(write.lengthBytes, write.byte),
    }));
    await handle.writeBatch(batch);
  }
  for (const write of writes) model.fill(write.offsetBytes, write.lengthBytes, write.byte);
}

describe("volumes with snapshots and clones", () => {
  it("A1: many volumes, snapshots and clones behave like a naive model, and give all space back", async () => {
    for (const seed of [1, 2, 3]) {
      const random = createRandom(seed);
      const disk = newDisk(48 * mebibyte);
      const options = { cacheBytes: random.pick([mebibyte, 16 * mebibyte]) };
      const reopen = () => openVolumes(arrayOn(disk, { stripeBytes: 65_536 }), options);
      let volumes = await reopen();
      const emptyBytes = volumes.freeBytes();
      const models = new Map<string, Model>();
      let made = 0;
      for (let step = 0; step < 200; step++) {
        const names = [...models.keys()];
        const writable = names.filter((name) => models.get(name)!.snapshotOf === null);
        const dice = random.below(100);
        const name = `v${++made}`;
        try {
          if (writable.length === 0 || (dice < 6 && names.length < 14)) {
            const thin = random.chance(0.5);
            const sizes = thin ? [700_416, 3 * 2 ** 30, 16 * 2 ** 40] : [700_416, 512, mebibyte];
            const sizeBytes = random.pick(sizes);
            await volumes.create(volume(name), sizeBytes, { thin });
            models.set(name, new Model(sizeBytes));
          } else if (dice < 16 && names.length < 14) {
            const of = random.pick(writable);
            await volumes.snapshot(volume(name), volume(of), random.chance(0.5) ? { reserve: false } : {});
            const { sizeBytes, sectors } = models.get(of)!;
            models.set(name, new Model(sizeBytes, { sectors, snapshotOf: of }));
          } else if (dice < 22 && names.length > writable.length && names.length < 14) {
            const of = random.pick(names.filter((each) => models.get(each)!.snapshotOf !== null));
            await volumes.clone(volume(name), volume(of));
            const { sizeBytes, sectors } = models.get(of)!;
            models.set(name, new Model(sizeBytes, { sectors, cloneOf: of }));
          } else if (dice < 32) {
            const gone = random.pick(names);
            const hasOthers = [...models.values()].some(
              ({ snapshotOf, cloneOf }) => snapshotOf === gone || cloneOf === gone,
            );
            if (hasOthers) {
              await expect(volumes.delete(volume(gone))).rejects.toMatchObject({
                code: expect.stringMatching(/^VOLUME_HAS/) as unknown,
              });
            } else {
              const { exclusiveBytes, reservedBytes } = await volumes.usage(volume(gone));
              const before = volumes.freeBytes();
              const others = volumes.space().reservedBytes - reservedBytes;
              await volumes.delete(volume(gone));
              models.delete(gone);
              // What it had alone is free; what its volume owns alone from now on need not be reserved any more.
              const { freeBytes, reservedBytes: stillReserved } = volumes.space();
              expect(freeBytes + stillReserved).toBe(before + others + reservedBytes + exclusiveBytes);
            }
          } else if (dice < 35) {
            await volumes.close();
            volumes = await reopen();
          } else {
            const of = random.pick(writable);
            const handle = volumes.open(volume(of));
            await change(handle, models.get(of)!, random);
            await handle.close();
          }
        } catch (error) {
          // A write that is refused has changed nothing.
          if ((error as { code?: string }).code !== "NO_SPACE") throw error;
        }
        if (step % 25 === 0) for (const [each, model] of models) await expectSame(volumes, each, model);
      }
      for (const [each, model] of models) await expectSame(volumes, each, model);
      // Younger ones first: nothing is deleted before what depends on it.
      for (const name of [...models.keys()].reverse()) await volumes.delete(volume(name));
      expect(volumes.freeBytes()).toBe(emptyBytes);
      expect(volumes.space()).toEqual({ totalBytes: emptyBytes, freeBytes: emptyBytes, reservedBytes: 0 });
    }
  });
});

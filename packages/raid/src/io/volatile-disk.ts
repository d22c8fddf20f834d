/**
 * A disk with a volatile write cache, to be stacked on any other: what was not synced is only here, by sectors, and a
 * crash drops it, or such sectors of it as chance has it. For tests on real files; `memory-disk.ts` has its own.
 */
import type { Random } from "@waystation/contracts/random";
import type { BlockDisk, DiskCompletion, DiskOperation } from "./block-disk.js";

export interface VolatileDisk extends BlockDisk {
  /** Power loss: each sector that was not synced reaches the disk below or is gone; all are gone without `random`. */
  crash(random?: Random): Promise<void>;
}

const sectorBytes = 512;

type Write = Extract<DiskOperation, { readonly kind: "write" }>;

export function createVolatileDisk(inner: BlockDisk): VolatileDisk {
  const cache = new Map<number, Buffer>();

  const readSectors = async (offsetBytes: number, into: Uint8Array): Promise<DiskCompletion> => {
    const [failure] = await inner.submit([{ kind: "read", offsetBytes, into }]);
    if (!failure) applyCache(offsetBytes, into);
    return failure ?? null;
  };
  const applyCache = (offsetBytes: number, into: Uint8Array): void => {
    const end = offsetBytes + into.length;
    for (let at = floorToSector(offsetBytes); at < end; at += sectorBytes) {
      const sector = cache.get(at);
      if (sector === undefined) continue;
      const start = Math.max(at, offsetBytes);
      into.set(sector.subarray(start - at, Math.min(end - at, sectorBytes)), start - offsetBytes);
    }
  };
  const keepWrite = async ({ offsetBytes, from }: Write): Promise<DiskCompletion> => {
    const start = floorToSector(offsetBytes);
    const whole = Buffer.alloc(floorToSector(offsetBytes + from.length + sectorBytes - 1) - start);
    const failure = await readSectors(start, whole);
    if (failure !== null) return failure;
    whole.set(from, offsetBytes - start);
    for (let at = 0; at < whole.length; at += sectorBytes) cache.set(start + at, whole.subarray(at, at + sectorBytes));
    return null;
  };
  const writeOut = async (chosen: (sector: number) => boolean): Promise<DiskCompletion> => {
    for (const [offsetBytes, from] of [...cache]) {
      if (!chosen(offsetBytes)) continue;
      const [failure] = await inner.submit([{ kind: "write", offsetBytes, from, durable: false }]);
      if (failure) return failure;
      cache.delete(offsetBytes);
    }
    return (await inner.submit([{ kind: "sync" }]))[0] ?? null;
  };
  const perform = async (operation: DiskOperation): Promise<DiskCompletion> => {
    switch (operation.kind) {
      case "sync":
        return writeOut(() => true);
      case "read":
        return readSectors(operation.offsetBytes, operation.into);
      case "write": {
        const failure = await keepWrite(operation);
        if (failure !== null || !operation.durable) return failure;
        const start = floorToSector(operation.offsetBytes);
        const end = operation.offsetBytes + operation.from.length;
        return writeOut((sector) => sector >= start && sector < end);
      }
    }
  };

  return {
    file: inner.file,
    sizeBytes: inner.sizeBytes,
    async submit(batch) {
      const completions: DiskCompletion[] = [];
      for (const operation of batch) completions.push(await perform(operation));
      return completions;
    },
    readNow(offsetBytes, into) {
      if (!inner.readNow(offsetBytes, into)) return false;
      applyCache(offsetBytes, into);
      return true;
    },
    async crash(random) {
      if (random !== undefined) await writeOut(() => random.chance(0.5));
      cache.clear();
    },
    close: () => inner.close(),
  };
}

function floorToSector(offsetBytes: number): number {
  return Math.floor(offsetBytes / sectorBytes) * sectorBytes;
}

/** The chunk maps of volumes, opened, read, written and deleted with damaged slots, log, bitmap and nodes. */
import type { Failure } from "@waystation/contracts/errors";
import type { VolumeName } from "@waystation/contracts/ids";
import type { Random } from "@waystation/contracts/random";
import { openVolumes } from "@waystation/volumes/volumes";
import { storeOn } from "./journal-media.js";
import { damage, setWord } from "./mutate.js";
import type { FuzzTarget } from "./target.js";

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const arrayBytes = 4 * mebibyte;
const chunkBytes = 64 * kibibyte;
const nameOf = (name: string) => name as VolumeName;

/** Slots, log and bitmap; what comes before them is the volume table, which has a target of its own. */
const metadataFrom = mebibyte;
const metadataTo = 2 * mebibyte;

/** A store as it is after a crash: some changes are in the log alone. */
async function soundStore(): Promise<Buffer> {
  const store = Buffer.alloc(arrayBytes);
  const volumes = await openVolumes(storeOn(store));
  const fill = async (name: string, at: number, byte: number): Promise<void> => {
    const handle = volumes.open(nameOf(name));
    await handle.writeBatch([{ offsetBytes: at, lengthBytes: 4096, data: Buffer.alloc(4096, byte) }]);
    await handle.close();
  };
  await volumes.create(nameOf("v"), 5 * chunkBytes);
  await volumes.snapshot(nameOf("s"), nameOf("v"), { reserve: false });
  await fill("v", 0, 1);
  await volumes.create(nameOf("t"), 2 ** 30, { thin: true });
  await fill("t", 2 ** 29 + 512, 2);
  await volumes.snapshot(nameOf("s2"), nameOf("v"));
  await volumes.clone(nameOf("c"), nameOf("s"));
  await fill("v", 3 * chunkBytes, 3);
  await fill("c", 4 * chunkBytes, 4);
  return store;
}

/** Words of what is used of it. */
function changeWords(store: Buffer, random: Random): void {
  const used: number[] = [];
  for (let at = metadataFrom; at < arrayBytes; at += 512) if (store[at] !== 0) used.push(at);
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = random.pick(used);
    setWord(store.subarray(at, at + random.pick([16, 64, 512])), random);
  }
}

export async function mapsTarget(): Promise<FuzzTarget> {
  const sound = await soundStore();
  return {
    name: "chunk-maps",
    samples: [sound],
    mayRefuse: ({ code }: Failure) => /^(VOLUME|IO_ERROR|OUT_OF_RANGE|NO_SPACE)/.test(code),
    mutate(random) {
      const store = Buffer.from(sound);
      if (random.chance(0.3)) damage(store.subarray(metadataFrom, metadataTo), random).copy(store, metadataFrom);
      else changeWords(store, random);
      return store;
    },
    async read(input) {
      // Written to: not the caller's.
      const volumes = await openVolumes(storeOn(Buffer.from(input)));
      for (const { name, snapshotOf } of volumes.list()) {
        const handle = volumes.open(name);
        await handle.read(0, 3 * chunkBytes);
        if (snapshotOf === null)
          await handle.writeBatch([{ offsetBytes: 512, lengthBytes: 512, data: Buffer.alloc(512, 9) }]);
        if (snapshotOf === null) await handle.zero(0, handle.sizeBytes);
        await handle.close();
        await volumes.usage(name);
      }
      for (const { name } of [...volumes.list()].reverse()) await volumes.delete(name);
    },
  };
}

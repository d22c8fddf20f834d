/**
 * A checksum over all marks that a database holds, whatever their order, kept up at the cost of those that change. The
 * state carries it: LevelDB's log replay may drop a batch that changed only marks, and once the index of that batch is
 * trimmed nothing else tells that the marks have gone back to older values, each of them whole.
 *
 * What is added up is the CRC32C of each name and value, mixed. CRCs are linear: of marks that rise together (`received` and
 * `applied`, say), those that are taken back by the same difference could cancel each other out.
 */
import { crc32c } from "@node-rs/crc32";

export interface MarkSum {
  /** A mark has a new sealed value; null deletes it. */
  set(name: string, sealed: Buffer | null): void;
  count(): number;
  /** Modulo 2^32. */
  sum(): number;
}

export function createMarkSum(): MarkSum {
  const termByName = new Map<string, number>();
  let sum = 0;
  return {
    set(name, sealed) {
      sum -= termByName.get(name) ?? 0;
      if (sealed === null) termByName.delete(name);
      else {
        const term = termOf(name, sealed);
        termByName.set(name, term);
        sum += term;
      }
      sum >>>= 0;
    },
    count: () => termByName.size,
    sum: () => sum,
  };
}

function termOf(name: string, sealed: Buffer): number {
  // Of the value its own checksum stands for it.
  return mix(crc32c(name, sealed.readUInt32LE(0)));
}

/** The last steps of MurmurHash3: not linear, and one to one. */
function mix(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/**
 * Where the state of pairs is kept: on the array of their primary volume, in documents of its volume table and, for the
 * marks of the regions, in hidden volumes.
 */
import type { DurableBlockStore } from "@waystation/contracts/block-device";
import type { VolumeName } from "@waystation/contracts/ids";
import type { Volumes } from "../../volumes.js";

/** Named JSON documents; `put` and `delete` are atomic and durable, and take effect in the order of the calls. */
export interface PairDocuments {
  names(): readonly string[];
  get(name: string): unknown;
  put(name: string, value: unknown): Promise<void>;
  delete(name: string): Promise<void>;
}

/** One store a pair, by the pair's id. It is nobody's to close: it stays open until it is deleted. */
export interface MarksPlaces {
  ids(): readonly string[];
  /** Makes one, or opens the one that is there: what it holds is nobody's. */
  create(id: string, sizeBytes: number): Promise<DurableBlockStore>;
  /** Throws when there is none. */
  open(id: string): DurableBlockStore;
  delete(id: string): Promise<void>;
}

export interface PairHome {
  readonly documents: PairDocuments;
  readonly marks: MarksPlaces;
}

const marksPrefix = "pair-marks.";

export function pairHomeOn(volumes: Volumes): PairHome {
  const nameOf = (id: string): VolumeName => `${marksPrefix}${id}` as VolumeName;
  const opened = new Map<string, DurableBlockStore>();
  const open = (id: string): DurableBlockStore => {
    const store = opened.get(id) ?? volumes.open(nameOf(id));
    opened.set(id, store);
    return store;
  };
  const list = (): string[] => volumes.list({ hidden: true }).map(({ name }) => name);
  return {
    documents: volumes.documents,
    marks: {
      ids: () => list().flatMap((name) => (name.startsWith(marksPrefix) ? [name.slice(marksPrefix.length)] : [])),
      async create(id, sizeBytes) {
        if (!list().includes(nameOf(id))) await volumes.create(nameOf(id), sizeBytes, { hidden: true });
        return open(id);
      },
      open,
      async delete(id) {
        await opened.get(id)?.close();
        opened.delete(id);
        await volumes.delete(nameOf(id));
      },
    },
  };
}

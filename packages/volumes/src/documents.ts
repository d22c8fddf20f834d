/**
 * Small named JSON documents in the volume table, for those who keep state beside the volumes (pairs). A change is
 * durable when its promise resolves, and whole or not there at all after a crash.
 */
import { volumeFailure } from "./errors.js";
import type { MapStore } from "./map-store.js";
import type { TableStore } from "./table-store.js";

export interface VolumeDocuments {
  names(): readonly string[];
  /** A copy of what was put; undefined when there is none of this name. */
  get(name: string): unknown;
  /** Rejects with `DOCUMENT_NAME`, or with `NO_SPACE` when the table is full. */
  put(name: string, value: unknown): Promise<void>;
  /** Several at once, all or none; a value of undefined deletes. */
  change(values: Readonly<Record<string, unknown>>): Promise<void>;
  delete(name: string): Promise<void>;
}

const namePattern = /^[a-z0-9][a-z0-9._/-]{0,126}$/;

export function openDocuments(table: TableStore, maps: MapStore): VolumeDocuments {
  const change = async (values: Readonly<Record<string, unknown>>): Promise<void> => {
    // Copied now: the caller may go on using its objects.
    const copies = Object.entries(values).map(([name, value]) => [name, copyOf(value)] as const);
    for (const [name] of copies) {
      if (namePattern.test(name)) continue;
      const rule = "1 to 127 of a-z, 0-9, '.', '_', '/', '-', starting with a letter or a digit";
      throw volumeFailure("DOCUMENT_NAME", `"${name}" is no name of a document: ${rule}.`);
    }
    await maps.changeTable((now) => {
      const documents = new Map(Object.entries(now.documents));
      for (const [name, value] of copies) {
        if (value === undefined) documents.delete(name);
        else documents.set(name, value);
      }
      return { documents: Object.fromEntries(documents) };
    });
  };
  return {
    names: () => Object.keys(table.current().documents),
    get(name) {
      const { documents } = table.current();
      return Object.hasOwn(documents, name) ? copyOf(documents[name]) : undefined;
    },
    put: (name, value) => change({ [name]: value }),
    change,
    delete: (name) => change({ [name]: undefined }),
  };
}

function copyOf(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

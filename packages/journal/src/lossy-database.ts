/**
 * A `JournalDatabase` in memory that keeps to the letter of the port and to nothing more: a crash drops every batch
 * that was written without `sync` after the last synced one. For tests of durability (DESIGN, rule 3).
 */
import { setImmediate } from "node:timers/promises";
import type { Random } from "@waystation/contracts/random";
import { journalFailure } from "./errors.js";
import type { DatabaseEntry, DatabaseOperation, JournalDatabase } from "./level-database.js";

type Entries = Map<string, DatabaseEntry>;

export interface LossyMedium {
  /** Throws `JOURNAL_LOCKED` while it is open. */
  open(): JournalDatabase;
  /** Power loss: a random prefix of what was not synced survives, and the open database is dead. */
  crash(random: Random): void;
  /** All entries, to be looked at or damaged. Keys in hexadecimal. */
  readonly entries: Entries;
  /** `sync` of every write so far. */
  readonly syncs: readonly boolean[];
}

export function createLossyMedium(): LossyMedium {
  const entries: Entries = new Map();
  const syncs: boolean[] = [];
  /** Batches written since the last sync, to be undone at a crash: entries as they were before each. */
  let unsynced: Entries[] = [];
  let life = 0;
  let isOpen = false;

  const apply = (operations: readonly DatabaseOperation[]): void => {
    for (const operation of operations) {
      const id = operation.key.toString("hex");
      if (operation.type === "del") entries.delete(id);
      else entries.set(id, [operation.key, Buffer.from(operation.value)]);
    }
  };

  return {
    entries,
    syncs,
    open() {
      if (isOpen) throw journalFailure("JOURNAL_LOCKED", "the database is open");
      isOpen = true;
      const mine = ++life;
      const alive = () => mine === life;
      return {
        async write(operations, { sync }) {
          const list = [...operations];
          syncs.push(sync);
          await setImmediate();
          // Of a dead database nothing settles any more.
          if (!alive()) await new Promise(() => {});
          unsynced.push(new Map(entries));
          apply(list);
          await setImmediate();
          if (!alive()) await new Promise(() => {});
          if (sync) unsynced = [];
        },
        async readRange({ first, last, countMax }) {
          const found = [...entries.values()]
            .filter(([key]) => Buffer.compare(key, first) >= 0 && Buffer.compare(key, last) <= 0)
            .sort(([a], [b]) => Buffer.compare(a, b))
            .slice(0, countMax);
          await setImmediate();
          return found;
        },
        close() {
          if (alive()) isOpen = false;
          return Promise.resolve();
        },
      };
    },
    crash(random) {
      const before = unsynced[random.below(unsynced.length + 1)];
      if (before !== undefined) {
        entries.clear();
        for (const [id, entry] of before) entries.set(id, entry);
      }
      unsynced = [];
      life += 1;
      isOpen = false;
    },
  };
}

/**
 * The journal of one node: the memory journal of `@waystation/journal` on virtual time, watched. Whoever watches learns
 * of each commit when it is durable; of one that a crash kept although nobody was answered, when the journal is opened
 * again. To tell those, every commit carries its own number in one more mark.
 */
import { Failure } from "@waystation/contracts/errors";
import { noSequence, type GroupName, type Sequence } from "@waystation/contracts/ids";
import type { Journal, JournalCommit } from "@waystation/contracts/journal";
import type { Random } from "@waystation/contracts/random";
import { createMemoryJournal, type MemoryJournalMedium } from "@waystation/journal/memory-journal";
import { drawLatency, type Latency } from "./latency.js";
import type { World } from "./world.js";

export interface WatchedJournal {
  /** Opens the journal for one life of the node. */
  open(): Promise<Journal>;
  /** Power loss: some prefix of what was on its way survives, and the open journal is dead. */
  crash(random: Random): void;
  /** The next commit fails, and with it the journal, until it is opened again. */
  failNext(): void;
  /**
   * Damage: the journal loses its newest commits although they were durable, until those who are `stillKnown` to hold
   * numbers above its end can tell. Call while it is closed. Returns the last number that is left.
   */
  loseTail(stillKnown: Sequence, random: Random): Sequence;
  /** It is gone, as with the disk below it: an empty one is opened next. Call while it is closed. */
  wipe(): void;
}

export interface WatchedJournalOptions {
  readonly group: GroupName;
  readonly capacityBytes: number;
  readonly latency: Latency;
  readonly random: Random;
  readonly onDurable: (commit: JournalCommit) => void;
  readonly onTrim: (through: Sequence) => void;
  readonly onUsage: (usedBytes: number) => void;
}

const numberMark = "simulator/commit";

export function createWatchedJournal(world: World, options: WatchedJournalOptions): WatchedJournal {
  const { group, capacityBytes, latency, random } = options;
  const createMedium = (): MemoryJournalMedium =>
    createMemoryJournal({
      group,
      clock: { setTimer: world.after },
      capacityBytes,
      syncMs: () => drawLatency(latency, random),
      readMs: () => drawLatency(latency, random) / 4,
    });
  let medium = createMedium();
  /** Every commit that is durable, oldest first. */
  const history: JournalCommit[] = [];
  let trimmedThrough = noSequence;
  let damaged = false;
  let failing = false;
  /** Commits that were called and are not known to be durable. */
  let underWay: { readonly number: number; readonly commit: JournalCommit }[] = [];

  const durableThrough = (number: number): void => {
    const done = underWay.filter((entry) => entry.number <= number);
    underWay = underWay.filter((entry) => entry.number > number);
    for (const { commit } of done) {
      history.push(commit);
      options.onDurable(commit);
    }
  };

  /** What a damaged journal still holds is written anew: there is no other way to make it forget. */
  const restore = async (): Promise<void> => {
    medium = createMedium();
    const journal = await medium.open();
    await Promise.all(history.map((commit) => journal.commit(commit)));
    journal.trimThrough(trimmedThrough);
    await journal.commit({}); // a trim is durable with the next commit
    await journal.close();
    damaged = false;
  };

  return {
    async open() {
      failing = false;
      if (damaged) await restore();
      const journal = await medium.open();
      const found = journal.marks().get(numberMark);
      let number = typeof found === "number" ? found : 0;
      durableThrough(number);
      underWay = [];
      return {
        group,
        first: () => journal.first(),
        last: () => journal.last(),
        usage: () => journal.usage(),
        marks: () => journal.marks(),
        read: (wanted) => journal.read(wanted),
        close: () => journal.close(),
        async commit(commit) {
          if (failing) throw new Failure("JOURNAL_FAILED", "the simulated journal failed");
          const own = ++number;
          underWay.push({ number: own, commit });
          const done = journal.commit({ ...commit, marks: new Map([...(commit.marks ?? []), [numberMark, own]]) });
          options.onUsage(journal.usage().usedBytes);
          await done;
          durableThrough(own);
        },
        trimThrough(sequence) {
          journal.trimThrough(sequence);
          trimmedThrough = sequence;
          options.onTrim(sequence);
        },
      };
    },
    crash: (crashRandom) => {
      medium.crash(crashRandom);
    },
    failNext() {
      failing = true;
    },
    loseTail(stillKnown, lossRandom) {
      damaged = true;
      underWay = [];
      let lost = 1 + lossRandom.below(10);
      while (history.length > 0 && (lost > 0 || lastOf(history) >= stillKnown)) {
        history.pop();
        lost -= 1;
      }
      return lastOf(history);
    },
    wipe() {
      medium = createMedium();
      history.length = 0;
      underWay = [];
      trimmedThrough = noSequence;
      damaged = false;
    },
  };
}

function lastOf(history: readonly JournalCommit[]): Sequence {
  return history.findLast(({ records }) => (records?.length ?? 0) > 0)?.records?.at(-1)?.sequence ?? noSequence;
}

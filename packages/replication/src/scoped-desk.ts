/**
 * The desk of the role machines of one term. A term ends by the machines hearing of nothing any more, and others are built
 * from the marks; what the ended ones had under way must not reach the new ones' world. So an ending scope takes no new
 * orders, waits until the array has answered what was asked of it (an old store landing after a new one's would put old
 * data on top of newer), and then drops whatever else is still to be answered.
 */
import type { Desk, JournalDesk } from "./effects.js";

export interface ScopedDesk {
  readonly desk: Desk;
  /** Calls back once no store and no load is under way; from then on the machines hear of nothing. */
  end(then: () => void): void;
}

export function createScopedDesk(inner: Desk): ScopedDesk {
  let state: "open" | "ending" | "ended" = "open";
  let underWay = 0;
  let whenQuiet = (): void => {};

  const endIfQuiet = (): void => {
    if (state !== "ending" || underWay > 0) return;
    state = "ended";
    whenQuiet();
  };

  /** What the array answers. The machine still hears of it while the scope ends: hosts may be waiting for it. */
  const counted = <T>(then: (answer: T) => void): ((answer: T) => void) => {
    underWay += 1;
    return (answer) => {
      underWay -= 1;
      then(answer);
      endIfQuiet();
    };
  };
  const heard = <T extends unknown[]>(then: (...answer: T) => void): ((...answer: T) => void) => {
    return (...answer) => {
      if (state !== "ended") then(...answer);
    };
  };
  const whileOpen = <T extends unknown[]>(act: (...order: T) => void): ((...order: T) => void) => {
    return (...order) => {
      if (state === "open") act(...order);
    };
  };

  const journalDesk = (journal: JournalDesk): JournalDesk => ({
    commit: whileOpen((change, whenDurable = () => {}) => journal.commit(change, heard(whenDurable))),
    trim: whileOpen((sequence) => journal.trim(sequence)),
    readJournal: whileOpen((options, then) => journal.readJournal(options, heard(then))),
  });

  return {
    desk: {
      ...journalDesk(inner),
      preImages: journalDesk(inner.preImages),
      nowMs: () => inner.nowMs(),
      wallMs: () => inner.wallMs(),
      uniqueId: () => inner.uniqueId(),
      branch: whileOpen((volume, name, then) => inner.branch(volume, name, heard(then))),
      store: whileOpen((volume, writes, then) => inner.store(volume, writes, counted(then))),
      load: whileOpen((volume, range, then) => inner.load(volume, range, counted(then))),
      send: whileOpen((link, body) => inner.send(link, body)),
      dial: whileOpen((peer, channel) => inner.dial(peer, channel)),
      closeLink: whileOpen((link) => inner.closeLink(link)),
      reply: (request, result) => inner.reply(request, result),
      access: whileOpen((volume, access, reason) => inner.access(volume, access, reason)),
      takeoverProgress: (request, progress) => inner.takeoverProgress(request, progress),
      wake: (afterMs) => inner.wake(afterMs),
      log: (level, message) => inner.log(level, message),
    },
    end(then) {
      state = "ending";
      whenQuiet = then;
      endIfQuiet();
    },
  };
}

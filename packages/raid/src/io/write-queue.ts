/**
 * Gathers concurrent writes into rounds (group commit): while one round is on its way, the next fills. Writes that
 * overlap are taken in the order of the calls, so that the later one wins; a round is bounded by the log record that
 * it must fit, and a large request goes through several.
 */
import { overlaps } from "@waystation/contracts/byte-range";
import type { CellUpdate } from "../core/cell-update.js";
import type { Cell, CellPieces, Geometry } from "../core/geometry.js";
import { recordHeaderBytes } from "../core/log-record.js";
import type { Committer, Promised } from "./committer.js";
import { addGroup, costOf, groupOf, groupsOf, writesOf, type PieceGroup, type QueuedWrite } from "./write-groups.js";

/**
 * A large request takes turns with the others: zeroing gigabytes must not hold up every write behind it. Each may take
 * so many cells per round while others wait, and an even share of the round, but no less than one of `turnsPerRound`.
 */
const groupsPerTurn = 64;
const turnsPerRound = 8;

interface Turn {
  readonly shareBytes: number;
  readonly othersWait: () => boolean;
}

export interface WriteQueue {
  /** Resolves when all writes are done. They lie within the array. */
  submit(writes: readonly QueuedWrite[], promised: Promised): Promise<void>;
  /** The same for what was gathered of a cell, promised `flushed`. It goes into one round. */
  submitCell(update: CellUpdate): Promise<void>;
  /** Resolves when everything submitted so far has completed. */
  drained(): Promise<void>;
}

export interface WriteQueueOptions {
  readonly geometry: Geometry;
  readonly committer: Committer;
  /** Bytes of a record that rounds must leave free. */
  reservedBytes(): number;
  /** True when a range of a cell reads as zeros already. */
  readsAsZeros(cell: Cell, pieces: CellPieces["pieces"]): Promise<boolean>;
}

interface Request {
  readonly writes: readonly QueuedWrite[];
  readonly promised: Promised;
  readonly groups: Iterator<PieceGroup, undefined>;
  /** The next group, taken from the iterator but not yet into a round. */
  head: PieceGroup | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What one round is made of. */
interface Round {
  readonly updates: Map<Cell, CellUpdate>;
  /** Those with a part in it, or that need none: settled with it, if nothing of them is left. */
  readonly requests: Set<Request>;
  budgetBytes: number;
}

export function createWriteQueue(options: WriteQueueOptions): WriteQueue {
  const { geometry, committer } = options;
  let waiting: Request[] = [];
  let pumping: Promise<void> | null = null;

  /** Takes groups of one request into the round, up to its share while others wait. Returns whether the round is full. */
  const takeFrom = async (request: Request, round: Round, turn: Turn): Promise<boolean> => {
    let spentBytes = 0;
    for (let taken = 0; request.head !== undefined; taken++) {
      if ((taken >= groupsPerTurn || spentBytes >= turn.shareBytes) && turn.othersWait()) return false;
      const group = request.head;
      const cost = costOf(geometry, group, round.updates);
      if (cost > round.budgetBytes && round.updates.size > 0) return true;
      // Only where nothing of this round comes before it: the disks do not show that yet. Nor is what they show durable
      // before the next sync.
      const isSettled = request.promised === "flushed" || !committer.isUnsynced();
      const isZeros = group.source === null && group.update === undefined;
      const mayBeZeros = isZeros && !round.updates.has(group.cell) && isSettled;
      if (!mayBeZeros || !(await options.readsAsZeros(group.cell, group.pieces))) {
        round.budgetBytes -= cost;
        spentBytes += cost;
        round.requests.add(request);
        addGroup(geometry, round.updates, group);
      }
      request.head = request.groups.next().value;
    }
    round.requests.add(request);
    return false;
  };

  const fillRound = async (round: Round): Promise<void> => {
    // Those that come while this runs wait for the next round.
    const candidates = waiting;
    waiting = [];
    const turn: Turn = {
      shareBytes: round.budgetBytes / Math.min(candidates.length, turnsPerRound),
      othersWait: () => candidates.length > 1 || waiting.length > 0,
    };
    // Not done, in the order of the calls: those that had their turn, and those that overlap one of them.
    const passed: Request[] = [];
    try {
      for (let request = candidates[0]; request !== undefined; request = candidates[0]) {
        const mustWait = passed.some((earlier) => overlap(earlier.writes, request.writes));
        if (!mustWait && (await takeFrom(request, round, turn))) break;
        if (request.head !== undefined) passed.push(request);
        candidates.shift();
      }
    } finally {
      waiting = [...passed, ...candidates, ...waiting];
    }
  };

  const runRound = async (): Promise<void> => {
    const budgetBytes = geometry.recordBytesMax - recordHeaderBytes - options.reservedBytes();
    const round: Round = { updates: new Map(), requests: new Set(), budgetBytes };
    try {
      await fillRound(round);
      const promised = [...round.requests].every((request) => request.promised === "flushed") ? "flushed" : "durable";
      if (round.updates.size > 0) await committer.commit([...round.updates.values()], promised);
      for (const request of round.requests) if (request.head === undefined) request.resolve();
    } catch (error) {
      // Whoever had a part in it fails as a whole; the rest of a large request is not tried. When filling failed, the
      // array cannot be read: nobody's turn would end better.
      const failed = new Set([...round.requests, ...(round.requests.size === 0 ? waiting : [])]);
      waiting = waiting.filter((request) => !failed.has(request));
      for (const request of failed) request.reject(error);
    }
  };

  const pump = async (): Promise<void> => {
    // Calls made in the same turn go into the first round together.
    await Promise.resolve();
    while (waiting.length > 0) await runRound();
    pumping = null;
  };

  const enqueue = (
    { writes, promised }: Pick<Request, "writes" | "promised">,
    groups: Iterator<PieceGroup, undefined>,
  ): Promise<void> =>
    new Promise((resolve, reject) => {
      const head = groups.next().value;
      if (head === undefined) {
        resolve();
        return;
      }
      waiting.push({ writes, promised, groups, head, resolve, reject });
      pumping ??= pump();
    });

  return {
    submit: (writes, promised) => enqueue({ writes, promised }, groupsOf(geometry, writes)),
    submitCell: (update) =>
      enqueue({ writes: writesOf(geometry, update), promised: "flushed" }, [groupOf(update)][Symbol.iterator]()),
    async drained() {
      while (pumping !== null) await pumping;
    },
  };
}

function overlap(some: readonly QueuedWrite[], others: readonly QueuedWrite[]): boolean {
  return some.some((a) => others.some((b) => overlaps(a, b)));
}

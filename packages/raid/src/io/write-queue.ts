/**
 * Gathers concurrent writes into rounds (group commit): while one round is on its way, the next fills. Writes are taken
 * in the order of the calls, so that the later of two overlapping ones wins; a round is bounded by the log record that
 * it must fit, and a large request goes through several.
 */
import type { BlockWrite } from "@waystation/contracts/block-device";
import { createCellUpdate, layOver, type CellUpdate } from "../core/cell-update.js";
import { cellPieces, type Cell, type CellPieces, type Geometry } from "../core/geometry.js";
import { entryBytesMax, recordHeaderBytes } from "../core/log-record.js";
import type { Committer } from "./committer.js";

export interface WriteQueue {
  /** Resolves when all writes are durable. They lie within the array. */
  submit(writes: readonly BlockWrite[]): Promise<void>;
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
  readonly groups: Iterator<PieceGroup, undefined>;
  /** The next group, taken from the iterator but not yet into a round. */
  head: PieceGroup | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

type PieceGroup = CellPieces & { readonly source: Uint8Array | null };

export function createWriteQueue(options: WriteQueueOptions): WriteQueue {
  const { geometry, committer } = options;
  let waiting: Request[] = [];
  let pumping: Promise<void> | null = null;

  /** Takes what fits. Returns the requests that are in the round with their last piece, and those with any. */
  const fillRound = async (updates: Map<Cell, CellUpdate>): Promise<{ ended: Request[]; touched: Request[] }> => {
    const ended: Request[] = [];
    const touched: Request[] = [];
    let budgetBytes = geometry.recordBytesMax - recordHeaderBytes - options.reservedBytes();
    while (waiting.length > 0) {
      const request = waiting[0] as Request;
      let isTouched = false;
      while (request.head !== undefined) {
        const group = request.head;
        const cost = costOf(geometry, group);
        if (cost > budgetBytes && updates.size > 0) break;
        // Only where nothing of this round comes before it: the disks do not show that yet.
        const isFree = group.source === null && !updates.has(group.cell);
        if (!isFree || !(await options.readsAsZeros(group.cell, group.pieces))) {
          budgetBytes -= cost;
          addGroup(geometry, updates, group);
          isTouched = true;
        }
        request.head = request.groups.next().value;
      }
      if (isTouched) touched.push(request);
      if (request.head !== undefined) break;
      ended.push(request);
      waiting.shift();
    }
    return { ended, touched };
  };

  const runRound = async (): Promise<void> => {
    const updates = new Map<Cell, CellUpdate>();
    let round: Awaited<ReturnType<typeof fillRound>> = { ended: [], touched: [] };
    try {
      round = await fillRound(updates);
      if (updates.size > 0) await committer.commit([...updates.values()]);
      for (const request of round.ended) request.resolve();
    } catch (error) {
      // Whoever had a part in it fails as a whole; the rest of a large request is not tried.
      const failed = new Set([...round.ended, ...round.touched]);
      if (failed.size === 0) for (const request of waiting) failed.add(request);
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

  return {
    submit: (writes) =>
      new Promise((resolve, reject) => {
        const groups = groupsOf(geometry, writes);
        const head = groups.next().value;
        if (head === undefined) {
          resolve();
          return;
        }
        waiting.push({ groups, head, resolve, reject });
        pumping ??= pump();
      }),
    async drained() {
      while (pumping !== null) await pumping;
    },
  };
}

/** Lazily, so that zeroing a large range costs no memory. */
function* groupsOf(geometry: Geometry, writes: readonly BlockWrite[]): Generator<PieceGroup, undefined> {
  for (const { offsetBytes, lengthBytes, data } of writes) {
    for (const group of cellPieces(geometry, offsetBytes, lengthBytes)) yield { ...group, source: data };
  }
  return undefined;
}

function addGroup(geometry: Geometry, updates: Map<Cell, CellUpdate>, group: PieceGroup): void {
  let update = updates.get(group.cell);
  if (update === undefined) {
    update = createCellUpdate(group.cell, geometry.dataUnits);
    updates.set(group.cell, update);
  }
  for (const { unit, columnBytes, lengthBytes, sourceBytes } of group.pieces) {
    update.units[unit] = layOver(update.units[unit] ?? [], {
      startBytes: columnBytes,
      endBytes: columnBytes + lengthBytes,
      source: group.source,
      sourceBytes,
    });
  }
}

/**
 * An upper bound of what these pieces take of a record: data and as much parity; for each piece two segments (itself,
 * and what it may cut off another) and as many runs of parity; an intent for the cell.
 */
function costOf(geometry: Geometry, { pieces }: PieceGroup): number {
  let total = entryBytesMax + 4 * geometry.diskCount;
  for (const { lengthBytes } of pieces) total += 2 * lengthBytes + 4 * entryBytesMax;
  return total;
}

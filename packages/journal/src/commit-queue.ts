/**
 * Group commit: takes what waits, has it written as one batch, and while that is being written the next gathers. Batches
 * are written one at a time, in call order; a commit is never split. Once a write has failed, everything that waits
 * fails with it, and nothing is written any more.
 */
export interface QueuedCommit {
  /** Counts up from 1 since the journal was opened. */
  readonly ordinal: number;
  readonly cutAfter: number | null;
  /** What it adds to its batch, about. */
  readonly sizeBytes: number;
  readonly settle: (failure: Error | null) => void;
}

export interface CommitQueueOptions<Commit> {
  /** A batch gathers no more than this, but for a commit that is larger by itself. */
  readonly batchBytesMax: number;
  /** Makes a batch durable. It is empty when there is only work of the writer's own to do. */
  readonly write: (batch: readonly Commit[]) => Promise<void>;
  /** Whether the writer has work of its own. Not asked any more once the queue is being drained. */
  readonly hasOwnWork: () => boolean;
  /** All commits up to this ordinal are durable. */
  readonly onDurable: (ordinal: number) => void;
  /** A write failed: the journal is dead. Returns what to tell those who wait. */
  readonly onFailure: (error: unknown) => Error;
}

export interface CommitQueue<Commit> {
  add(commit: Commit): void;
  /** The writer may have work of its own now. */
  kick(): void;
  /** What has been added and not been taken into a batch. */
  waitingBytes(): number;
  /** What the cuts that wait will leave at most; Infinity when none waits. */
  lowestWaitingCut(): number;
  /** Resolves when nothing waits any more. The writer's own work may be left over. */
  drain(): Promise<void>;
}

export function createCommitQueue<Commit extends QueuedCommit>(
  options: CommitQueueOptions<Commit>,
): CommitQueue<Commit> {
  let waiting: Commit[] = [];
  let waitingBytes = 0;
  let waitingCuts = 0;
  let writing: Promise<void> | null = null;
  let draining = false;
  let failed = false;

  const hasWork = (): boolean => waiting.length > 0 || (!draining && options.hasOwnWork());

  const kick = (): void => {
    if (failed || !hasWork()) return;
    writing ??= writeAll().finally(() => {
      writing = null;
      // A commit may have come between the loop's last look and this line.
      kick();
    });
  };

  const writeAll = async (): Promise<void> => {
    // Commits called in this turn of the event loop belong together.
    await Promise.resolve();
    while (!failed && hasWork()) {
      const taken = take();
      try {
        await options.write(taken);
      } catch (error) {
        failed = true;
        const failure = options.onFailure(error);
        for (const commit of [...taken, ...waiting.splice(0)]) commit.settle(failure);
        return;
      }
      const last = taken.at(-1);
      if (last !== undefined) options.onDurable(last.ordinal);
      for (const commit of taken) commit.settle(null);
    }
  };

  /** The commits of the next batch: at least one, up to the byte limit. A cut opens a batch (see the layout). */
  const take = (): Commit[] => {
    let bytes = 0;
    let count = 0;
    for (const commit of waiting) {
      if (count > 0 && (commit.cutAfter !== null || bytes + commit.sizeBytes > options.batchBytesMax)) break;
      bytes += commit.sizeBytes;
      count += 1;
    }
    const taken = waiting.slice(0, count);
    waiting = waiting.slice(count);
    waitingBytes -= bytes;
    if (taken[0]?.cutAfter !== undefined && taken[0].cutAfter !== null) waitingCuts -= 1;
    return taken;
  };

  return {
    add(commit) {
      waiting.push(commit);
      waitingBytes += commit.sizeBytes;
      if (commit.cutAfter !== null) waitingCuts += 1;
      kick();
    },
    kick,
    waitingBytes: () => waitingBytes,
    lowestWaitingCut() {
      if (waitingCuts === 0) return Infinity;
      return waiting.reduce((lowest, { cutAfter }) => Math.min(lowest, cutAfter ?? Infinity), Infinity);
    },
    async drain() {
      draining = true;
      while (writing !== null) await writing;
    },
  };
}

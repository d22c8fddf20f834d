/**
 * Load whose every byte is known: writers with a part of a volume each, which write blocks at random, read some of them
 * back, and flush now and then. They go on after a lost connection; what was not flushed then is looked at first.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "@waystation/contracts/random";
import { NbdRefusal, type NbdClient } from "./nbd-client.js";
import { blockBytes, type VolumeModel } from "./volume-model.js";

export interface ModelledWritesOptions {
  readonly open: () => Promise<NbdClient>;
  readonly model: VolumeModel;
  readonly random: Random;
  /** The blocks that are written. */
  readonly firstBlock: number;
  readonly blockCount: number;
  /** In all; until `stop` when left out. */
  readonly writes?: number;
}

export interface ModelledWrites {
  written(): number;
  /** Lets what is under way end and flushes. Rejects when a block held what it must not, or a request was refused. */
  stop(): Promise<void>;
  /** As `stop`, after all the writes. */
  readonly ended: Promise<void>;
}

const writers = 4;
const runBlocksMax = 24;
const writesPerFlush = 16;
const reconnectMs = 50;

export function startModelledWrites(options: ModelledWritesOptions): ModelledWrites {
  const blocksEach = Math.floor(options.blockCount / writers);
  const writesEach = options.writes === undefined ? Infinity : Math.ceil(options.writes / writers);
  let written = 0;
  let stopping = false;
  const write = (index: number): Promise<void> =>
    runWriter({
      ...options,
      random: options.random.fork(),
      firstBlock: options.firstBlock + index * blocksEach,
      blockCount: blocksEach,
      writesLeft: writesEach,
      isStopping: () => stopping,
      onWritten: () => written++,
    });
  const ended = Promise.all(Array.from({ length: writers }, (_, index) => write(index))).then(() => {});
  // Whoever waits for it gets the rejection all the same.
  ended.catch(() => {});
  return {
    written: () => written,
    ended,
    stop() {
      stopping = true;
      return ended;
    },
  };
}

interface WriterOptions extends ModelledWritesOptions {
  writesLeft: number;
  readonly isStopping: () => boolean;
  readonly onWritten: () => void;
}

/** Nothing is forgiven but a connection that ends. */
async function runWriter(options: WriterOptions): Promise<void> {
  let hasLost = false;
  for (;;) {
    const client = await options.open().catch(() => null);
    try {
      if (client !== null) {
        if (hasLost) await lookAround(options, client);
        await writeUntilStopped(options, client);
        return;
      }
    } catch (error) {
      if (error instanceof NbdRefusal || !isLostConnection(error)) throw error;
      hasLost = true;
    } finally {
      client?.close();
    }
    await delay(reconnectMs);
  }
}

function isLostConnection(error: unknown): boolean {
  return error instanceof Error && /closed the connection|ECONNRESET|EPIPE/.test(error.message);
}

/** After a crash: each block is as it was after some write since the last flush. */
async function lookAround({ model, firstBlock, blockCount }: WriterOptions, client: NbdClient): Promise<void> {
  for (let block = firstBlock; block < firstBlock + blockCount; block += runBlocksMax) {
    const count = Math.min(runBlocksMax, firstBlock + blockCount - block);
    model.check(block, await client.read(block * blockBytes, count * blockBytes), { afterCrash: true });
  }
}

async function writeUntilStopped(options: WriterOptions, client: NbdClient): Promise<void> {
  const { model, random } = options;
  const flush = async (): Promise<void> => {
    await client.flush();
    model.settle(options.firstBlock, options.blockCount);
  };
  for (let since = 0; options.writesLeft > 0 && !options.isStopping(); options.writesLeft--) {
    const { block, count } = somewhere(options);
    await client.write(block * blockBytes, model.stamp(block, count));
    options.onWritten();
    const look = somewhere(options);
    if (random.chance(0.25))
      model.check(look.block, await client.read(look.block * blockBytes, look.count * blockBytes));
    if (++since % writesPerFlush === 0) await flush();
  }
  await flush();
}

function somewhere({ random, firstBlock, blockCount }: WriterOptions): { block: number; count: number } {
  const count = 1 + random.below(Math.min(runBlocksMax, blockCount));
  return { block: firstBlock + random.below(blockCount - count + 1), count };
}

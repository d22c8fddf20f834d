/**
 * A volume of another node as a block store, for the pair whose S-VOL it is (SPEC A8). Only user data crosses the link, on
 * one write stream; that node forms the redundancy for its own array. What is written is durable when it resolves.
 *
 * Each connection is a session that the far node gives, having ended the one before: a write that failed here is never
 * carried out later, over one that followed it. A request whose session broke is sent once more in the next; it still
 * holds its range here, so nothing can have come between.
 */
import type { BlockWrite, DurableBlockStore } from "@waystation/contracts/block-device";
import { isFailure } from "@waystation/contracts/errors";
import { overlaps } from "@waystation/contracts/byte-range";
import type { LoanTerms } from "@waystation/contracts/storage-front";
import type { BlockClient } from "./block-client.js";
import type { WriteStream } from "./write-stream.js";

interface RemoteVolumeOptions {
  readonly blocks: BlockClient;
  /** Ends what came before, and says by which name the volume is to be opened now. */
  readonly attach: () => Promise<LoanTerms>;
  readonly sizeBytes: number;
  /** A write that the far node has not stored within this time has failed. */
  readonly writeTimeoutMs?: number;
}

interface RemoteVolume extends DurableBlockStore {
  /** User data in a stripe of the far array, once it is known. */
  readonly stripeBytes?: number;
  readonly stripeOffsetBytes?: number;
}

interface Session {
  readonly volume: string;
  readonly stream: WriteStream;
}

const pieceBytesMax = 1024 * 1024;
const readBytesMax = 4 * 1024 * 1024;
const defaultWriteTimeoutMs = 20_000;
/** The session is over, and what was asked in it may or may not have happened. */
const brokenSession = ["RPC_UNREACHABLE", "WRITE_STREAM_CLOSED", "VOLUME_NOT_OPEN", "UNKNOWN_VOLUME"];

export function openRemoteVolume(options: RemoteVolumeOptions): RemoteVolume {
  const { blocks, attach, sizeBytes, writeTimeoutMs = defaultWriteTimeoutMs } = options;
  let session: Promise<Session> | null = null;
  let stripeBytes: number | null = null;
  let isClosed = false;

  const begin = async (): Promise<Session> => {
    const terms = await attach();
    if (terms.stripeBytes > 0) stripeBytes = terms.stripeBytes;
    const volume = terms.sessionVolume;
    return { volume, stream: await blocks.openWriteStream({ volume, batchTimeoutMs: writeTimeoutMs }) };
  };
  /** Ends a session unless another has taken its place already. */
  const drop = (mine: Promise<Session>): void => {
    if (session === mine) session = null;
    mine.then(({ stream }) => stream.close()).catch(() => {});
  };
  const attempt = async <T>(work: (now: Session) => Promise<T>): Promise<T> => {
    const mine = (session ??= begin());
    try {
      return await work(await mine);
    } catch (error) {
      drop(mine);
      throw error;
    }
  };
  const run = async <T>(work: (now: Session) => Promise<T>): Promise<T> => {
    try {
      return await attempt(work);
    } catch (error) {
      if (isClosed || !brokenSession.some((code) => isFailure(error, code))) throw error;
      return attempt(work);
    }
  };

  const send = ({ stream }: Session, { offsetBytes, lengthBytes, data }: BlockWrite): Promise<unknown> => {
    if (data === null) return stream.zero(offsetBytes, lengthBytes, "zero");
    const writes: Promise<void>[] = [];
    for (const [at, length] of pieces(offsetBytes, lengthBytes, stripeBytes ?? pieceBytesMax)) {
      const from = at - offsetBytes;
      writes.push(stream.write(at, data.subarray(from, from + length)));
    }
    return allSettled(writes);
  };
  const writeBatch = (writes: readonly BlockWrite[]): Promise<void> =>
    run(async (now) => {
      // Writes on the stream end in any order: what overlaps waits.
      if (anyOverlap(writes)) for (const write of writes) await send(now, write);
      else await allSettled(writes.map((write) => send(now, write)));
    });
  const read = (offsetBytes: number, lengthBytes: number): Promise<Buffer> =>
    run(async ({ volume }) => {
      const parts: Buffer[] = [];
      for (let done = 0; done < lengthBytes; done += readBytesMax) {
        const length = Math.min(readBytesMax, lengthBytes - done);
        parts.push(await blocks.read({ volume, offsetBytes: offsetBytes + done, lengthBytes: length }));
      }
      return Buffer.concat(parts);
    });

  return {
    sizeBytes,
    get stripeBytes() {
      return stripeBytes ?? pieceBytesMax;
    },
    stripeOffsetBytes: 0,
    read,
    readNow: () => false,
    write: (offsetBytes, data) => writeBatch([{ offsetBytes, lengthBytes: data.length, data }]),
    zero: (offsetBytes, lengthBytes) => writeBatch([{ offsetBytes, lengthBytes, data: null }]),
    writeBatch,
    // What has been answered is durable there; this only finds out whether the node can be reached at all.
    flush: () => run(() => Promise.resolve()),
    async close() {
      isClosed = true;
      const last = session;
      session = null;
      await last?.then(({ stream }) => stream.close()).catch(() => {});
    },
  };
}

/** Waits for all, so that nothing is under way any more when the first failure is told. */
async function allSettled(requests: readonly Promise<unknown>[]): Promise<void> {
  for (const end of await Promise.allSettled(requests)) if (end.status === "rejected") throw end.reason;
}

function anyOverlap(writes: readonly BlockWrite[]): boolean {
  return writes.some((one, index) => writes.slice(index + 1).some((other) => overlaps(one, other)));
}

/** Cuts at stripe borders of the far array where a piece holds a whole stripe: it then need not read to write one. */
function* pieces(offsetBytes: number, lengthBytes: number, stripeBytes: number): Generator<[number, number]> {
  const unit = stripeBytes <= pieceBytesMax ? Math.floor(pieceBytesMax / stripeBytes) * stripeBytes : pieceBytesMax;
  for (let at = offsetBytes; at < offsetBytes + lengthBytes;) {
    const end = Math.min(offsetBytes + lengthBytes, (Math.floor(at / unit) + 1) * unit);
    yield [at, end - at];
    at = end;
  }
}

/**
 * Bounds what all gRPC connections of a server make it hold. HTTP/2 bounds it per stream only, and grpc-js not at all:
 * messages that are begun and never finished, requests sent behind a handler that does not read yet, answers that
 * nobody takes, open streams and their headers. When all together exceed the limit, the connection with the most
 * byte-milliseconds is named to be dropped: it is the one that holds much for long, while a busy one holds much for a
 * moment. What links queue for their peers is not counted: it has a limit of its own (`linkQueueBytesMax`).
 */
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { batchTimeoutMsMax, messageBytesMax, quietCallMs } from "./limits.js";
import { createMessageMeter } from "./message-meter.js";

export interface ServerMemoryOptions {
  readonly heldBytesMax: number;
  readonly streamsMax: number;
  readonly nowMs?: () => number;
  /** Must end the connection's streams; called at most once for each. */
  readonly onExcess: (peer: string, what: { readonly heldBytes: number; readonly streams: number }) => void;
}

export interface ServerMemory {
  /** Call it in the turn in which the stream comes up, after grpc-js has seen it. */
  watch(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, peer: string): void;
  heldBytes(): number;
  /** Open streams of a connection. */
  streamsOf(peer: string): number;
  /** Of connections that have calls, the one on which nothing has come or gone for longest, and nothing is awaited. */
  quietest(): string | null;
}

interface Watched {
  readonly peer: string;
  heldBytes: number;
  /** Since when nothing of it went away. */
  sinceMs: number;
  /** When a message came whole, or anything was written; `-Infinity` before. */
  askedMs: number;
  answeredMs: number;
  /** When anything came or went. */
  activeMs: number;
  readonly isWriteStream: boolean;
  measure(): number;
}

const linkPaths = "/waystation.v1.ReplicationService/";
const writeStreamPath = "/waystation.v1.BlockService/WriteStream";

export function createServerMemory(options: ServerMemoryOptions): ServerMemory {
  const { heldBytesMax, streamsMax, onExcess, nowMs: clock = () => performance.now() } = options;
  const streams = new Set<Watched>();
  const streamCounts = new Map<string, number>();
  const dropped = new Set<string>();
  let heldBytes = 0;

  const countStreams = (peer: string, change: number): void => {
    const count = (streamCounts.get(peer) ?? 0) + change;
    if (count > 0) streamCounts.set(peer, count);
    else {
      streamCounts.delete(peer);
      dropped.delete(peer);
    }
  };

  const account = (watched: Watched, bytes: number): void => {
    heldBytes += bytes - watched.heldBytes;
    if (bytes < watched.heldBytes || watched.heldBytes === 0) watched.sinceMs = clock();
    watched.heldBytes = bytes;
  };

  /** Drops the worst connection. What it holds is let go of as its streams close, a moment later. */
  const relieve = (): void => {
    const nowMs = clock();
    const scores = new Map<string, { score: number; heldBytes: number }>();
    let goingBytes = 0;
    let goingStreams = 0;
    for (const watched of streams) {
      account(watched, watched.measure());
      if (dropped.has(watched.peer)) {
        goingBytes += watched.heldBytes;
        goingStreams += 1;
      }
      const entry = scores.get(watched.peer) ?? { score: 0, heldBytes: 0 };
      entry.heldBytes += watched.heldBytes;
      entry.score += watched.heldBytes * (nowMs - watched.sinceMs + 1);
      scores.set(watched.peer, entry);
    }
    const tooManyStreams = streams.size - goingStreams > streamsMax;
    if (heldBytes - goingBytes <= heldBytesMax && !tooManyStreams) return;
    const rank = (peer: string): number =>
      tooManyStreams ? (streamCounts.get(peer) ?? 0) : (scores.get(peer)?.score ?? 0);
    const candidates = [...scores.keys()].filter((peer) => !dropped.has(peer));
    const worst = candidates.sort((one, other) => rank(other) - rank(one))[0];
    if (worst === undefined) return;
    dropped.add(worst);
    onExcess(worst, { heldBytes: scores.get(worst)?.heldBytes ?? 0, streams: streamCounts.get(worst) ?? 0 });
  };

  const update = (watched: Watched): void => {
    account(watched, watched.measure());
    if (heldBytes > heldBytesMax || streams.size > streamsMax) relieve();
  };

  return {
    watch(stream, headers, peer) {
      const isLink = String(headers[":path"]).startsWith(linkPaths);
      const headerBytes = sizeOf(headers);
      const meter = createMessageMeter(messageBytesMax);
      let unfinishedBytes = 0;
      const watched: Watched = {
        peer,
        heldBytes: 0,
        sinceMs: 0,
        askedMs: -Infinity,
        answeredMs: -Infinity,
        activeMs: clock(),
        isWriteStream: headers[":path"] === writeStreamPath,
        measure: () => headerBytes + unfinishedBytes + stream.readableLength + (isLink ? 0 : stream.writableLength),
      };
      streams.add(watched);
      countStreams(peer, 1);
      stream.on("data", (chunk: Buffer) => {
        const wholeBefore = meter.wholeMessages();
        unfinishedBytes = meter.feed(chunk);
        watched.activeMs = clock();
        if (meter.wholeMessages() > wholeBefore) watched.askedMs = watched.activeMs;
        update(watched);
      });
      afterEach(stream, "push", () => {
        update(watched);
      });
      afterEach(stream, "write", () => {
        watched.activeMs = clock();
        watched.answeredMs = watched.activeMs;
        update(watched);
      });
      stream.on("drain", () => {
        update(watched);
      });
      stream.once("close", () => {
        account(watched, 0);
        streams.delete(watched);
        countStreams(peer, -1);
      });
      update(watched);
    },
    heldBytes: () => heldBytes,
    streamsOf: (peer) => streamCounts.get(peer) ?? 0,
    quietest() {
      const nowMs = clock();
      const activeByPeer = new Map<string, number>();
      for (const watched of streams) {
        const activeMs = isQuiet(watched, nowMs) ? watched.activeMs : Infinity;
        activeByPeer.set(watched.peer, Math.max(activeMs, activeByPeer.get(watched.peer) ?? -Infinity));
      }
      let [quietest, longestMs] = [null as string | null, Infinity];
      for (const [peer, activeMs] of activeByPeer) if (activeMs < longestMs) [quietest, longestMs] = [peer, activeMs];
      return quietest;
    },
  };
}

/** Nothing has passed for long, and the last request was answered. Acknowledgements do not say of which batch they are. */
function isQuiet({ askedMs, answeredMs, activeMs, isWriteStream }: Watched, nowMs: number): boolean {
  const neverAsked = askedMs === -Infinity;
  if (!neverAsked && answeredMs < askedMs) return false;
  return nowMs - activeMs >= (isWriteStream && !neverAsked ? batchTimeoutMsMax : quietCallMs);
}

/** Calls `then` after each call of a method of this one stream: streams have no event for what is queued. */
function afterEach(stream: ServerHttp2Stream, method: "push" | "write", then: () => void): void {
  const call: unknown = Reflect.get(stream, method);
  if (typeof call !== "function") return;
  Reflect.set(stream, method, (...args: unknown[]): unknown => {
    const result: unknown = Reflect.apply(call, stream, args);
    then();
    return result;
  });
}

function sizeOf(headers: IncomingHttpHeaders): number {
  return Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + String(value).length, 0);
}

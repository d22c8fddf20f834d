/**
 * Counts the gRPC messages that pass a proxy: HTTP/2 frames are taken apart as far as needed, and in the data of each
 * stream a message is five bytes, of which four are its length, and then that many (RFC 9113, 4.1; gRPC over HTTP/2).
 */
import type { Tap } from "./delaying-proxy.js";

export interface MessageCounts {
  there: number;
  back: number;
}

const prefaceBytes = 24;
const frameHeaderBytes = 9;
const messageHeaderBytes = 5;
const dataFrame = 0;

/** A tap for each connection; all add to `counts`. */
export function messageTap(counts: MessageCounts): () => Tap {
  return () => {
    const readers = {
      // The dialling end says hello first.
      there: createFrameReader(prefaceBytes, () => (counts.there += 1)),
      back: createFrameReader(0, () => (counts.back += 1)),
    };
    return (direction, chunk) => readers[direction](chunk);
  };
}

function createFrameReader(skipBytes: number, onMessage: () => void): (chunk: Buffer) => void {
  const streams = new Map<number, (data: Buffer) => void>();
  let skip = skipBytes;
  let header: Buffer = Buffer.alloc(0);
  let frame: { readonly onData: ((data: Buffer) => void) | null; left: number } | null = null;

  return (chunk) => {
    let rest = chunk.subarray(Math.min(skip, chunk.length));
    skip -= chunk.length - rest.length;
    while (rest.length > 0) {
      if (frame === null) {
        const more = rest.subarray(0, frameHeaderBytes - header.length);
        header = Buffer.concat([header, more]);
        rest = rest.subarray(more.length);
        if (header.length < frameHeaderBytes) return;
        const stream = header.readUInt32BE(5) & 0x7fffffff;
        const isData = header.readUInt8(3) === dataFrame;
        frame = { onData: isData ? readerOf(streams, stream, onMessage) : null, left: header.readUIntBE(0, 3) };
        header = Buffer.alloc(0);
      }
      const data = rest.subarray(0, frame.left);
      frame.onData?.(data);
      frame.left -= data.length;
      rest = rest.subarray(data.length);
      if (frame.left === 0) frame = null;
    }
  };
}

function readerOf(streams: Map<number, (data: Buffer) => void>, stream: number, onMessage: () => void) {
  const reader = streams.get(stream) ?? createMessageReader(onMessage);
  streams.set(stream, reader);
  return reader;
}

function createMessageReader(onMessage: () => void): (data: Buffer) => void {
  let header: Buffer = Buffer.alloc(0);
  let left = 0;
  return (data) => {
    let rest = data;
    while (rest.length > 0) {
      if (left === 0) {
        const more = rest.subarray(0, messageHeaderBytes - header.length);
        header = Buffer.concat([header, more]);
        rest = rest.subarray(more.length);
        if (header.length < messageHeaderBytes) return;
        left = header.readUInt32BE(1);
        header = Buffer.alloc(0);
        onMessage();
      }
      const taken = Math.min(left, rest.length);
      left -= taken;
      rest = rest.subarray(taken);
    }
  };
}

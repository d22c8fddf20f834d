/**
 * Follows the messages of one stream as gRPC frames them, to know how much of an unfinished one is in memory. Pure.
 *
 *     | flag 1 | length 4, big endian | message |   and again
 */
const prefixBytes = 5;

export interface MessageMeter {
  /** Takes what came next; returns the bytes held of a message that is not whole yet. */
  feed(chunk: Uint8Array): number;
  /** Messages that have come whole. */
  wholeMessages(): number;
}

/** A message above `messageBytesMax` counts for nothing: it is refused by its length, and what comes of it dropped. */
export function createMessageMeter(messageBytesMax: number): MessageMeter {
  let prefixSeen = 0;
  let lengthBytes = 0;
  let seenBytes = 0;
  let wholeMessages = 0;

  const takePrefix = (chunk: Uint8Array, start: number): number => {
    let at = start;
    for (; at < chunk.length && prefixSeen < prefixBytes; at += 1, prefixSeen += 1) {
      // The flag is shifted out by the four bytes of the length.
      lengthBytes = ((lengthBytes << 8) | (chunk[at] ?? 0)) >>> 0;
    }
    return at;
  };

  return {
    feed(chunk) {
      let at = 0;
      while (at < chunk.length) {
        at = takePrefix(chunk, at);
        const taken = Math.min(chunk.length - at, lengthBytes - seenBytes);
        if (prefixSeen < prefixBytes) break;
        at += taken;
        seenBytes += taken;
        if (seenBytes < lengthBytes) break;
        wholeMessages += 1;
        prefixSeen = 0;
        lengthBytes = 0;
        seenBytes = 0;
      }
      return lengthBytes > messageBytesMax && prefixSeen === prefixBytes ? 0 : seenBytes;
    },
    wholeMessages: () => wholeMessages,
  };
}

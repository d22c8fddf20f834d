/**
 * Every bound of the NBD front end, in one place. What all connections may hold together is bounded by
 *
 *   connectionsMax x (reserveBytes + two chunks of the socket, 64 KiB each + one option) + sharedBytesMax
 *     + replyBlocksMax x replyBlockBytes
 *
 * and nothing in the package grows with what clients send beyond that: 16 + 16 + 8 + 48 + 8 MiB by default. A payload counts
 * from the header that announces it to its end on the volume, data read for a reply until the socket has taken them.
 * One connection alone is bounded by inFlightBytesMax, and while its socket is full no request of it is taken.
 */

/** The largest READ or WRITE: what the protocol asks every server to take, and what clients assume unasked. */
export const payloadBytesMax = 32 * 1024 * 1024;

/** The largest data of one handshake option. A name is at most 4096 bytes; lists of metadata contexts are longer. */
export const optionBytesMax = 64 * 1024;

/** Read ahead of a client that is held back, and what its socket takes of a handshake before that waits. */
export const socketBytesMax = 64 * 1024;

/** What the protocol allows a string (an export name) to be. */
export const nameBytesMax = 4096;

/** Advertised block sizes: any byte may be addressed; 4 KiB and its multiples are what arrays do well. */
export const blockBytesMin = 1;
export const blockBytesPreferred = 4096;

/**
 * The blocks in which replies are put together, used again and again: each takes four large READs with their headers.
 * What is in them is counted like all payload; the count of the blocks bounds the rest of them. When all are with
 * clients that do not take their replies, READs get buffers of their own.
 */
export const replyBlockBytes = 4 * (64 * 1024 + 16);
export const replyBlocksMax = 32;

/**
 * What one connection is answered within one turn of the event loop by reads that need no waiting: others have their
 * turn then. At most 2 ms from the page cache; the count is for what is not in it.
 */
export const turnReadBytesMax = 2 * 1024 * 1024;
export const turnReadsMax = 128;

/** What waits for a client must be through within the grace time and its size at this rate. */
export interface StallLimits {
  readonly graceMs: number;
  readonly bytesPerSecondMin: number;
}

/** Limits that a caller may set. */
export interface NbdLimits {
  /** Connections at one time; more are closed as they arrive, unless one that is idle makes room. */
  readonly connectionsMax: number;
  /** How long an export must have been open without a request before its connection makes room for another. */
  readonly idleMs: number;
  /** Requests of one connection that were taken and not yet answered; above, its socket is not read. */
  readonly inFlightRequestsMax: number;
  /** Payload bytes, read or written, of those requests; above, the socket is not read. */
  readonly inFlightBytesMax: number;
  /** Bytes of replies that the socket holds before requests are taken no more. */
  readonly outputBytesMax: number;
  /** Payload bytes that each connection may always hold: what is left to it when others use up the shared part. */
  readonly reserveBytes: number;
  /** Payload bytes that all connections may hold beyond their reserves. At least `payloadBytesMax`. */
  readonly sharedBytesMax: number;
  /** When a client is cut off that leaves replies untaken, or a payload unfinished. */
  readonly stall: StallLimits;
  /** The same while others wait for the memory that it holds. */
  readonly contendedStall: StallLimits;
  /** Clients in the handshake at one time: the next one cuts off the one that is longest at it. */
  readonly handshakesMax: number;
  /** From the connection to the end of the handshake; a client that dawdles is cut off. */
  readonly handshakeMs: number;
  /** Idle time before the kernel probes a silent peer; ten probes, one a second, then the connection is dropped. */
  readonly keepAliveMs: number;
  /** How long `close` waits for requests in flight, and a closed session for its client to close too. */
  readonly closeMs: number;
}

export const defaultLimits: NbdLimits = Object.freeze({
  connectionsMax: 128,
  idleMs: 60_000,
  inFlightRequestsMax: 256,
  inFlightBytesMax: 32 * 1024 * 1024,
  outputBytesMax: 1024 * 1024,
  reserveBytes: 128 * 1024,
  sharedBytesMax: 48 * 1024 * 1024,
  stall: { graceMs: 30_000, bytesPerSecondMin: 1024 * 1024 },
  contendedStall: { graceMs: 2_000, bytesPerSecondMin: 16 * 1024 * 1024 },
  handshakesMax: 64,
  handshakeMs: 10_000,
  keepAliveMs: 30_000,
  closeMs: 5_000,
});

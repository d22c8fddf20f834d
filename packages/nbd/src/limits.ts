/**
 * Every bound of the NBD front end, in one place. What one connection may hold is bounded by
 *
 *   inFlightBytesMax + payloadBytesMax (the request that crosses that limit) + outputBytesMax + one chunk of the socket
 *
 * and nothing in the package grows with what a client sends beyond that. Payloads in flight, data read for replies and
 * replies that the socket has not taken are one budget: while the socket is full, no request is taken.
 */

/** The largest READ or WRITE: what the protocol asks every server to take, and what clients assume unasked. */
export const payloadBytesMax = 32 * 1024 * 1024;

/** The largest data of one handshake option. A name is at most 4096 bytes; lists of metadata contexts are longer. */
export const optionBytesMax = 64 * 1024;

/** What the protocol allows a string (an export name) to be. */
export const nameBytesMax = 4096;

/** Advertised block sizes: any byte may be addressed; 4 KiB and its multiples are what arrays do well. */
export const blockBytesMin = 1;
export const blockBytesPreferred = 4096;

/** Limits that a caller may set. */
export interface NbdLimits {
  /** Connections at one time; more are closed as they arrive. */
  readonly connectionsMax: number;
  /** Requests of one connection that were taken and not yet answered; above, its socket is not read. */
  readonly inFlightRequestsMax: number;
  /** Payload bytes, read or written, of those requests; above, the socket is not read. */
  readonly inFlightBytesMax: number;
  /** Bytes of replies that the socket holds before requests are taken no more. */
  readonly outputBytesMax: number;
  /** From the connection to the end of the handshake; a client that dawdles is cut off. */
  readonly handshakeMs: number;
  /** Idle time before the kernel probes a silent peer; ten probes, one a second, then the connection is dropped. */
  readonly keepAliveMs: number;
  /** How long `close` waits for requests in flight, and a closed session for its client to close too. */
  readonly closeMs: number;
}

export const defaultLimits: NbdLimits = Object.freeze({
  connectionsMax: 128,
  inFlightRequestsMax: 256,
  inFlightBytesMax: 32 * 1024 * 1024,
  outputBytesMax: 1024 * 1024,
  handshakeMs: 10_000,
  keepAliveMs: 30_000,
  closeMs: 5_000,
});

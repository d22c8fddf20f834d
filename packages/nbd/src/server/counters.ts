/** What the server counts, one plain object for all its connections: cheap enough for the hot path. */
export interface NbdStats {
  /** Connections now open, in the handshake or beyond. */
  connections: number;
  acceptedConnections: number;
  /** Closed on arrival because `connectionsMax` were open, or in the handshake to make room for others. */
  refusedConnections: number;
  /** Closed while idle to make room for others, when `connectionsMax` were open. */
  displacedConnections: number;
  /** Sessions ended because the client broke the protocol or dawdled in the handshake. */
  brokenSessions: number;
  /** Sessions ended because the client left replies untaken, or a payload unfinished. */
  stalledSessions: number;
  /** Requests taken and not yet answered. */
  inFlightRequests: number;
  reads: number;
  readBytes: number;
  writes: number;
  writtenBytes: number;
  /** TRIM and WRITE_ZEROES. */
  zeroes: number;
  flushes: number;
  /** Requests answered with an error. */
  failedRequests: number;
}

export function createCounters(): NbdStats {
  return {
    connections: 0,
    acceptedConnections: 0,
    refusedConnections: 0,
    displacedConnections: 0,
    brokenSessions: 0,
    stalledSessions: 0,
    inFlightRequests: 0,
    reads: 0,
    readBytes: 0,
    writes: 0,
    writtenBytes: 0,
    zeroes: 0,
    flushes: 0,
    failedRequests: 0,
  };
}

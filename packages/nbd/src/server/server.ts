/**
 * The NBD listener: fixed newstyle, one `BlockFront` behind it, an export per volume. A connection can hurt nothing
 * but itself; all limits are in limits.ts.
 */
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { BlockFront } from "@waystation/contracts/block-front";
import type { Log } from "@waystation/contracts/log";
import { listenFailed } from "../errors.js";
import assert from "node:assert/strict";
import {
  defaultLimits,
  payloadBytesMax,
  replyBlockBytes,
  replyBlocksMax,
  socketBytesMax,
  type NbdLimits,
} from "../limits.js";
import { serveConnection, type Connection } from "./connection.js";
import { createCounters, type NbdStats } from "./counters.js";
import { createMemoryPool } from "./memory-pool.js";
import { createReplyBlocks } from "./reply-blocks.js";

export interface NbdServerOptions {
  readonly front: BlockFront;
  /** Port 0 takes a free one; see `address`. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly log: Log;
  readonly limits?: Partial<NbdLimits>;
}

export interface NbdServer {
  readonly address: { readonly host: string; readonly port: number };
  /** Stops listening, lets requests in flight finish for at most `closeMs`, then cuts what is left. */
  close(): Promise<void>;
  stats(): Readonly<NbdStats & { readonly heldBytes: number }>;
}

/** How often clients are looked at that leave memory waiting. */
const stallCheckMsMax = 1_000;

/** Listens and serves. Rejects with `NBD_LISTEN_FAILED`. */
export async function startNbdServer(options: NbdServerOptions): Promise<NbdServer> {
  const { front, log } = options;
  const limits: NbdLimits = { ...defaultLimits, ...options.limits };
  const counters = createCounters();
  assert(limits.sharedBytesMax >= payloadBytesMax, "the largest request would never be taken");
  const pool = createMemoryPool(limits);
  const blocks = createReplyBlocks({ blockBytes: replyBlockBytes, blocksMax: replyBlocksMax });
  const connections = new Set<Connection>();
  /** In the handshake, oldest first. */
  const handshakes = new Set<Connection>();
  let refusing = false;

  const server = createServer({
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: limits.keepAliveMs,
    highWaterMark: socketBytesMax,
  });
  const refuse = (peer: Socket): void => {
    counters.refusedConnections += 1;
    // One line per time that the limit is reached: whoever floods the port must not flood the log.
    if (refusing) return;
    refusing = true;
    const from = `${peer.remoteAddress ?? "?"}:${peer.remotePort ?? 0}`;
    const { connectionsMax, handshakesMax } = limits;
    log.warn({ peer: from, connectionsMax, handshakesMax }, "nbd: too many connections; some are refused");
  };

  /**
   * Of connections with an export open the one that has been idle for longest, if that is long enough. Clients that keep
   * exports open and do nothing would otherwise keep out those that have something to do.
   */
  const displaceIdle = (): boolean => {
    const nowMs = performance.now();
    let [longest, sinceMs] = [null as Connection | null, nowMs - limits.idleMs];
    for (const connection of connections) {
      const idleSinceMs = connection.idleSinceMs();
      if (idleSinceMs !== null && idleSinceMs <= sinceMs) [longest, sinceMs] = [connection, idleSinceMs];
    }
    if (longest === null) return false;
    counters.displacedConnections += 1;
    log.warn(
      { peer: longest.peer, idleMs: Math.round(nowMs - sinceMs), connectionsMax: limits.connectionsMax },
      "nbd: idle connection closed, it makes room for another",
    );
    connections.delete(longest);
    longest.drop();
    return true;
  };

  /** Makes room for one more: of idle exports, or of the oldest handshake. False when every connection is in use. */
  const makeRoom = (newcomer: Socket): boolean => {
    const openMax = limits.connectionsMax - (connections.size - handshakes.size);
    if (handshakes.size < Math.min(limits.handshakesMax, openMax)) return true;
    if (handshakes.size < limits.handshakesMax && displaceIdle()) return true;
    refuse(newcomer);
    const [oldest] = handshakes;
    if (oldest === undefined) return false;
    handshakes.delete(oldest);
    connections.delete(oldest);
    oldest.drop();
    return true;
  };

  server.on("connection", (socket: Socket) => {
    if (!makeRoom(socket)) {
      socket.destroy();
      return;
    }
    counters.acceptedConnections += 1;
    counters.connections += 1;
    const connection: Connection = serveConnection({
      socket,
      front,
      limits,
      counters,
      pool,
      blocks,
      log,
      onGreeted: () => void handshakes.delete(connection),
      onClosed() {
        connections.delete(connection);
        handshakes.delete(connection);
        counters.connections -= 1;
        const { connectionsMax, handshakesMax } = limits;
        if (connections.size < connectionsMax && handshakes.size < handshakesMax / 2) refusing = false;
      },
    });
    connections.add(connection);
    handshakes.add(connection);
  });
  await listen(server, options.listen);
  server.on("error", (error) => {
    log.error({ reason: error.message }, "nbd: the listener failed");
  });
  const { address, port } = server.address() as AddressInfo;
  log.info({ host: address, port }, "nbd: listening");

  const stallCheck = setInterval(
    () => {
      const nowMs = performance.now();
      const allowed = pool.isContended() ? limits.contendedStall : limits.stall;
      for (const connection of connections) connection.checkStall({ nowMs, ...allowed });
    },
    Math.min(stallCheckMsMax, limits.contendedStall.graceMs / 2),
  );
  stallCheck.unref();

  let closing: Promise<void> | null = null;
  return {
    address: { host: address, port },
    close() {
      closing ??= shutDown(server, connections, limits.closeMs).finally(() => {
        clearInterval(stallCheck);
      });
      return closing;
    },
    stats: () => ({ ...counters, heldBytes: pool.heldBytes() }),
  };
}

function listen(server: Server, { host, port }: NbdServerOptions["listen"]): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => {
      reject(listenFailed(host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`, error));
    };
    server.once("error", onError);
    server.listen({ host, port }, () => {
      server.off("error", onError);
      resolve();
    });
  });
}

async function shutDown(server: Server, connections: ReadonlySet<Connection>, closeMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  for (const connection of connections) connection.finish();
  const timer = setTimeout(() => {
    for (const connection of connections) connection.cut("requests in flight did not finish in time");
  }, closeMs);
  await closed;
  clearTimeout(timer);
}

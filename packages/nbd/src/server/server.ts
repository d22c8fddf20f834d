/**
 * The NBD listener: fixed newstyle, one `BlockFront` behind it, an export per volume. A connection can hurt nothing
 * but itself; all limits are in limits.ts.
 */
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { BlockFront } from "@waystation/contracts/block-front";
import type { Log } from "@waystation/contracts/log";
import { listenFailed } from "../errors.js";
import { defaultLimits, type NbdLimits } from "../limits.js";
import { serveConnection, type Connection } from "./connection.js";
import { createCounters, type NbdStats } from "./counters.js";

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
  stats(): Readonly<NbdStats>;
}

/** Listens and serves. Rejects with `NBD_LISTEN_FAILED`. */
export async function startNbdServer(options: NbdServerOptions): Promise<NbdServer> {
  const { front, log } = options;
  const limits: NbdLimits = { ...defaultLimits, ...options.limits };
  const counters = createCounters();
  const connections = new Set<Connection>();
  let refusing = false;

  const server = createServer({
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: limits.keepAliveMs,
    highWaterMark: limits.outputBytesMax,
  });
  server.maxConnections = limits.connectionsMax;

  server.on("connection", (socket: Socket) => {
    counters.acceptedConnections += 1;
    counters.connections += 1;
    const connection = serveConnection({
      socket,
      front,
      limits,
      counters,
      log,
      onClosed() {
        connections.delete(connection);
        counters.connections -= 1;
        refusing = false;
      },
    });
    connections.add(connection);
  });
  server.on("drop", (dropped) => {
    counters.refusedConnections += 1;
    // One line per time that the limit is reached: whoever floods the port must not flood the log.
    if (refusing) return;
    refusing = true;
    const peer = `${dropped?.remoteAddress ?? "?"}:${dropped?.remotePort ?? 0}`;
    log.warn({ peer, connectionsMax: limits.connectionsMax }, "nbd: too many connections; new ones are refused");
  });

  await listen(server, options.listen);
  server.on("error", (error) => {
    log.error({ reason: error.message }, "nbd: the listener failed");
  });
  const { address, port } = server.address() as AddressInfo;
  log.info({ host: address, port }, "nbd: listening");

  let closing: Promise<void> | null = null;
  return {
    address: { host: address, port },
    close() {
      closing ??= shutDown(server, connections, limits.closeMs);
      return closing;
    },
    stats: () => ({ ...counters }),
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

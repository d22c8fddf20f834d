/**
 * What grpc-js 1.14 does not offer for servers: receive windows (it leaves them at 64 KiB, which starves a link with
 * latency; the client side has an option), the number of connections, a log line for garbage on the port, and a way
 * to drop a connection whose peer takes nothing. It reaches the HTTP/2 servers inside grpc-js by one private field;
 * `server.test.ts` proves that each point has its effect, so that an update of grpc-js that moves it is noticed.
 */
import assert from "node:assert/strict";
import type { Http2Server, ServerHttp2Session } from "node:http2";
import type { DropArgument, Socket } from "node:net";
import type { Server } from "@grpc/grpc-js";
import type { Log } from "@waystation/contracts/log";
import { connectionsMax, flowWindowBytes } from "./limits.js";

export interface ServerSessions {
  /** Destroys the connection from `peer` ("host:port", as `call.getPeer()` says). */
  drop(peer: string): void;
  /** Destroys all connections. */
  dropAll(): void;
}

/** Call it in the same turn in which `bindAsync` reports success, before a connection can have come in. */
export function tuneServerSessions(server: Server, log: Log): ServerSessions {
  const servers: unknown = Reflect.get(server, "http2Servers");
  assert(servers instanceof Map && servers.size > 0, "grpc-js keeps its HTTP/2 servers elsewhere now");
  const sockets = new Map<string, Socket>();
  for (const http2Server of servers.keys() as IterableIterator<Http2Server>) {
    http2Server.maxConnections = connectionsMax;
    http2Server.on("connection", (socket: Socket) => {
      const peer = addressOf(socket);
      sockets.set(peer, socket);
      log.debug({ peer }, "gRPC connection accepted");
      socket.once("close", () => {
        if (sockets.get(peer) === socket) sockets.delete(peer);
        log.debug({ peer }, "gRPC connection closed");
      });
    });
    http2Server.on("session", (session) => {
      session.settings({ initialWindowSize: flowWindowBytes });
      session.setLocalWindowSize(flowWindowBytes);
    });
    http2Server.on("sessionError", (error: Error, session: ServerHttp2Session) => {
      const peer = session.destroyed ? "gone" : addressOf(session.socket);
      log.warn({ peer, reason: error.message }, "gRPC connection dropped: not HTTP/2, or broken");
    });
    http2Server.on("drop", (data?: DropArgument) => {
      const peer = addressOf(data ?? {});
      log.warn({ peer, connectionsMax }, "gRPC connection refused: too many are open");
    });
  }
  // The sockets, not the sessions: a session that is being closed waits for its peer to take what is queued.
  return {
    drop: (peer) => sockets.get(peer)?.destroy(),
    dropAll() {
      for (const socket of [...sockets.values()]) socket.destroy();
    },
  };
}

interface RemoteAddress {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

function addressOf({ remoteAddress, remotePort }: RemoteAddress): string {
  return `${remoteAddress ?? "?"}:${remotePort ?? 0}`;
}

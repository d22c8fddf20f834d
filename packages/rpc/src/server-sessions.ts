/**
 * What grpc-js 1.14 does not offer for servers: receive windows (it leaves them at 64 KiB, which starves a link with
 * latency; the client side has an option), the number of connections, a log line for garbage on the port, and a way
 * to drop a connection whose peer takes nothing. It reaches the HTTP/2 servers inside grpc-js by one private field;
 * `server.test.ts` proves that each point has its effect, so that an update of grpc-js that moves it is noticed.
 */
import assert from "node:assert/strict";
import type { Http2Server, ServerHttp2Session } from "node:http2";
import type { DropArgument } from "node:net";
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
  const sessions = new Map<string, ServerHttp2Session>();
  for (const http2Server of servers.keys() as IterableIterator<Http2Server>) {
    http2Server.maxConnections = connectionsMax;
    http2Server.on("session", (session) => {
      const peer = peerOf(session);
      sessions.set(peer, session);
      log.debug({ peer }, "gRPC connection accepted");
      session.once("close", () => {
        if (sessions.get(peer) === session) sessions.delete(peer);
      });
      session.settings({ initialWindowSize: flowWindowBytes });
      session.setLocalWindowSize(flowWindowBytes);
    });
    http2Server.on("sessionError", (error: Error, session: ServerHttp2Session) => {
      log.warn({ peer: peerOf(session), reason: error.message }, "gRPC connection dropped: not HTTP/2, or broken");
    });
    http2Server.on("drop", (data?: DropArgument) => {
      const peer = `${data?.remoteAddress ?? "?"}:${data?.remotePort ?? 0}`;
      log.warn({ peer, connectionsMax }, "gRPC connection refused: too many are open");
    });
  }
  return {
    drop: (peer) => sessions.get(peer)?.destroy(),
    dropAll() {
      for (const session of [...sessions.values()]) session.destroy();
    },
  };
}

function peerOf(session: ServerHttp2Session): string {
  if (session.destroyed) return "gone";
  const { remoteAddress, remotePort } = session.socket;
  return `${remoteAddress ?? "?"}:${remotePort ?? 0}`;
}

/**
 * What grpc-js 1.14 does not offer for servers: receive windows (it leaves them at 64 KiB, which starves a link with
 * latency; the client side has an option), the number of connections and what they hold in memory, a log line for
 * garbage on the port, and a way to drop a connection whose peer takes nothing. It reaches the HTTP/2 servers inside grpc-js by one private field;
 * `server.test.ts` proves that each point has its effect, so that an update of grpc-js that moves it is noticed.
 */
import assert from "node:assert/strict";
import type { Http2Server, IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { DropArgument, Socket } from "node:net";
import type { Server } from "@grpc/grpc-js";
import type { Log } from "@waystation/contracts/log";
import { connectionsMax, flowWindowBytes, heldBytesMax, idleConnectionsMax, streamsMax } from "./limits.js";
import { createServerMemory, type ServerMemory } from "./server-memory.js";

export interface ServerSessions {
  /** What the connections hold together, as `server-memory.ts` counts it. */
  heldBytes(): number;
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
  let refusing = false;
  const drop = (peer: string): void => void sockets.get(peer)?.destroy();
  const memory = createServerMemory({
    heldBytesMax,
    streamsMax,
    onExcess(peer, { heldBytes, streams }) {
      log.warn({ peer, heldBytes, streams }, "gRPC connection dropped: it holds too much memory for too long");
      drop(peer);
    },
  });
  for (const http2Server of servers.keys() as IterableIterator<Http2Server>) {
    http2Server.maxConnections = connectionsMax;
    http2Server.on("connection", (socket: Socket) => {
      const peer = addressOf(socket);
      makeRoom(sockets, memory, log);
      sockets.set(peer, socket);
      log.debug({ peer }, "gRPC connection accepted");
      socket.once("close", () => {
        if (sockets.get(peer) === socket) sockets.delete(peer);
        if (sockets.size < connectionsMax / 2) refusing = false;
        log.debug({ peer }, "gRPC connection closed");
      });
    });
    http2Server.on("session", (session) => {
      session.settings({ initialWindowSize: flowWindowBytes });
      session.setLocalWindowSize(flowWindowBytes);
    });
    http2Server.prependListener("stream", (_, headers: IncomingHttpHeaders) => {
      refuseCompression(headers);
    });
    http2Server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      const { session } = stream;
      if (session !== undefined && !session.destroyed) memory.watch(stream, headers, addressOf(session.socket));
    });
    http2Server.on("sessionError", (error: Error, session: ServerHttp2Session) => {
      const peer = session.destroyed ? "gone" : addressOf(session.socket);
      log.warn({ peer, reason: error.message }, "gRPC connection dropped: not HTTP/2, or broken");
    });
    http2Server.on("drop", (data?: DropArgument) => {
      if (refusing) return;
      // One line per time that the limit is reached: whoever floods the port must not flood the log.
      refusing = true;
      const peer = addressOf(data ?? {});
      log.warn({ peer, connectionsMax }, "gRPC connection refused: too many are open");
    });
  }
  // The sockets, not the sessions: a session that is being closed waits for its peer to take what is queued.
  return {
    heldBytes: () => memory.heldBytes(),
    drop,
    dropAll() {
      for (const socket of [...sockets.values()]) socket.destroy();
    },
  };
}

/**
 * The connection that has been without a call for longest makes room when there are too many such: clients that connect
 * and say nothing would otherwise keep out the other nodes. When all are taken, so does the one whose calls are quiet.
 */
function makeRoom(sockets: Map<string, Socket>, memory: ServerMemory, log: Log): void {
  const idle = [...sockets.keys()].filter((peer) => memory.streamsOf(peer) === 0);
  const oldest = idle[0];
  // One place stays free, or the next one would not get as far as here.
  const isFull = sockets.size >= connectionsMax - 1;
  if (oldest !== undefined && (isFull || idle.length >= idleConnectionsMax)) {
    log.debug({ peer: oldest, idleConnectionsMax }, "gRPC connection dropped: idle, and others come");
    forget(sockets, oldest);
    return;
  }
  const quietest = isFull ? memory.quietest() : null;
  if (quietest === null) return;
  log.warn({ peer: quietest, connectionsMax }, "gRPC connection dropped: its calls are quiet, and others come");
  forget(sockets, quietest);
}

function forget(sockets: Map<string, Socket>, peer: string): void {
  sockets.get(peer)?.destroy();
  sockets.delete(peer);
}

/** A message of a few bytes may unpack to 16 MiB, and grpc-js unpacks as many at a time as there are. No node packs. */
function refuseCompression(headers: IncomingHttpHeaders): void {
  const encoding = headers["grpc-encoding"];
  // grpc-js answers UNIMPLEMENTED to encodings that it does not know, once a message makes use of it.
  if (encoding !== undefined && encoding !== "identity") headers["grpc-encoding"] = "none-but-identity";
}

interface RemoteAddress {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

function addressOf({ remoteAddress, remotePort }: RemoteAddress): string {
  return `${remoteAddress ?? "?"}:${remotePort ?? 0}`;
}

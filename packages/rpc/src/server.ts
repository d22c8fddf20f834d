/**
 * The gRPC server of a daemon: block, control, storage and replication services, with the standard health service and server
 * reflection (F1). Health is SERVING while the server takes calls; `close` says NOT_SERVING first.
 */
import { logVerbosity, Server, ServerCredentials, setLogVerbosity } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { HealthImplementation, protoPath as healthProtoPath } from "grpc-health-check";
import type { BlockFront } from "@waystation/contracts/block-front";
import { reasonOf } from "@waystation/contracts/errors";
import type { Log } from "@waystation/contracts/log";
import type { StorageFront } from "@waystation/contracts/storage-front";
import type { ConfigurationFront, ControlFront } from "@waystation/replication/control-front";
import { createBlockService } from "./block-service.js";
import { createControlHandlers } from "./control-service.js";
import { rpcFailure } from "./errors.js";
import type { GrpcTransport } from "./grpc-transport.js";
import { serverOptions } from "./limits.js";
import {
  blockServiceDefinition,
  controlServiceDefinition,
  packageDefinition,
  serviceNames,
  storageServiceDefinition,
} from "./proto.js";
import { tuneServerSessions, type ServerSessions } from "./server-sessions.js";
import { createStorageHandlers } from "./storage-service.js";

// grpc-js writes lines of its own to stderr; all that matters in them comes as an error too, and goes to the log.
setLogVerbosity(logVerbosity.NONE);

export interface HostPort {
  /** A name or an address; IPv6 without brackets. */
  readonly host: string;
  /** 0 asks for any free port. */
  readonly port: number;
}

export interface RpcServerOptions {
  readonly listen: HostPort;
  readonly front: BlockFront;
  readonly control: ControlFront & ConfigurationFront;
  readonly storage: StorageFront;
  readonly transport: GrpcTransport;
  readonly log: Log;
}

export interface RpcServer {
  readonly address: HostPort;
  /** Stops taking calls, gives those under way a short time, then drops the connections. Closes the links too. */
  close(): Promise<void>;
}

/** How long calls under way may take to end when the server is closed. */
const closeGraceMs = 500;

/** "host:port" as gRPC and people write it. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Rejects with `RPC_LISTEN_FAILED`. */
export async function startRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const { listen, front, control, storage, transport, log } = options;
  const server = new Server(serverOptions);
  const blocks = createBlockService(front, log);
  let sessions: ServerSessions | undefined;
  server.addService(blockServiceDefinition, blocks.handlers);
  server.addService(controlServiceDefinition, createControlHandlers(control, log));
  server.addService(storageServiceDefinition, createStorageHandlers(storage, log));
  transport.addToServer(server, () => sessions);
  const health = new HealthImplementation({ "": "SERVING" });
  for (const name of serviceNames) health.setStatus(name, "SERVING");
  health.addToServer(server);
  new ReflectionService({ ...packageDefinition, ...loadSync(healthProtoPath) }).addToServer(server);

  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(formatHostPort(listen), ServerCredentials.createInsecure(), (error, boundPort) => {
      if (error) {
        server.forceShutdown();
        reject(listenFailure(listen, error));
        return;
      }
      sessions = tuneServerSessions(server, log);
      resolve(boundPort);
    });
  });

  async function close(): Promise<void> {
    for (const name of ["", ...serviceNames]) health.setStatus(name, "NOT_SERVING");
    transport.close();
    await new Promise<void>((resolve) => {
      // grpc-js 1.14 never reports the end when a connection breaks in the same moment: hence not by it alone.
      const force = setTimeout(() => {
        server.forceShutdown();
        sessions?.dropAll();
        resolve();
      }, closeGraceMs);
      server.tryShutdown(() => {
        clearTimeout(force);
        resolve();
      });
    });
    blocks.close();
  }

  return { address: { host: listen.host, port }, close };
}

function listenFailure(listen: HostPort, error: Error): Error {
  const address = formatHostPort(listen);
  return rpcFailure(
    "RPC_LISTEN_FAILED",
    `cannot listen for gRPC on ${address}: ${reasonOf(error)}. Stop the process that uses the port, or change the node's ` +
      `grpc address in cluster.yaml`,
    { cause: error, details: { address } },
  );
}

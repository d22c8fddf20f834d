/**
 * Links over gRPC: one bidirectional call per link, on an HTTP/2 connection of its own, so that leases and promises
 * never queue behind data (PROTOCOL 12). A link stands when the accepting node has answered with initial metadata. A
 * silent peer is noticed by HTTP/2 pings within 3 s, on the lease and council channels from the dialling end within 2 s.
 */
import {
  Client,
  credentials,
  Metadata,
  status,
  type ClientDuplexStream,
  type Server,
  type ServerDuplexStream,
  type StatusObject,
} from "@grpc/grpc-js";
import type { Channel, Link, LinkAddress, LinkEvents, Transport } from "@waystation/contracts/link";
import type { Log } from "@waystation/contracts/log";
import type { PeerMessage } from "@waystation/replication/messages";
import { rpcFailure } from "./errors.js";
import { handWrittenCodec, openLink, type LinkLimits, type PeerCodec } from "./grpc-link.js";
import { dialDeadlineMs, lingerMs, linkOptions, linkQueueBytesMax, urgentLinkOptions } from "./limits.js";
import { acceptedAddress, linkMetadata, type LinkDirectory } from "./link-metadata.js";
import { replicationServiceDefinition } from "./proto.js";
import type { ServerSessions } from "./server-sessions.js";
import { describeError, statusOf } from "./status-table.js";

export interface GrpcTransportOptions {
  readonly directory: LinkDirectory;
  readonly log: Log;
  /** For tests; the defaults are in limits.ts. */
  readonly limits?: Partial<LinkLimits & { readonly dialDeadlineMs: number }>;
  /** For benchmarks: another codec of the same wire form. */
  readonly codec?: PeerCodec;
}

export interface GrpcTransport {
  readonly transport: Transport<PeerMessage>;
  /** Adds the replication service to a server, before it listens. */
  addToServer(server: Server, sessions: () => ServerSessions | undefined): void;
  /** Breaks all links, and refuses new ones. */
  close(): void;
}

type DialEvents = Parameters<Transport<PeerMessage>["dial"]>[1];
type AcceptLink = (link: Link<PeerMessage>) => LinkEvents<PeerMessage>;
type FrameCall = ServerDuplexStream<Buffer, Buffer>;

const methods = { ingress: "Ingress", lease: "Lease", ship: "Ship", council: "Council" } as const satisfies Record<
  Channel,
  string
>;

/** Frames pass through grpc-js as they are: the link encodes and decodes, and so knows sizes and bad frames. */
const asIs = (frame: Buffer): Buffer => frame;

export function createGrpcTransport(options: GrpcTransportOptions): GrpcTransport {
  const { directory, log, codec = handWrittenCodec } = options;
  const limits = { queueBytesMax: linkQueueBytesMax, lingerMs, dialDeadlineMs, ...options.limits };
  const aborts = new Set<() => void>();
  let acceptLink: AcceptLink | undefined;
  let closed = false;

  function dial(address: LinkAddress, events: DialEvents): { cancel(): void } {
    const target = directory.peers.get(address.peer);
    if (closed || target === undefined) {
      queueMicrotask(() => {
        events.onClose(closed ? "this node is stopping" : `no address of ${address.peer} in cluster.yaml`);
      });
      return { cancel() {} };
    }
    return dialLink({ target, directory, address, events, codec, limits, log, aborts });
  }

  function serve(channel: Channel, call: FrameCall, sessions: ServerSessions | undefined): void {
    try {
      if (closed || acceptLink === undefined) {
        throw rpcFailure("LINK_NOT_READY", `${directory.node} takes no links now; try again`);
      }
      const address = acceptedAddress(directory, channel, call.metadata);
      acceptCall({ call, address, acceptLink, sessions, codec, limits, log, aborts });
    } catch (error) {
      log.warn({ channel, peer: call.getPeer(), reason: describeError(error) }, "link refused");
      call.emit("error", statusOf(error));
    }
  }

  return {
    transport: {
      dial,
      accept(onLink) {
        acceptLink = onLink;
      },
    },
    addToServer(server, sessions) {
      const channels = Object.keys(methods) as Channel[];
      server.addService(
        Object.fromEntries(channels.map((channel) => [methods[channel], frameMethod(channel)])),
        Object.fromEntries(
          channels.map((channel) => [
            methods[channel],
            (call: FrameCall) => {
              serve(channel, call, sessions());
            },
          ]),
        ),
      );
    },
    close() {
      closed = true;
      for (const abort of [...aborts]) abort();
    },
  };
}

function frameMethod(channel: Channel) {
  const method = replicationServiceDefinition[methods[channel]];
  return {
    ...method,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
}

interface Dialling {
  readonly target: string;
  readonly directory: LinkDirectory;
  readonly address: LinkAddress;
  readonly events: DialEvents;
  readonly codec: PeerCodec;
  readonly limits: LinkLimits & { readonly dialDeadlineMs: number };
  readonly log: Log;
  readonly aborts: Set<() => void>;
}

function dialLink({ target, directory, address, events, codec, limits, log, aborts }: Dialling): { cancel(): void } {
  const urgent = address.channel === "lease" || address.channel === "council";
  const client = new Client(target, credentials.createInsecure(), urgent ? urgentLinkOptions : linkOptions);
  const { path } = frameMethod(address.channel);
  const call: ClientDuplexStream<Buffer, Buffer> = client.makeBidiStreamRequest(
    path,
    asIs,
    asIs,
    linkMetadata(directory, address),
  );
  const opened = openLink({ address, stream: call, abort: () => call.cancel(), codec, limits, log });
  let phase: "dialling" | "open" | "over" = "dialling";

  function over(reason: string, tell: boolean): void {
    if (phase === "over") return;
    const before = phase;
    phase = "over";
    clearTimeout(deadline);
    aborts.delete(abort);
    if (before === "open") opened.over(reason);
    else if (tell) events.onClose(reason);
  }
  function abort(): void {
    over("this node is stopping", true);
    call.cancel();
  }
  aborts.add(abort);
  const deadline = setTimeout(() => {
    over(`no answer from ${address.peer} at ${target} within ${limits.dialDeadlineMs} ms`, true);
    call.cancel();
  }, limits.dialDeadlineMs);

  call.once("metadata", () => {
    if (phase !== "dialling") return;
    phase = "open";
    clearTimeout(deadline);
    opened.start(events);
    events.onOpen(opened.link);
  });
  call.on("error", (error) => {
    over(describeError(error), true);
  });
  call.once("status", (ended: StatusObject) => {
    over(ended.code === status.OK ? "closed by the peer" : describeError(ended), true);
    client.close();
  });
  return {
    cancel() {
      if (phase !== "dialling") return;
      over("", false);
      call.cancel();
    },
  };
}

interface Accepting {
  readonly call: FrameCall;
  readonly address: LinkAddress;
  readonly acceptLink: AcceptLink;
  readonly sessions: ServerSessions | undefined;
  readonly codec: PeerCodec;
  readonly limits: LinkLimits;
  readonly log: Log;
  readonly aborts: Set<() => void>;
}

function acceptCall({ call, address, acceptLink, sessions, codec, limits, log, aborts }: Accepting): void {
  let over = false;
  const peer = call.getPeer();
  // A status goes out behind what is queued, so a peer that takes nothing never gets it: its connection is dropped.
  function abort(failure: Error): void {
    if (over) return;
    call.emit("error", statusOf(failure));
    const drop = setTimeout(() => {
      if (!over) sessions?.drop(peer);
    }, limits.lingerMs);
    drop.unref();
  }
  function stop(): void {
    opened.over("this node is stopping");
    call.emit("error", statusOf(rpcFailure("LINK_NOT_READY", "the node is stopping")));
  }
  const opened = openLink({ address, stream: call, abort, codec, limits, log });
  aborts.add(stop);
  call.once("cancelled", () => {
    over = true;
    aborts.delete(stop);
    opened.over("the connection was lost, or the call cancelled");
  });
  call.sendMetadata(new Metadata());
  opened.start(acceptLink(opened.link));
}

/** Every bound of the gRPC plumbing, and the channel options made of them. Bytes and milliseconds. */
import type { ChannelOptions } from "@grpc/grpc-js";

const mebibyte = 1024 * 1024;

/** Largest frame either way. A batch of any kind must stay below it, headers included. */
export const messageBytesMax = 16 * mebibyte;
/**
 * HTTP/2 receive window per stream and per connection: bandwidth x delay. 16 MiB keeps 1 Gbit/s busy at 130 ms. Also
 * what a peer may make this node buffer per connection when it does not read.
 */
export const flowWindowBytes = 16 * mebibyte;
/** A link with more than this queued is closed: its user does not hold back, or its peer does not read. */
export const linkQueueBytesMax = 64 * mebibyte;
/** Until a dialled link must stand. */
export const dialDeadlineMs = 2_000;
/** How long a node that did not answer is left alone: by itself grpc-js would come to two minutes after a long absence. */
export const reconnectMsMax = 1_000;
/** Until a link that is closed gives up on sending what is queued. */
export const lingerMs = 1_000;
/** TCP connections to one daemon. */
export const connectionsMax = 256;
/** Of these, how many may have no call open; the one that came first makes room for the next. */
export const idleConnectionsMax = 128;
/**
 * When all connections are taken, the one makes room whose calls have been quiet for longest, if that is as long as this and
 * no request is in flight. On a write stream a batch may wait for `batchTimeoutMsMax` without a sign.
 */
export const quietCallMs = 60_000;
/**
 * What all connections to one daemon may make it hold: unfinished messages, requests that wait for their handler,
 * answers that are not taken. Room for a budget of unary requests that arrive at once (below), and the largest message.
 */
export const heldBytesMax = 48 * mebibyte;
/** Calls open at one daemon, over all connections. */
export const streamsMax = 4_096;
/** Data of one read or write. */
export const requestBytesMax = 4 * mebibyte;
/** Data of one batch of a write stream. */
export const batchBytesMax = 8 * mebibyte;
export const batchWritesMax = 1_024;
/** Data in flight on one write stream. */
export const writeWindowBytes = 8 * mebibyte;
export const batchTimeoutMsMax = 600_000;
/** Data and number of unary block requests in flight at one daemon. */
export const unaryBytesMax = 32 * mebibyte;
export const unaryRequestsMax = 4_096;

/** A silent peer is noticed after idle time plus answer time at most: here 3 s. */
const keepalive = {
  "grpc.keepalive_time_ms": 1_000,
  "grpc.keepalive_timeout_ms": 2_000,
  "grpc.keepalive_permit_without_calls": 1,
} as const;

const both: ChannelOptions = {
  ...keepalive,
  "grpc.max_send_message_length": messageBytesMax,
  "grpc.max_receive_message_length": messageBytesMax,
  "grpc.enable_channelz": 0,
};

export const serverOptions: ChannelOptions = { ...both, "grpc.max_concurrent_streams": 1_024 };

export const clientOptions: ChannelOptions = {
  ...both,
  // A connection of its own: grpc-js otherwise shares one among all clients of an address, and a lease would queue
  // behind data (PROTOCOL 12).
  "grpc.use_local_subchannel_pool": 1,
  "grpc-node.flow_control_window": flowWindowBytes,
  "grpc.initial_reconnect_backoff_ms": reconnectMsMax / 10,
  "grpc.max_reconnect_backoff_ms": reconnectMsMax,
  // Addresses come from cluster.yaml: no proxy and no configuration by DNS may come in between.
  "grpc.enable_http_proxy": 0,
  "grpc.service_config_disable_resolution": 1,
  // A call is never sent twice behind the caller's back.
  "grpc.enable_retries": 0,
};

/**
 * For links. Without the buffer for retries, which reports frames as taken while they wait in memory. In return nothing
 * may be written before the call stands: grpc-js 1.14 would never report that frame as taken.
 */
export const linkOptions: ChannelOptions = { ...clientOptions, "grpc.per_rpc_retry_buffer_size": 0 };

/** For leases and promises, which are small and urgent: a silent peer is noticed after 2 s. */
export const urgentLinkOptions: ChannelOptions = { ...linkOptions, "grpc.keepalive_timeout_ms": 1_000 };

/** How often a watched array or pair is told of: unless asked for otherwise, and the bounds of what may be asked for. */
export const watchIntervalMs = 500;
export const watchIntervalMsMin = 100;
export const watchIntervalMsMax = 60_000;

/**
 * Reads and writes volumes of one node over gRPC (F1). Every call has a deadline. Errors are `Failure`s with the code
 * that the node gave (docs/errors.md), or `RPC_UNREACHABLE`, `DEADLINE_EXCEEDED`, `RPC_INTERNAL`.
 */
import type { VolumeDescription } from "@waystation/contracts/block-front";
import { fromProtoVolume } from "@waystation/rpc/block-messages";
import { connect } from "@waystation/rpc/connection";
import { blockServiceDefinition as service } from "@waystation/rpc/proto";
import { openWriteStream, type WriteStream, type WriteStreamOptions } from "./write-stream.js";

export interface VolumeRange {
  readonly volume: string;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

export interface VolumeWrite {
  readonly volume: string;
  readonly offsetBytes: number;
  /** At most 4 MiB. Must not change until the promise has settled. */
  readonly data: Uint8Array;
}

export interface BlockClient {
  listVolumes(): Promise<VolumeDescription[]>;
  /** Rejects with `UNKNOWN_VOLUME`. */
  volume(name: string): Promise<VolumeDescription>;
  /** At most 4 MiB. The caller owns the buffer. */
  read(range: VolumeRange): Promise<Buffer>;
  /** Resolves when the write is durable. After `DEADLINE_EXCEEDED` or `RPC_UNREACHABLE` its outcome is unknown. */
  write(write: VolumeWrite): Promise<void>;
  flush(volume: string): Promise<void>;
  discard(range: VolumeRange): Promise<void>;
  writeZeroes(range: VolumeRange): Promise<void>;
  /** Many writes in flight on one stream: several times the rate of `write`. */
  openWriteStream(options: WriteStreamOptions): Promise<WriteStream>;
  close(): void;
}

export interface ConnectOptions {
  /** Deadline of each call. */
  readonly timeoutMs?: number;
}

export const defaultTimeoutMs = 30_000;

/** Connects on the first call. `address` is "host:port". */
export function connectBlock(address: string, { timeoutMs = defaultTimeoutMs }: ConnectOptions = {}): BlockClient {
  const connection = connect(address);
  return {
    async listVolumes() {
      const { volumes } = await connection.unary(service.ListVolumes, {}, timeoutMs);
      return volumes.map(fromProtoVolume);
    },
    async volume(name) {
      const { volume } = await connection.unary(service.GetVolume, { volume: name }, timeoutMs);
      return fromProtoVolume(volume);
    },
    async read(range) {
      const { data } = await connection.unary(service.Read, { ...range }, timeoutMs);
      return data;
    },
    async write(write) {
      await connection.unary(service.Write, { ...write }, timeoutMs);
    },
    async flush(volume) {
      await connection.unary(service.Flush, { volume }, timeoutMs);
    },
    async discard(range) {
      await connection.unary(service.Discard, { ...range }, timeoutMs);
    },
    async writeZeroes(range) {
      await connection.unary(service.WriteZeroes, { ...range }, timeoutMs);
    },
    openWriteStream: (options) => openWriteStream({ connection, openTimeoutMs: timeoutMs }, options),
    close() {
      connection.close();
    },
  };
}

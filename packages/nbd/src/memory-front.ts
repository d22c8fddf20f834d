/**
 * A `BlockFront` over plain memory: what front ends are tested and measured with. Volumes can be revoked, and every
 * call can be held back or failed by the caller's `intercept`.
 */
import type { BlockFront, VolumeDescription, VolumeHandle } from "@waystation/contracts/block-front";
import { Failure } from "@waystation/contracts/errors";
import type { VolumeName } from "@waystation/contracts/ids";

export interface MemoryVolume {
  readonly name: string;
  readonly sizeBytes: number;
  readonly readOnly?: boolean;
}

export interface MemoryCall {
  readonly kind: "read" | "write" | "zero" | "discard" | "flush";
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

export interface MemoryFront extends BlockFront {
  /** The volume's bytes. */
  contents(name: string): Buffer;
  /** Invalidates every open handle of the volume. */
  revoke(name: string, reason: string): void;
  openHandles(): number;
}

export interface MemoryFrontOptions {
  readonly volumes: readonly MemoryVolume[];
  /** Called before each call takes effect; it may wait, or throw a `Failure`. Null: the call goes on at once. */
  readonly intercept?: (call: MemoryCall) => Promise<void> | null;
  /** Which reads are served at once, past `intercept`. All if there is none to hold them back, otherwise none. */
  readonly readsNow?: (offsetBytes: number) => boolean;
}

interface OpenHandle {
  readonly name: string;
  readonly onRevoked: (reason: string) => void;
}

export function createMemoryFront({ volumes, intercept, ...rest }: MemoryFrontOptions): MemoryFront {
  const readsNow = rest.readsNow ?? ((): boolean => intercept === undefined);
  const contents = new Map(volumes.map(({ name, sizeBytes }) => [name, Buffer.alloc(sizeBytes)]));
  const descriptions = volumes.map(describe);
  const handles = new Set<OpenHandle>();

  const contentsOf = (name: string): Buffer => {
    const bytes = contents.get(name);
    if (bytes === undefined) throw new Failure("UNKNOWN_VOLUME", `no volume is named ${JSON.stringify(name)} here`);
    return bytes;
  };

  const handleOn = (volume: VolumeDescription, onRevoked: (reason: string) => void): VolumeHandle => {
    const bytes = contentsOf(volume.name);
    const opened: OpenHandle = { name: volume.name, onRevoked };
    handles.add(opened);
    /** Runs `effect` once the interceptor lets it. Without one no promise but the result is made. */
    const run = <T>(call: MemoryCall, effect: () => T): Promise<T> => {
      const gate = intercept === undefined ? null : intercept(call);
      return gate === null ? Promise.resolve(effect()) : gate.then(effect);
    };
    return {
      volume,
      read: (offsetBytes, lengthBytes) =>
        run({ kind: "read", offsetBytes, lengthBytes }, () => {
          const data = Buffer.allocUnsafe(lengthBytes);
          bytes.copy(data, 0, offsetBytes, offsetBytes + lengthBytes);
          return data;
        }),
      readNow(offsetBytes, into) {
        if (!readsNow(offsetBytes)) return false;
        into.set(bytes.subarray(offsetBytes, offsetBytes + into.length));
        return true;
      },
      write: (offsetBytes, data) =>
        run({ kind: "write", offsetBytes, lengthBytes: data.length }, () => {
          bytes.set(data, offsetBytes);
        }),
      zero: (offsetBytes, lengthBytes, kind) =>
        run({ kind: kind === "zero" ? "zero" : "discard", offsetBytes, lengthBytes }, () => {
          bytes.fill(0, offsetBytes, offsetBytes + lengthBytes);
        }),
      flush: () => run({ kind: "flush", offsetBytes: 0, lengthBytes: 0 }, () => {}),
      close: () => void handles.delete(opened),
    };
  };

  return {
    list: () => descriptions,
    open(name, onRevoked) {
      const volume = descriptions.find((candidate) => candidate.name === name);
      return volume === undefined
        ? Promise.reject(new Failure("UNKNOWN_VOLUME", `no volume is named ${JSON.stringify(name)} here`))
        : Promise.resolve(handleOn(volume, onRevoked));
    },
    contents: contentsOf,
    revoke(name, reason) {
      for (const handle of [...handles]) if (handle.name === name) handle.onRevoked(reason);
    },
    openHandles: () => handles.size,
  };
}

function describe({ name, sizeBytes, readOnly }: MemoryVolume): VolumeDescription {
  const access = readOnly === true ? "read-only" : "read-write";
  return { name: name as VolumeName, sizeBytes, access, description: `${access} volume in memory` };
}

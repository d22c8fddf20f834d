/**
 * The volumes of a node as the block front ends see them: opens handles, checks ranges, splits large requests, and
 * revokes every handle when the access to a volume changes, so that no session outlives a takeover (PROTOCOL 6.2).
 */
import type { BlockFront, VolumeDescription, VolumeHandle } from "@waystation/contracts/block-front";
import { Failure } from "@waystation/contracts/errors";
import type { NodeName, VolumeName } from "@waystation/contracts/ids";
import type { RecordKind } from "@waystation/contracts/journal";
import type { Access } from "@waystation/replication/effects";
import type { VolumeStatus } from "@waystation/replication/status";
import type { GroupRunner } from "./group-runner.js";
import { inParts, rangeFailure } from "./request-parts.js";

/** Larger requests are split: a part is one record, and must fit in every window it passes. */
const writePartBytes = 1024 * 1024;
const zeroPartBytes = 4 * 1024 * 1024;

interface FrontVolume {
  readonly name: VolumeName;
  readonly sizeBytes: number;
  readonly runner: GroupRunner;
  access: Access;
  reason: string;
  readonly handles: Set<OpenHandle>;
}

interface OpenHandle {
  revoked: Failure | null;
  readonly onRevoked: (reason: string) => void;
}

export interface VolumeFront extends BlockFront {
  /** From now on the volume is there, closed. One that is there already stays as it is. */
  add(volume: FrontVolumeOptions): void;
  /** Ends all sessions on it. Unknown names are gone already. */
  remove(volume: VolumeName, reason: string): void;
  /** How hosts may use a volume from now on. */
  setAccess(volume: VolumeName, access: Access, reason: string): void;
  status(): readonly VolumeStatus[];
}

export interface FrontVolumeOptions {
  readonly name: VolumeName;
  readonly sizeBytes: number;
  readonly runner: GroupRunner;
}

/** Roles and access change with terms; a volume that no term gives a role here stays closed. */
export function createVolumeFront(node: NodeName, options: readonly FrontVolumeOptions[]): VolumeFront {
  const volumes = new Map<string, FrontVolume>();
  const add = (volume: FrontVolumeOptions, reason: string): void => {
    volumes.set(volume.name, { ...volume, access: "closed", reason, handles: new Set() });
  };
  for (const volume of options) add(volume, "the node is starting");
  const isPrimary = ({ name, runner }: FrontVolume): boolean =>
    runner.membership().volumes.some((volume) => volume.name === name && volume.primary === node);

  return {
    add(volume) {
      if (!volumes.has(volume.name)) add(volume, "it is not in its group yet: wayctl group members");
    },
    remove(name, reason) {
      const volume = volumes.get(name);
      if (volume === undefined) return;
      revoke(volume, reason);
      volumes.delete(name);
    },
    list: () =>
      [...volumes.values()].flatMap((volume) => {
        const description = describe(volume);
        return description === null ? [] : [description];
      }),
    open(name, onRevoked) {
      const volume = volumes.get(name);
      if (volume === undefined) {
        const known = [...volumes.keys()].join(", ");
        return Promise.reject(new Failure("UNKNOWN_VOLUME", `no volume ${name} on this node; it has: ${known}`));
      }
      const description = describe(volume);
      if (description === null) return Promise.reject(notOpen(volume));
      const handle: OpenHandle = { revoked: null, onRevoked };
      volume.handles.add(handle);
      return Promise.resolve(createHandle(volume, description, handle));
    },
    setAccess(name, access, reason) {
      const volume = volumes.get(name);
      if (volume === undefined) return;
      const changed = volume.access !== access;
      volume.access = access;
      volume.reason = reason;
      if (changed) revoke(volume, reason);
    },
    status: () =>
      [...volumes.values()].map((volume) => {
        const { name, sizeBytes, runner, access } = volume;
        const role = isPrimary(volume) ? "primary" : "secondary";
        return { name, sizeBytes, group: runner.membership().group, role, access };
      }),
  };
}

function revoke({ name, handles }: FrontVolume, reason: string): void {
  for (const handle of handles) {
    handle.revoked = new Failure("VOLUME_NOT_OPEN", `the session on ${name} has ended: ${reason}`);
    handle.onRevoked(reason);
  }
  handles.clear();
}

function describe({ name, sizeBytes, access, reason }: FrontVolume): VolumeDescription | null {
  return access === "closed" ? null : { name, sizeBytes, access, description: reason };
}

function notOpen({ name, reason }: FrontVolume): Failure {
  return new Failure("VOLUME_NOT_OPEN", `volume ${name} is not open here: ${reason}`);
}

function createHandle(volume: FrontVolume, description: VolumeDescription, handle: OpenHandle): VolumeHandle {
  const { name, runner } = volume;

  const check = (offsetBytes: number, lengthBytes: number): Failure | null =>
    handle.revoked ?? rangeFailure(volume, offsetBytes, lengthBytes);

  const checkWrite = (offsetBytes: number, lengthBytes: number): Failure | null => {
    if (description.access === "read-only")
      return new Failure("READ_ONLY", `volume ${name} is a secondary (read-only until takeover)`);
    return check(offsetBytes, lengthBytes);
  };

  const writePart = (write: RecordKind, offsetBytes: number, lengthBytes: number, payload: Uint8Array): Promise<void> =>
    runner.write({ volume: name, write, offsetBytes, lengthBytes, payload });

  return {
    volume: description,
    read(offsetBytes, lengthBytes) {
      const failure = check(offsetBytes, lengthBytes);
      if (failure !== null) return Promise.reject(failure);
      if (lengthBytes === 0) return Promise.resolve(Buffer.alloc(0));
      return runner.read(name, offsetBytes, lengthBytes);
    },
    readNow: (offsetBytes, into) =>
      check(offsetBytes, into.length) === null && into.length > 0 && runner.readNow(name, offsetBytes, into),
    write(offsetBytes, data) {
      const failure = checkWrite(offsetBytes, data.length);
      if (failure !== null) return Promise.reject(failure);
      if (data.length === 0) return Promise.resolve();
      if (data.length <= writePartBytes) return writePart("write", offsetBytes, data.length, data);
      return inParts(data.length, writePartBytes, (at, length) =>
        writePart("write", offsetBytes + at, length, data.subarray(at, at + length)),
      );
    },
    zero(offsetBytes, lengthBytes, kind) {
      const failure = checkWrite(offsetBytes, lengthBytes);
      if (failure !== null) return Promise.reject(failure);
      return inParts(lengthBytes, zeroPartBytes, (at, length) =>
        writePart(kind, offsetBytes + at, length, new Uint8Array(0)),
      );
    },
    flush: () => (handle.revoked === null ? Promise.resolve() : Promise.reject(handle.revoked)),
    close: () => void volume.handles.delete(handle),
  };
}

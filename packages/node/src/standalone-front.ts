/**
 * Volumes in no group as the block front ends see them (SPEC A1, F2): they come and go while the node runs, and what hosts
 * may do with one changes with what becomes of it (a snapshot, the S-VOL of a pair). A session never outlives such a
 * change: it is revoked, and the change is complete when its requests under way have ended.
 *
 * A write is complete when every read sees it, and durable after `flush`: the array may keep it in memory until then.
 */
import type { BlockStore } from "@waystation/contracts/block-device";
import type { BlockFront, VolumeDescription, VolumeHandle } from "@waystation/contracts/block-front";
import { Failure, isFailure } from "@waystation/contracts/errors";
import type { VolumeName } from "@waystation/contracts/ids";
import { inParts, rangeFailure } from "./request-parts.js";
import { createRequestWindow, type RequestWindow } from "./request-window.js";

/** Larger requests are split, so that others have their turn, and what is under way stays bounded. */
const writePartBytes = 4 * 1024 * 1024;
/** Zeros hold no memory, so these are larger. */
const zeroPartBytes = 64 * 1024 * 1024;

export type StandaloneAccess = "read-write" | "read-only" | "closed";

export interface StandaloneVolume {
  readonly name: VolumeName;
  /** Stays open until the volume is removed; the front does not close it. */
  readonly store: BlockStore;
  readonly access: StandaloneAccess;
  /** One line for people: "volume in no group", "snapshot of scratch". */
  readonly description: string;
  /** Opened by those who were told its name, and told to nobody else. */
  readonly isHidden?: boolean;
}

export interface StandaloneFront extends BlockFront {
  /** From now on the volume is there. Its name must be new. */
  add(volume: StandaloneVolume): void;
  /** Ends all sessions on it; when this resolves, nothing uses its store any more. Unknown names are gone already. */
  remove(name: string, reason: string): Promise<void>;
  /** Changes what hosts may do; sessions end if that differs. Resolves when their requests have ended. */
  setAccess(name: string, access: StandaloneAccess, description: string): Promise<void>;
  accessOf(name: string): StandaloneAccess | null;
  /** Ends all sessions: the node is being stopped. */
  stop(): void;
}

interface Held {
  readonly name: VolumeName;
  readonly isHidden: boolean;
  readonly store: BlockStore;
  readonly window: RequestWindow;
  access: StandaloneAccess;
  description: string;
  readonly sessions: Set<Session>;
}

interface Session {
  revoked: Failure | null;
  readonly onRevoked: (reason: string) => void;
}

export function createStandaloneFront(): StandaloneFront {
  const volumes = new Map<string, Held>();

  const named = (): string[] => [...volumes.values()].flatMap((held) => (held.isHidden ? [] : [held.name]));
  const revoke = (held: Held, reason: string): void => {
    for (const session of held.sessions) {
      session.revoked = new Failure("VOLUME_NOT_OPEN", `the session on ${held.name} has ended: ${reason}`);
      session.onRevoked(reason);
    }
    held.sessions.clear();
  };

  return {
    list: () => [...volumes.values()].flatMap((held) => (held.isHidden ? [] : (describe(held) ?? []))),
    open(name, onRevoked) {
      const held = volumes.get(name);
      if (held === undefined) return Promise.reject(unknownVolume(name, named()));
      const description = describe(held);
      if (description === null) {
        const text = `volume ${name} is not open here: ${held.description}`;
        return Promise.reject(new Failure("VOLUME_NOT_OPEN", text));
      }
      const session: Session = { revoked: null, onRevoked };
      held.sessions.add(session);
      return Promise.resolve(createHandle(held, description, session));
    },
    add: ({ name, store, access, description, isHidden = false }) =>
      void volumes.set(name, {
        name,
        isHidden,
        store,
        window: createRequestWindow(name),
        access,
        description,
        sessions: new Set(),
      }),
    async remove(name, reason) {
      const held = volumes.get(name);
      if (held === undefined) return;
      volumes.delete(name);
      revoke(held, reason);
      await held.window.idle();
    },
    async setAccess(name, access, description) {
      const held = volumes.get(name);
      if (held === undefined) return;
      const changed = held.access !== access;
      held.access = access;
      held.description = description;
      if (!changed) return;
      revoke(held, description);
      await held.window.idle();
    },
    accessOf: (name) => volumes.get(name)?.access ?? null,
    stop() {
      for (const held of volumes.values()) {
        held.access = "closed";
        held.description = "the node is being stopped";
        revoke(held, held.description);
      }
    },
  };
}

/** The volumes of groups and those in none, as one. */
export function joinFronts(replicated: BlockFront, standalone: StandaloneFront): BlockFront {
  return {
    list: () => [...replicated.list(), ...standalone.list()],
    async open(name, onRevoked) {
      if (standalone.accessOf(name) !== null) return standalone.open(name, onRevoked);
      try {
        return await replicated.open(name, onRevoked);
      } catch (error) {
        const others = standalone.list().map((volume) => volume.name);
        if (!isFailure(error, "UNKNOWN_VOLUME") || others.length === 0) throw error;
        const known = [...replicated.list().map((volume) => volume.name), ...others];
        throw unknownVolume(name, known);
      }
    },
  };
}

function unknownVolume(name: string, known: readonly string[]): Failure {
  return new Failure("UNKNOWN_VOLUME", `no volume ${name} on this node; it has: ${known.join(", ") || "none"}`);
}

function describe({ name, store, access, description }: Held): VolumeDescription | null {
  return access === "closed" ? null : { name, sizeBytes: store.sizeBytes, access, description };
}

function createHandle(held: Held, volume: VolumeDescription, session: Session): VolumeHandle {
  const { name, store, window } = held;

  const check = (offsetBytes: number, lengthBytes: number): Failure | null =>
    session.revoked ?? rangeFailure(volume, offsetBytes, lengthBytes);
  const checkWrite = (offsetBytes: number, lengthBytes: number): Failure | null =>
    volume.access === "read-only"
      ? new Failure("READ_ONLY", `volume ${name} cannot be written: ${volume.description}`)
      : check(offsetBytes, lengthBytes);
  /** What waited for room may have waited past the end of its session. */
  const unlessRevoked = <T>(work: () => Promise<T>): Promise<T> =>
    session.revoked === null ? work() : Promise.reject(session.revoked);

  const writePart = (offsetBytes: number, data: Uint8Array): Promise<void> =>
    window.run({ offsetBytes, lengthBytes: data.length, exclusive: true, heldBytes: data.length }, () =>
      unlessRevoked(() => store.write(offsetBytes, data)),
    );
  /** Holds all of its range until it has ended: what comes meanwhile must not be zeroed by a part that comes later. */
  const zeroParts = (offsetBytes: number, lengthBytes: number): Promise<void> =>
    window.run({ offsetBytes, lengthBytes, exclusive: true, heldBytes: 0 }, async () => {
      for (let at = 0; at < lengthBytes; at += zeroPartBytes) {
        const partBytes = Math.min(zeroPartBytes, lengthBytes - at);
        await unlessRevoked(() => store.zero(offsetBytes + at, partBytes));
      }
    });

  return {
    volume,
    read(offsetBytes, lengthBytes) {
      const failure = check(offsetBytes, lengthBytes);
      if (failure !== null) return Promise.reject(failure);
      if (lengthBytes === 0) return Promise.resolve(Buffer.alloc(0));
      return window.run({ offsetBytes, lengthBytes, exclusive: false, heldBytes: lengthBytes }, () =>
        unlessRevoked(() => store.read(offsetBytes, lengthBytes)),
      );
    },
    readNow: (offsetBytes, into) =>
      into.length > 0 &&
      check(offsetBytes, into.length) === null &&
      window.mayRead({ offsetBytes, lengthBytes: into.length }) &&
      store.readNow(offsetBytes, into),
    write(offsetBytes, data) {
      const failure = checkWrite(offsetBytes, data.length);
      if (failure !== null) return Promise.reject(failure);
      if (data.length === 0) return Promise.resolve();
      if (data.length <= writePartBytes) return writePart(offsetBytes, data);
      return inParts(data.length, writePartBytes, (at, length) =>
        writePart(offsetBytes + at, data.subarray(at, at + length)),
      );
    },
    zero(offsetBytes, lengthBytes) {
      const failure = checkWrite(offsetBytes, lengthBytes);
      if (failure !== null) return Promise.reject(failure);
      return zeroParts(offsetBytes, lengthBytes);
    },
    flush: () => unlessRevoked(() => (volume.access === "read-only" ? Promise.resolve() : store.flush())),
    close: () => void held.sessions.delete(session),
  };
}

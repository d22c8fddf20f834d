/**
 * A host's path to one volume on one node, as an NBD client has it: it opens a session, loses it when the node dies or
 * revokes it, and opens another. A request whose answer did not come, or came as an error, is indeterminate: it may
 * have happened or not, or may happen yet.
 */
import { isFailure } from "@waystation/contracts/errors";
import type { VolumeHandle } from "@waystation/contracts/block-front";
import type { VolumeName } from "@waystation/contracts/ids";
import type { Random } from "@waystation/contracts/random";
import { taggedPayload, zeroTag, type Tag } from "../cell.js";
import type { Machine } from "../machine.js";
import type { HostRequest, Observation } from "../observation.js";
import type { World } from "../world.js";

export interface HostRange {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

export interface Host {
  readonly volume: VolumeName;
  /** True when the write was acknowledged. Opens a session first, and waits for it as long as that takes. */
  write(tag: Tag, range: HostRange): Promise<boolean>;
  /** The data, or null when no answer came. */
  read(range: HostRange): Promise<Buffer | null>;
  /** Gives up the session, as a client that was restarted does. */
  reconnect(): void;
}

export interface HostOptions {
  /** Where the volume may be served; more than one for a host that has a path to each site. */
  readonly machines: readonly Machine[];
  readonly volume: VolumeName;
  readonly random: Random;
  readonly observe: (observation: Observation) => void;
  readonly nextRequestId: () => number;
  /** Writers wait until the volume may be written; readers take what they get. */
  readonly access: "read-write" | "any";
}

interface Session {
  readonly machine: Machine;
  readonly handle: VolumeHandle;
  /** Resolves when the session has ended: revoked, given up, or its node dead. */
  readonly ended: Promise<void>;
  end(): void;
  open: boolean;
}

/** Between attempts to open a session: soon at first, then ever more patiently. */
const retryMs = { first: 20, most: 400 };
const unanswered: unique symbol = Symbol("unanswered");
type Unanswered = typeof unanswered;

export function createHost(world: World, options: HostOptions): Host {
  const { machines, volume, random, observe } = options;
  let session: Session | null = null;
  let opening: Promise<Session> | null = null;

  const tryOpen = async (machine: Machine): Promise<Session | null> => {
    const node = machine.node();
    if (node === null) return null;
    let revoke = (): void => {};
    const ended = new Promise<void>((resolve) => {
      revoke = resolve;
    });
    const forget = machine.onDeath(revoke);
    const opened = node.blocks.open(volume, revoke).then(
      (handle) => handle,
      (error: unknown): Unanswered => {
        if (!isFailure(error)) world.violate("machine", `open of ${volume} on ${machine.name}: ${String(error)}`);
        return unanswered;
      },
    );
    const handle = await Promise.race([opened, ended.then((): Unanswered => unanswered)]);
    if (typeof handle === "symbol") {
      forget();
      return null;
    }
    if (options.access === "read-write" && handle.volume.access !== "read-write") {
      handle.close();
      forget();
      return null;
    }
    const made: Session = { machine, handle, ended, open: true, end: revoke };
    void ended.then(() => {
      made.open = false;
      forget();
    });
    return made;
  };

  const openSession = async (): Promise<Session> => {
    for (let waitMs = retryMs.first; ; waitMs = Math.min(2 * waitMs, retryMs.most)) {
      for (const machine of machines) {
        const made = await tryOpen(machine);
        if (made !== null) return made;
      }
      await world.sleep(waitMs * (0.5 + random.next()));
    }
  };

  const currentSession = async (): Promise<Session> => {
    if (session?.open === true) return session;
    // Several requests may wait for one session.
    opening ??= openSession();
    const made = await opening;
    if (session !== made) {
      session = made;
      opening = null;
      if (made.handle.volume.access === "read-write") {
        observe({ kind: "opened-for-writing", node: made.machine.name, volume });
      }
    }
    return made;
  };

  /** The answer, or `unanswered` when there is none or it is an error. */
  const ask = async <T>(asked: Session, request: Promise<T>): Promise<T | Unanswered> => {
    const answered = request.catch((error: unknown): Unanswered => {
      if (!isFailure(error))
        world.violate("machine", `a request on ${asked.machine.name} failed oddly: ${String(error)}`);
      return unanswered;
    });
    const answer = await Promise.race([answered, asked.ended.then((): Unanswered => unanswered)]);
    return asked.open ? answer : unanswered;
  };

  const makeRequest = ({ machine }: Session, range: HostRange): HostRequest => ({
    id: options.nextRequestId(),
    node: machine.name,
    volume,
    ...range,
  });

  const issue = (handle: VolumeHandle, tag: Tag, range: HostRange): Promise<void> => {
    if (tag !== zeroTag) return handle.write(range.offsetBytes, taggedPayload(tag, { volume, ...range }));
    return handle.zero(range.offsetBytes, range.lengthBytes, random.chance(0.5) ? "zero" : "discard");
  };

  /** Every other read tries the way of NBD sessions first: at once, or not. */
  const readNow = (handle: VolumeHandle, { id, offsetBytes, lengthBytes }: HostRequest): Buffer | null => {
    const into = Buffer.alloc(lengthBytes);
    return id % 2 === 0 && handle.readNow(offsetBytes, into) ? into : null;
  };

  return {
    volume,
    async write(tag, range) {
      const used = await currentSession();
      if (!used.open) return false;
      const request = makeRequest(used, range);
      observe({ kind: "write-invoked", request, tag });
      const answer = await ask(used, issue(used.handle, tag, range));
      if (answer === unanswered) {
        observe({ kind: "write-failed", request, tag });
        if (random.chance(0.3)) used.end();
        return false;
      }
      observe({ kind: "write-acknowledged", request, tag });
      return true;
    },
    async read(range) {
      const used = await currentSession();
      if (!used.open) return null;
      const request = makeRequest(used, range);
      observe({ kind: "read-invoked", request });
      const now = readNow(used.handle, request);
      if (now !== null) {
        observe({ kind: "read-returned", request, data: now });
        return now;
      }
      const answer = await ask(used, used.handle.read(range.offsetBytes, range.lengthBytes));
      if (typeof answer === "symbol") {
        observe({ kind: "read-failed", request });
        return null;
      }
      observe({ kind: "read-returned", request, data: answer });
      return answer;
    },
    reconnect() {
      session?.handle.close();
      session?.end();
    },
  };
}

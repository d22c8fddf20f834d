/**
 * The volumes that hosts or pairs have open here, and where each stands: by itself, as a primary, or as the secondary of
 * a pair. A volume is opened once, and closed when neither a host nor a pair needs it.
 */
import assert from "node:assert/strict";
import type { DurableBlockStore } from "@waystation/contracts/block-device";
import { Failure, reasonOf } from "@waystation/contracts/errors";
import { createFamily, type Family } from "./family.js";
import { accessIn, type VolumeAccessNow } from "./volume-access.js";
import { createVolumeFront, type Role } from "./volume-front.js";

export interface Standing {
  readonly name: string;
  readonly store: DurableBlockStore;
  /** In which the volume is the primary, whether or not it has pairs. */
  readonly own: Family;
  role: Role;
  users: number;
}

export interface Standings {
  /** Opens the volume if need be, and counts its user. Throws as the port does. */
  use(name: string): Standing;
  release(standing: Standing): Promise<void>;
  /** A host's handle. */
  front(name: string): DurableBlockStore;
  /** What its hosts may do with a volume that is open here; one that is not has no pair. */
  accessOf(name: string): VolumeAccessNow;
  /** A volume of another node, which no host can open here. */
  foreign(name: string, store: DurableBlockStore): Standing;
  /** As `use`, for a volume that may be gone: then all its requests fail with the reason. */
  useOrFail(name: string, sizeBytes: number): Standing;
}

export function createStandings(openVolume: (name: string) => DurableBlockStore): Standings {
  const standings = new Map<string, Standing>();

  const add = (name: string, store: DurableBlockStore): Standing => {
    const standing = standingOf(name, store);
    standings.set(name, standing);
    return standing;
  };
  const use = (name: string): Standing => {
    const standing = standings.get(name) ?? add(name, openVolume(name));
    standing.users++;
    return standing;
  };
  const release = async (standing: Standing): Promise<void> => {
    standing.users--;
    assert(standing.users >= 0, `volume ${standing.name} was released more often than used`);
    if (standing.users > 0) return;
    if (standings.get(standing.name) === standing) standings.delete(standing.name);
    await standing.store.close();
  };
  return {
    use,
    release,
    front(name) {
      const standing = use(name);
      const { sizeBytes } = standing.store;
      return createVolumeFront({ name, sizeBytes, role: () => standing.role, onClose: () => release(standing) });
    },
    accessOf(name) {
      const standing = standings.get(name);
      return standing === undefined ? { access: "read-write", detail: "" } : accessIn(standing.role);
    },
    foreign(name, store) {
      const standing = standingOf(name, store);
      standing.users++;
      return standing;
    },
    useOrFail(name, sizeBytes) {
      try {
        return use(name);
      } catch (error) {
        const standing = add(name, goneStore(name, sizeBytes, reasonOf(error)));
        standing.users++;
        return standing;
      }
    },
  };
}

function standingOf(name: string, store: DurableBlockStore): Standing {
  const own = createFamily(name, store);
  return { name, store, own, role: ownRole(own), users: 0 };
}

export function ownRole(own: Family): Role {
  return { family: own, side: "primary", loan: null };
}

/** Stands for a volume that cannot be opened. */
export function goneStore(name: string, sizeBytes: number, reason: string): DurableBlockStore {
  const fail = (): Promise<never> => Promise.reject(new Failure("IO_ERROR", `Volume ${name} is not there: ${reason}`));
  return {
    sizeBytes,
    read: fail,
    readNow: () => false,
    write: fail,
    zero: fail,
    writeBatch: fail,
    flush: fail,
    close: () => Promise.resolve(),
  };
}

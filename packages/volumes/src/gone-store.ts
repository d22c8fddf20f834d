/** What is left of a deleted volume to those who still hold a handle on it. Its space may be another's already. */
import { Failure } from "@waystation/contracts/errors";
import type { VolumeStore } from "./thick-store.js";

export function goneStore(name: string): VolumeStore {
  const refuse = (): Promise<never> =>
    Promise.reject(new Failure("VOLUME_NOT_OPEN", `Volume ${name} has been deleted.`));
  return {
    read: refuse,
    readNow: () => false,
    write: refuse,
    zero: refuse,
    writeBatch: refuse,
    writeStripes: refuse,
    flush: refuse,
  };
}

/**
 * Lets the hosts of the far node use a secondary while its pair is split, and no longer (SPEC A6, A8). What they wrote is
 * asked for before the pair leaves the split, and merged with what was recorded here. The far node keeps its record until
 * another split begins, so dying in between loses nothing: it is asked again.
 */
import { reasonOf } from "@waystation/contracts/errors";
import type { Log } from "@waystation/contracts/log";
import type { Mirror } from "./mirror.js";
import type { RemoteSecondaries, RemoteVolume } from "./remote-secondary.js";

export interface RemoteHosts {
  /** Opens the volume to them if the pair is split and they have not been told. Never rejects: the link may be gone. */
  follow(): Promise<void>;
  /** Takes it from them, and marks what they wrote durably. Rejects when the node cannot be reached. */
  recall(): Promise<void>;
}

export interface RemoteHostsOptions {
  readonly mirror: Mirror;
  readonly remote: RemoteVolume;
  readonly remotes: RemoteSecondaries;
  readonly log: Log;
}

export function createRemoteHosts({ mirror, remote, remotes, log }: RemoteHostsOptions): RemoteHosts {
  let openFor: number | null = null;
  let opening: Promise<void> | null = null;

  const open = async (): Promise<void> => {
    const { splitId, regionBytes } = mirror.record();
    try {
      await remotes.openToHosts(remote, { splitId, regionBytes });
      openFor = splitId;
    } catch (error) {
      const text = `hosts of ${remote.node} cannot use ${remote.volume} yet: give the split again when it is back`;
      log.warn({ pair: mirror.name, reason: reasonOf(error) }, text);
    }
  };
  return {
    async follow() {
      if (mirror.phase() !== "split" || openFor === mirror.record().splitId) return;
      opening ??= open().finally(() => {
        opening = null;
      });
      await opening;
    },
    async recall() {
      await opening;
      openFor = null;
      await mirror.recordWrite(await remotes.closeToHosts(remote), "secondary");
    },
  };
}

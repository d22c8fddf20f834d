/** The cluster in its containers, as an operator sees it through wayctl in the tools container. */
import type { TakeoverProgress, TakeoverResult } from "@waystation/client/control-client";
import { mebibyte } from "../../harness/cluster-file.js";
import { connectNbd } from "../../harness/nbd-client.js";
import { waitUntil } from "../../harness/wait.js";
import { homes, volumeNames, type Hosts } from "../hosts.js";
import type { Containers } from "./containers.js";

export interface ClusterView {
  readonly nodes: readonly { readonly name: string; readonly state: "up" | "dead" }[];
  readonly volumes: readonly { readonly volume: string; readonly node: string; readonly access: string | null }[];
  readonly groups: readonly GroupView[];
}

interface GroupView {
  readonly protected: boolean | null;
  readonly protectedDetail: string;
  readonly members: readonly {
    readonly node: string;
    readonly phase: string | null;
    readonly lagWrites: number | null;
  }[];
}

export interface TakeoverReport {
  readonly coordinator: string;
  readonly steps: readonly TakeoverProgress[];
  readonly result: TakeoverResult;
}

export interface Cluster {
  readonly containers: Containers;
  /** Through the NBD ports that compose publishes. */
  readonly hosts: Hosts;
  view(): Promise<ClusterView>;
  /** Rejects with what is missing, and the status as it was then. */
  waitUntil(what: string, holds: (view: ClusterView) => boolean): Promise<void>;
  waitSynced(): Promise<void>;
  takeOver(): Promise<TakeoverReport>;
}

export const volumeBytes = 64 * mebibyte;
export const holdMs = 5_000;

/** Replaced in deploy/compose/cluster.yaml: little to compare, and no longer to wait than the checks need. */
export const drillSettings = [
  ["1GiB", "64MiB"],
  ["hold: 10s", "hold: 5s"],
  ["lease: 3s", "lease: 2s"],
] as const;

const group = "g1";
const syncedTimeout = "90s";
const waitOptions = { deadlineMs: 60_000, pollMs: 150 };

export function openCluster(containers: Containers): Cluster {
  const wayctl = async (...args: string[]): Promise<string> =>
    containers.docker("exec", await containers.idOf("tools"), "wayctl", ...args);
  const view = async (): Promise<ClusterView> => JSON.parse(await wayctl("--json", "status")) as ClusterView;

  return {
    containers,
    hosts: {
      volumeBytes,
      open: async (side, volume) => connectNbd(await containers.nbdPortOf(homes[volume][side]), volume),
    },
    view,
    async waitUntil(what, holds) {
      try {
        await waitUntil(what, async () => holds(await view()), waitOptions);
      } catch (error) {
        throw new Error(`in vain: ${what}\n${await wayctl("status")}`, { cause: error });
      }
    },
    async waitSynced() {
      await wayctl("group", "wait", group, "--synced", "--timeout", syncedTimeout);
    },
    async takeOver() {
      return JSON.parse(await wayctl("--json", "group", "takeover", group)) as TakeoverReport;
    },
  };
}

/** Every volume can be written at its primary, and the group is protected. */
export function isServed({ volumes, groups }: ClusterView): boolean {
  const open = volumeNames.every((name) =>
    volumes.some(
      ({ volume, node, access }) => volume === name && node === homes[name].primary && access === "read-write",
    ),
  );
  return open && groups.every((each) => each.protected === true);
}

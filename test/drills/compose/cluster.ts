/** The cluster in its containers, as an operator sees it through wayctl in the tools container. */
import { mebibyte, type TestNode } from "../../harness/cluster-file.js";
import { connectNbd } from "../../harness/nbd-client.js";
import { homes } from "../hosts.js";
import { isDead, narrowBytesPerSecond, waitForView, type World } from "../world.js";
import type { Containers } from "./containers.js";
import { disconnect, dropBetween, kill, lose, narrow } from "./faults.js";

/** A world whose containers can be got at, too. */
export interface Cluster extends World {
  readonly containers: Containers;
}

export const volumeBytes = 64 * mebibyte;
export const holdMs = 5_000;

/** Replaced in deploy/compose/cluster.yaml: little to compare, and no longer to wait than the checks need. */
export const drillSettings = [
  ["1GiB", "64MiB"],
  ["hold: 10s", "hold: 5s"],
  ["lease: 3s", "lease: 2s"],
] as const;

export function openCluster(containers: Containers): Cluster {
  const cluster: Cluster = {
    containers,
    // Through the NBD ports that compose publishes.
    hosts: {
      volumeBytes,
      open: async (side, volume) => connectNbd(await containers.nbdPortOf(homes[volume][side]), volume),
    },
    wayctl: async (...args) => containers.tryDocker("exec", await containers.idOf("tools"), "wayctl", ...args),
    kill: (nodes) => kill(containers, nodes),
    async start(nodes) {
      // By compose, which makes what was lost anew and puts it on all of its networks.
      await containers.compose("up", "-d", "--no-deps", ...nodes);
      await waitForView(cluster, `${nodes.join(", ")} answer`, (view) => nodes.every((node) => !isDead(view, node)));
    },
    cut(a, b) {
      const [service, network] = linkOf(a, b);
      return disconnect(containers, service, network);
    },
    stall: (a, b) => dropBetween(containers, a, b),
    narrow: (a, b) => narrow(containers, linkOf(a, b), narrowBytesPerSecond),
    lose: (node) => lose(containers, node),
  };
  return cluster;
}

/** Which of two nodes is to lose which network, so that they lose each other and keep the rest. */
function linkOf(a: TestNode, b: TestNode): readonly [TestNode, string] {
  const end = [a, b].find((node) => node !== "relay-1");
  if (end === undefined || (a !== "relay-1" && b !== "relay-1"))
    throw new Error(`${a} and ${b} share more than one network: only links of the relay are cut`);
  return [end, end.startsWith("primary") ? "east-middle" : "middle-west"];
}

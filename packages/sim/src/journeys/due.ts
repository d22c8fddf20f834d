/**
 * What an operator does once nothing is broken any more and the group is not protected yet: he looks at what each node
 * says of itself, and at nothing else.
 */
import type { NodeName } from "@waystation/contracts/ids";
import type { Cluster } from "../cluster.js";
import { rolesNow, standings } from "./roles.js";

export interface Due {
  readonly node: NodeName;
  readonly command: "takeover" | "swap" | "return" | "resync";
  readonly force: boolean;
}

export function whatIsDue(cluster: Cluster): Due | null {
  const all = standings(cluster);
  const configured = cluster.plan.membership.relay;
  const phased = (...phases: string[]) => all.find(({ status }) => phases.includes(status.phase));
  const begun = phased("promised", "decided", "rolling-forward");
  const taken = phased("open-alone") ?? all.find(({ status }) => status.secondary !== null && status.phase === "open");
  if (taken !== undefined && begun === undefined) return { node: taken.node, command: "swap", force: false };
  const paused = all.find(({ status }) => status.primary?.paused === true);
  if (paused !== undefined) return { node: paused.node, command: "return", force: false };
  if (begun !== undefined) return { node: begun.node, command: "takeover", force: false };
  const { relay, primaries } = rolesNow(cluster);
  const asked = primaries[0];
  if (asked !== undefined && relay !== configured) return { node: asked, command: "return", force: false };
  const relayStatus = all.find(({ node }) => node === relay)?.status;
  if (relay !== null && ["PSUS", "PSUE", "PFUS"].includes(relayStatus?.relay?.pair ?? ""))
    return { node: relay, command: "resync", force: false };
  // Where the group does not resync by itself, a secondary that lost its data waits for the command, too.
  if (relay !== null && relayStatus?.phase === "stamping" && relayStatus.relay?.protected === false)
    return { node: relay, command: "resync", force: false };
  const lost = ["waiting", "journal-lost", "fenced", "frozen"].includes(relayStatus?.phase ?? "");
  if (asked !== undefined && lost) return { node: asked, command: "return", force: false };
  return null;
}

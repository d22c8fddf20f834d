/**
 * Which members a group had when this node first took part in it. That is its first term: a file that was edited since
 * must not change roles by itself, only `wayctl group members` does, everywhere at once. Once a later term is begun, that
 * one counts.
 *
 *     DATA/NODE/membership-GROUP.json   relay and volumes, written before the group is run for the first time
 */
import { join } from "node:path";
import type { Journal } from "@waystation/contracts/journal";
import type { GroupName, NodeName } from "@waystation/contracts/ids";
import { readTerm } from "@waystation/replication/marks";
import type { Membership } from "@waystation/replication/membership";
import { underTerm } from "@waystation/replication/term";
import { readFileIfThere, writeFileDurably } from "./durable-file.js";
import { daemonFailure } from "./errors.js";

type Members = Pick<Membership, "relay" | "volumes">;

/** As configured, but for members: those that the groups had at first. */
export async function firstMemberships(directory: string, configured: readonly Membership[]): Promise<Membership[]> {
  const memberships: Membership[] = [];
  for (const membership of configured) {
    const { group, relay, volumes } = membership;
    const path = join(directory, `membership-${group}.json`);
    const text = await readFileIfThere(path);
    if (text === null) await writeFileDurably(path, `${JSON.stringify({ format: 1, relay, volumes })}\n`);
    memberships.push(text === null ? membership : { ...membership, ...membersIn(text, path) });
  }
  return memberships;
}

function membersIn(text: string, path: string): Members {
  try {
    const { format, relay, volumes } = JSON.parse(text) as Members & { readonly format: number };
    if (format === 1 && typeof relay === "string" && Array.isArray(volumes)) return { relay, volumes };
  } catch {
    // Told below: half a file cannot be left behind by a crash, so somebody has changed it.
  }
  throw daemonFailure("DATA_DIRECTORY_DAMAGED", `${path} is not what a daemon writes: put it back from a copy`);
}

export interface PresentMembers {
  readonly node: NodeName;
  readonly first: readonly Membership[];
  readonly journals: ReadonlyMap<GroupName, Journal>;
  readonly hasStore: (volume: Membership["volumes"][number]["name"]) => boolean;
}

/**
 * Each group as it stands at this node. Throws `VOLUME_STILL_REPLICATED` when a group has a volume here that the cluster
 * file does not name any more.
 */
export function presentMemberships({ node, first, journals, hasStore }: PresentMembers): Membership[] {
  return first.map((membership) => {
    const marks = journals.get(membership.group)?.marks() ?? new Map<string, never>();
    const present = underTerm(membership, readTerm(marks));
    const missing = present.volumes.find(
      ({ name, primary, secondaries }) => [primary, ...secondaries].includes(node) && !hasStore(name),
    );
    if (missing !== undefined) {
      throw daemonFailure(
        "VOLUME_STILL_REPLICATED",
        `group ${present.group} still has volume ${missing.name} on ${node}, and the cluster file does not name it here any more: put it back, and take it out of the group with 'wayctl group members ${present.group}' first`,
      );
    }
    return present;
  });
}

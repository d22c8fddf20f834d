/** The branches of one group on a node, as its status shows them and operators drop them. */
import { Failure } from "@waystation/contracts/errors";
import type { Membership } from "@waystation/replication/membership";
import type { BranchStatus } from "@waystation/replication/status";
import type { Branch, Branches } from "./ports.js";

export function branchesOf(branches: Branches, { volumes }: Membership): readonly Branch[] {
  return branches.list().filter(({ volume }) => volumes.some(({ name }) => name === volume));
}

export function branchStatus(branches: Branches, membership: Membership): BranchStatus[] {
  return branchesOf(branches, membership).map(({ volume, name }) => ({ volume, name }));
}

/** By VOLUME@BRANCH, or by the branch's name alone: then that of every volume of the group here. */
export async function dropBranch(branches: Branches, membership: Membership, wanted: string): Promise<void> {
  const here = branchesOf(branches, membership);
  const named = here.filter(({ volume, name }) => wanted === name || wanted === `${volume}@${name}`);
  if (named.length === 0) {
    const known = here.map(({ volume, name }) => `${volume}@${name}`).join(", ") || "none";
    throw new Failure("UNKNOWN_BRANCH", `${membership.group} has no branch ${wanted} on this node; it has: ${known}`);
  }
  for (const { volume, name } of named) await branches.drop(volume, name);
}

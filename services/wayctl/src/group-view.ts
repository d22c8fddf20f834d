/**
 * One group, put together from what its members said of themselves. Pure. Roles are those that nodes say they have: a
 * swap, or a relay that was lost, moves them, and a node may have several. A figure is null when the one node that could
 * tell it does not answer: the relay for what it stamped and shipped, each secondary for what it holds.
 */
import type { GroupStatus } from "@waystation/client/control-client";
import type { Cluster, GroupConfig } from "@waystation/config/cluster";
import { dueOf, type Due } from "./group-due.js";
import type { NodeAnswer } from "./survey.js";

export type GroupRole = GroupStatus["role"];
export type PairState = NonNullable<NonNullable<GroupStatus["relay"]>["pair"]>;

/** One role of one node. */
export interface MemberView {
  readonly node: string;
  /** As the node says; as configured when it is dead. */
  readonly role: GroupRole;
  /** Its hosts wait for a change of roles. */
  readonly paused: boolean;
  readonly alive: boolean;
  readonly epoch: number | null;
  readonly phase: string | null;
  readonly detail: string;
  /** How its leg stands; the group, for the relay. */
  readonly pair: PairState | null;
  readonly stamped: number | null;
  readonly shipped: number | null;
  readonly received: number | null;
  readonly prepared: number | null;
  readonly validated: number | null;
  readonly applied: number | null;
  readonly lagWrites: number | null;
  readonly lagSeconds: number | null;
}

/** A copy run, over all primaries that answer. */
export interface CopyView {
  readonly copyId: string;
  readonly base: number;
  readonly end: number | null;
  readonly totalBytes: number;
  readonly doneBytes: number;
  readonly sentBytes: number;
  readonly bytesPerSecond: number;
  /** Why it does not go on; empty while it does. */
  readonly detail: string;
}

export interface BranchView {
  readonly node: string;
  readonly volume: string;
  readonly name: string;
}

export interface GroupView {
  readonly group: string;
  /** The highest that any member follows; null when none answers. */
  readonly epoch: number | null;
  /** The newest that any member follows; null: as configured. */
  readonly term: { readonly epoch: number; readonly cause: string; readonly relay: string } | null;
  /** Null: nobody who could tell answers. */
  readonly pair: PairState | null;
  /** Null: the relay does not answer, so nothing is promised. */
  readonly protected: boolean | null;
  readonly protectedDetail: string;
  readonly copy: CopyView | null;
  readonly branches: readonly BranchView[];
  /** What the operator should do next; null: nothing. */
  readonly due: Due | null;
  /** Relay first, then primaries, then secondaries. */
  readonly members: readonly MemberView[];
}

const noStages = {
  paused: false,
  pair: null,
  stamped: null,
  shipped: null,
  received: null,
  prepared: null,
  validated: null,
  applied: null,
  lagWrites: null,
  lagSeconds: null,
};

/** The nodes that hold the group's volumes, each once, in the order of the configuration. */
export function holdersOf(cluster: Cluster, group: GroupConfig): { primaries: string[]; secondaries: string[] } {
  const volumes = cluster.volumes.filter((volume) => volume.group === group.name);
  const secondaries = volumes.flatMap((volume) => volume.secondaries.map(({ node }) => node));
  return {
    primaries: [...new Set(volumes.map((volume) => volume.primary.node))],
    secondaries: [...new Set(secondaries)],
  };
}

export function viewGroup(cluster: Cluster, group: GroupConfig, answers: readonly NodeAnswer[]): GroupView {
  const statuses = new Map<string, GroupStatus>();
  for (const { node, status } of answers) {
    const found = status?.groups.find((candidate) => candidate.group === group.name);
    if (found !== undefined) statuses.set(node.name, found);
  }
  const all = [...statuses.values()];
  const term = all.map((status) => status.term ?? null).reduce(newerTerm, null);
  const relayNode = term?.relay ?? group.relay;
  const relay = statuses.get(relayNode)?.relay ?? null;
  const { primaries, secondaries } = holdersOf(cluster, group);
  const configured: [string, GroupRole][] = [
    [group.relay, "relay"],
    ...primaries.map((node): [string, GroupRole] => [node, "primary"]),
    ...secondaries.map((node): [string, GroupRole] => [node, "secondary"]),
  ];
  const rows = rolesOf(configured, statuses).map(([node, role]) =>
    viewMember({ node, role, status: statuses.get(node), relay }),
  );
  const rank = { relay: 0, primary: 1, secondary: 2 };
  const members = rows.sort((a, b) => rank[a.role] - rank[b.role]);
  const writers = members.filter(isWrittenThere);
  const found = {
    group: group.name,
    epoch: all.length === 0 ? null : Math.max(...all.map(({ epoch }) => epoch.number)),
    term: term === null ? null : { epoch: term.epoch.number, cause: term.cause, relay: term.relay },
    pair: writers.length > 0 ? ("SSWS" as const) : (relay?.pair ?? null),
    protected: relay?.protected ?? null,
    protectedDetail: relay === null ? `unknown: ${relayNode} does not answer as its relay` : relay.protectedDetail,
    copy: copyOf(relay, all),
    branches: [...statuses].flatMap(([node, { branches = [] }]) => branches.map((branch) => ({ node, ...branch }))),
    members,
  };
  return { ...found, due: dueOf({ ...found, configuredRelay: group.relay, autoResync: group.autoResync }) };
}

type TermSummary = NonNullable<GroupStatus["term"]>;

function newerTerm(known: TermSummary | null, term: TermSummary | null): TermSummary | null {
  if (known === null || term === null) return known ?? term;
  return term.epoch.number > known.epoch.number ? term : known;
}

/** What each member says it is, or else was configured as; those that answer without being configured come last. */
function rolesOf(
  configured: readonly (readonly [string, GroupRole])[],
  statuses: ReadonlyMap<string, GroupStatus>,
): (readonly [string, GroupRole])[] {
  const nodes = new Set([...configured.map(([node]) => node), ...statuses.keys()]);
  return [...nodes].flatMap((node) => {
    const status = statuses.get(node);
    if (status === undefined) return configured.filter(([name]) => name === node);
    const told = (["relay", "primary", "secondary"] as const).filter((role) => status[role] !== null);
    return (told.length === 0 ? [status.role] : told).map((role) => [node, role] as const);
  });
}

interface MemberOptions {
  readonly node: string;
  readonly role: GroupRole;
  readonly status: GroupStatus | undefined;
  readonly relay: GroupStatus["relay"];
}

function viewMember({ node, role, status, relay }: MemberOptions): MemberView {
  if (status === undefined) return { node, role, alive: false, epoch: null, phase: null, detail: "", ...noStages };
  const { phase, detail } = status;
  const own = { node, role, alive: true, epoch: status.epoch.number, phase, detail, ...noStages };
  if (role === "relay" && status.relay !== null) {
    const { stamped, prepared, gate, pair = null } = status.relay;
    return { ...own, pair, stamped, prepared, validated: gate };
  }
  if (role === "primary") {
    const paused = status.primary?.paused === true;
    return { ...own, paused, pair: pairOfPrimary(status, relay), detail: describePrimary(status) };
  }
  if (status.secondary === null) return own;
  const { received, validated, applied } = status.secondary;
  const leg = relay?.secondaries.find((candidate) => candidate.node === node);
  const shipping = leg?.connected
    ? { shipped: leg.shipped, prepared: leg.prepared, lagWrites: leg.lagWrites, lagSeconds: leg.lagSeconds }
    : {};
  const seen = { ...own, received, validated, applied, ...shipping };
  if (isWrittenThere(seen)) return { ...seen, pair: "SSWS" };
  return { ...seen, pair: leg?.pair ?? relay?.pair ?? null, detail: describeSecondary(status) };
}

/** Taken over: hosts write at a secondary. */
function isWrittenThere({ role, phase }: Pick<MemberView, "role" | "phase">): boolean {
  return role === "secondary" && phase === "open";
}

/** The near leg: what the primary itself does with its writes. */
function pairOfPrimary({ primary }: GroupStatus, relay: GroupStatus["relay"]): PairState | null {
  if (primary?.pair !== undefined) return primary.pair;
  if (primary?.leg === undefined) return null;
  if (primary.leg === "copying") return "COPY";
  if (primary.leg === "joined") return "PAIR";
  return relay?.pair === "PSUS" || relay?.pair === "PFUS" ? relay.pair : "PSUE";
}

function describePrimary({ primary, detail }: GroupStatus): string {
  if (primary === null) return detail;
  const relay = primary.relayConnected || primary.leg === "alone" ? "" : "no link to the relay";
  const paused = primary.paused === true ? "hosts wait for a change of roles" : "";
  const alone = primary.leg === "alone" ? "goes on alone, regions are logged" : "";
  const flight = primary.writesInFlight > 0 ? `${primary.writesInFlight} writes in flight` : "";
  const held = primary.writesHeld > 0 ? `${primary.writesHeld} writes held` : "";
  return [detail, relay, paused, alone, flight, held].filter((part) => part !== "").join(", ");
}

function describeSecondary({ secondary, detail }: GroupStatus): string {
  const copy = secondary?.copy ?? null;
  if (copy === null) return detail;
  const image = copy.blank ? "no valid image until the copy is complete" : `image of ${copy.base} kept`;
  return [detail, image].filter((part) => part !== "").join(", ");
}

function copyOf(relay: GroupStatus["relay"], statuses: readonly GroupStatus[]): CopyView | null {
  const order = relay?.copy ?? null;
  if (order === null) return null;
  const parts = statuses.flatMap(({ primary }) => (primary?.copy?.copyId === order.copyId ? [primary.copy] : []));
  type Counter = "totalBytes" | "doneBytes" | "sentBytes" | "bytesPerSecond";
  const sum = (key: Counter) => parts.reduce((total, part) => total + (part[key] ?? 0), 0);
  const bytes = { totalBytes: sum("totalBytes"), doneBytes: sum("doneBytes"), sentBytes: sum("sentBytes") };
  const detail = parts.map((part) => part.detail ?? "").find((text) => text !== "") ?? "";
  const { copyId, base, end } = order;
  return { copyId, base, end, ...bytes, bytesPerSecond: sum("bytesPerSecond"), detail };
}

/** Everything that was stamped is in the volumes of every secondary that the relay ships to, as both ends say. */
export function isSynced(view: GroupView): { readonly synced: boolean; readonly stamped: number | null; why: string } {
  const stamped = view.members.find(({ role, stamped: own }) => role === "relay" && own !== null)?.stamped ?? null;
  if (stamped === null) return { synced: false, stamped, why: "no relay of the group answers" };
  const secondaries = view.members.filter(({ role }) => role === "secondary");
  const behind = secondaries.filter(({ applied, shipped }) => shipped === null || applied !== stamped);
  const why = behind
    .map(({ node, alive, shipped, applied }) => {
      if (!alive) return `${node} is DEAD`;
      return shipped === null ? `${node} has no link from the relay` : `${node} has ${applied ?? "-"} of ${stamped}`;
    })
    .join(", ");
  if (secondaries.length === 0) return { synced: false, stamped, why: "the group has no secondary that answers" };
  return { synced: behind.length === 0, stamped, why };
}

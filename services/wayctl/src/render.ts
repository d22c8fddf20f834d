/** Surveys as text for people. `-` stands for what no live node could tell. */
import type { Cluster } from "@waystation/config/cluster";
import { formatAddress } from "./address.js";
import type { GroupView, MemberView } from "./group-view.js";
import type { NodeAnswer } from "./survey.js";
import { formatAge, formatBytes, formatTable } from "./table.js";

const orDash = (value: number | string | null): string => (value === null || value === "" ? "-" : String(value));

export function renderNodes(answers: readonly NodeAnswer[], nowMs: number): string {
  const rows = answers.map(({ node, status, problem }) => [
    node.name,
    node.site,
    node.role,
    status === null ? "DEAD" : "up",
    status?.version ?? "-",
    status === null ? "-" : formatAge(nowMs - status.startedWallMs),
    formatAddress(node.grpc.connect),
    problem,
  ]);
  return formatTable([["NODE", "SITE", "ROLE", "STATE", "VERSION", "UP FOR", "GRPC", ""], ...rows]);
}

export function renderArrays(cluster: Cluster, answers: readonly NodeAnswer[]): string {
  const rows = cluster.arrays.map(({ node, name, level, diskCount }) => {
    const status = answers.find((answer) => answer.node.name === node)?.status ?? null;
    const array = status?.arrays.find((candidate) => candidate.name === name) ?? null;
    return [
      node,
      name,
      `${level} over ${diskCount}`,
      array?.state ?? "-",
      array === null ? "-" : formatBytes(array.usableBytes),
      array?.problems.join("; ") ?? "",
    ];
  });
  return formatTable([["NODE", "ARRAY", "LEVEL", "STATE", "USABLE", ""], ...rows]);
}

export interface VolumeRow {
  readonly volume: string;
  readonly node: string;
  readonly group: string | null;
  readonly sizeBytes: number;
  readonly alive: boolean;
  /** Null: the node does not answer. */
  readonly role: string | null;
  readonly access: string | null;
  readonly nbd: string | null;
}

export function listVolumes(cluster: Cluster, answers: readonly NodeAnswer[]): VolumeRow[] {
  return cluster.volumes.flatMap(({ name, sizeBytes, group, primary, secondary }) =>
    [primary, ...(secondary === null ? [] : [secondary])].map(({ node }) => {
      const answer = answers.find((candidate) => candidate.node.name === node);
      const volume = answer?.status?.volumes.find((candidate) => candidate.name === name) ?? null;
      const nbd = answer?.node.nbd?.connect;
      return {
        volume: name,
        node,
        group,
        sizeBytes,
        alive: (answer?.status ?? null) !== null,
        role: volume?.role ?? null,
        access: volume?.access ?? null,
        nbd: nbd === undefined ? null : `nbd://${formatAddress(nbd)}/${name}`,
      };
    }),
  );
}

export function renderVolumes(rows: readonly VolumeRow[]): string {
  const cells = rows.map(({ volume, node, group, sizeBytes, alive, role, access, nbd }) => [
    volume,
    alive ? node : `${node} (DEAD)`,
    orDash(role),
    orDash(access),
    formatBytes(sizeBytes),
    orDash(group),
    orDash(nbd),
  ]);
  return formatTable([["VOLUME", "NODE", "ROLE", "ACCESS", "SIZE", "GROUP", "NBD"], ...cells]);
}

export function renderGroup(view: GroupView): string {
  const detail = view.protectedDetail === "" ? "" : ` (${view.protectedDetail})`;
  const heading = `group ${view.group}  epoch ${orDash(view.epoch)}  protected: ${view.protected === true ? "yes" : "no"}${detail}`;
  const titles = ["NODE", "ROLE", "PHASE", "STAMPED", "SHIPPED", "RECEIVED", "PREPARED", "VALIDATED", "APPLIED"];
  const rows = view.members.map((member) => [
    member.node,
    member.role,
    member.alive ? orDash(member.phase) : "DEAD",
    ...[member.stamped, member.shipped, member.received, member.prepared, member.validated, member.applied].map(orDash),
    ...lagOf(member),
    member.detail,
  ]);
  return `${heading}\n${formatTable([[...titles, "LAG WRITES", "LAG SECONDS", ""], ...rows])}`;
}

function lagOf({ lagWrites, lagSeconds }: MemberView): [string, string] {
  return [orDash(lagWrites), lagSeconds === null ? "-" : lagSeconds.toFixed(1)];
}

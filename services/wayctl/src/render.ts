/** Surveys as text for people. `-` stands for what no live node could tell. */
import type { StoredVolume } from "@waystation/contracts/storage-front";
import type { Cluster, NodeConfig } from "@waystation/config/cluster";
import { placesOf } from "@waystation/config/journal-volumes";
import { formatAddress } from "./address.js";
import { doingOf, problemsOf } from "./storage-render.js";
import type { StorageAnswer } from "./storage-survey.js";
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

/** The state is what the array's own report says, else what the status has. */
export function renderArrays(
  cluster: Cluster,
  answers: readonly NodeAnswer[],
  stored: readonly StorageAnswer[],
): string {
  const rows = cluster.arrays.map(({ node, name, level, diskCount }) => {
    const status = answers.find((answer) => answer.node.name === node)?.status ?? null;
    const array = status?.arrays.find((candidate) => candidate.name === name) ?? null;
    const reports = stored.find((answer) => answer.node.name === node)?.arrays ?? [];
    const report = reports.find((candidate) => candidate.name === name) ?? null;
    const remarks = report === null ? (array?.problems ?? []) : [doingOf(report), ...problemsOf(report)];
    return [
      node,
      name,
      `${level} over ${diskCount}`,
      report?.health ?? array?.state ?? "-",
      array === null ? "-" : formatBytes(array.usableBytes),
      remarks.filter((remark) => remark !== "").join("; "),
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
  /** `standalone` for volumes in no group. Null: the node does not answer. */
  readonly role: string | null;
  readonly access: string | null;
  readonly nbd: string | null;
  /** Null where the node did not tell, as the rest is. */
  readonly array: string | null;
  readonly kind: string | null;
  readonly usedBytes: number | null;
  readonly origin: string | null;
  readonly detail: string;
}

/** Those of the groups at each of their places, then those in no group, wherever a live node has one. */
export function listVolumes(
  cluster: Cluster,
  answers: readonly NodeAnswer[],
  stored: readonly StorageAnswer[],
): VolumeRow[] {
  const keptBy = (node: string, name: string): StoredVolume | null =>
    stored.find((answer) => answer.node.name === node)?.volumes.find((volume) => volume.name === name) ?? null;
  const replicated = cluster.volumes.flatMap((config) =>
    placesOf(config).map(({ node }): VolumeRow => {
      const { name, group, sizeBytes } = config;
      const answer = answers.find((candidate) => candidate.node.name === node);
      const alive = (answer?.status ?? null) !== null;
      const volume = answer?.status?.volumes.find((candidate) => candidate.name === name) ?? null;
      const kept = keptBy(node, name);
      // One that no group has yet is served by its primary alone.
      const single = group === null && alive ? { role: "SMPL", access: kept?.access ?? null } : null;
      return {
        ...{ volume: name, node, group, sizeBytes, alive },
        role: volume?.role ?? single?.role ?? null,
        access: volume?.access ?? single?.access ?? null,
        nbd: single?.access === "closed" ? null : nbdOf(answer?.node, name),
        ...keepingOf(kept),
      };
    }),
  );
  const standalone = stored.flatMap(({ node, volumes }) =>
    volumes
      .filter(({ use }) => use === "standalone")
      .map((volume): VolumeRow => ({
        volume: volume.name,
        node: node.name,
        group: null,
        sizeBytes: volume.sizeBytes,
        alive: true,
        role: "standalone",
        access: volume.access,
        nbd: volume.access === "closed" ? null : nbdOf(node, volume.name),
        ...keepingOf(volume),
      })),
  );
  const shown = new Set(standalone.map(({ node, volume }) => `${node}/${volume}`));
  // What the file names is there, even while its node cannot tell.
  const silent = cluster.standaloneVolumes
    .filter(({ node, name }) => !shown.has(`${node}/${name}`))
    .map(({ node, name, sizeBytes }): VolumeRow => {
      const answer = stored.find((candidate) => candidate.node.name === node);
      return {
        ...{ volume: name, node, group: null, sizeBytes, alive: answer?.answers ?? false, role: null, access: null },
        nbd: nbdOf(answer?.node, name),
        ...keepingOf(null),
      };
    });
  return [...replicated, ...standalone, ...silent];
}

function nbdOf(node: NodeConfig | undefined, volume: string): string | null {
  const address = node?.nbd?.connect;
  return address === undefined ? null : `nbd://${formatAddress(address)}/${volume}`;
}

function keepingOf(volume: StoredVolume | null): Pick<VolumeRow, "array" | "kind" | "usedBytes" | "origin" | "detail"> {
  if (volume === null) return { array: null, kind: null, usedBytes: null, origin: null, detail: "" };
  const { array, kind, usedBytes, origin, detail } = volume;
  return { array, kind, usedBytes, origin, detail };
}

export function renderVolumes(rows: readonly VolumeRow[]): string {
  const cells = rows.map(({ volume, node, group, sizeBytes, alive, role, access, nbd, kind, usedBytes, detail }) => [
    volume,
    alive ? node : `${node} (DEAD)`,
    orDash(role),
    orDash(access),
    orDash(kind),
    formatBytes(sizeBytes),
    usedBytes === null ? "-" : formatBytes(usedBytes),
    orDash(group),
    orDash(nbd),
    detail,
  ]);
  const titles = ["VOLUME", "NODE", "ROLE", "ACCESS", "KIND", "SIZE", "USED", "GROUP", "NBD", ""];
  return formatTable([titles, ...cells]);
}

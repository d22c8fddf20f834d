/**
 * Asks every node of a group which order it holds, and compares (E4). The points of the nodes differ while data flows: what
 * is compared is one point that all of them have come to, the lowest of their last ones unless a number is asked for.
 */
import { isFailure, reasonOf } from "@waystation/contracts/errors";
import type { Attestation } from "@waystation/client/control-client";
import type { Cluster, GroupConfig, NodeConfig } from "@waystation/config/cluster";
import { formatAddress } from "./address.js";
import { holdersOf } from "./group-view.js";
import type { ConnectControl } from "./survey.js";
import { formatTable } from "./table.js";

const answerTimeoutMs = 1_500;

export interface AttestedNode {
  readonly node: string;
  /** As the node says; null when it does not answer. */
  readonly role: string | null;
  /** Its last point, by number. */
  readonly last: number | null;
  /** What it holds at the number compared; null when it knows no point there. */
  readonly root: string | null;
  /** The highest point it knows below the number compared, when it knows none there. */
  readonly nearest: number | null;
  readonly detail: string;
}

export interface AttestReport {
  readonly group: string;
  /** The point that was compared; null when there is none to compare. */
  readonly sequence: number | null;
  /** Every node that keeps points and answers holds the same there, and there is one at least. */
  readonly agree: boolean;
  readonly verdict: string;
  readonly nodes: readonly AttestedNode[];
}

export interface AttestCommand {
  readonly cluster: Cluster;
  readonly group: GroupConfig;
  /** Null: the highest point that every node has come to. */
  readonly at: number | null;
}

interface Answer {
  readonly node: NodeConfig;
  readonly attestation: Attestation | null;
  readonly detail: string;
}

export async function attestGroup(command: AttestCommand, connect: ConnectControl): Promise<AttestReport> {
  const { cluster, group, at } = command;
  const { primaries, secondaries } = holdersOf(cluster, group);
  const members = new Set([group.relay, ...primaries, ...secondaries]);
  const nodes = cluster.nodes.filter(({ name }) => members.has(name));
  const ask = (sequence: number | null) =>
    Promise.all(nodes.map((node) => askNode(node, group.name, sequence, connect)));
  const last = await ask(null);
  const reached = last.filter(keepsPoints).map(({ attestation }) => attestation?.point?.sequence ?? 0);
  const sequence = at ?? (reached.length === 0 || reached.includes(0) ? null : Math.min(...reached));
  const compared = sequence === null ? last : await ask(sequence);
  return report(group.name, sequence, last, compared);
}

function keepsPoints({ attestation }: Answer): boolean {
  return attestation !== null && attestation.role !== "primary";
}

async function askNode(
  node: NodeConfig,
  group: string,
  sequence: number | null,
  connect: ConnectControl,
): Promise<Answer> {
  const client = connect(formatAddress(node.grpc.connect));
  try {
    const attestation = await client.attest(group, sequence, { timeoutMs: answerTimeoutMs });
    if (attestation.node === node.name) return { node, attestation, detail: attestation.detail };
    return { node, attestation: null, detail: `${attestation.node} answers at its address: correct cluster.yaml` };
  } catch (error) {
    const detail = isFailure(error, "RPC_UNREACHABLE") ? `DEAD: ${reasonOf(error)}` : reasonOf(error);
    return { node, attestation: null, detail };
  } finally {
    client.close();
  }
}

function report(
  group: string,
  sequence: number | null,
  last: readonly Answer[],
  compared: readonly Answer[],
): AttestReport {
  const nodes = compared.map(({ node, attestation, detail }, index): AttestedNode => {
    const point = sequence === null ? null : (attestation?.point ?? null);
    const isThere = point !== null && point.sequence === sequence;
    return {
      node: node.name,
      role: attestation?.role ?? null,
      last: last[index]?.attestation?.point?.sequence ?? null,
      root: isThere ? point.root : null,
      nearest: isThere ? null : (point?.sequence ?? null),
      detail,
    };
  });
  const keepers = nodes.filter(({ role }) => role !== null && role !== "primary");
  const roots = new Set(keepers.map(({ root }) => root));
  const agree = keepers.length > 0 && roots.size === 1 && !roots.has(null);
  return { group, sequence, agree, verdict: verdictOf(sequence, keepers, agree), nodes };
}

function verdictOf(sequence: number | null, keepers: readonly AttestedNode[], agree: boolean): string {
  const names = (of: readonly AttestedNode[]): string => of.map(({ node }) => node).join(", ");
  if (keepers.length === 0) return "no relay and no secondary of the group answers";
  if (sequence === null)
    return `${names(keepers.filter(({ last }) => last === null))}: no point was settled yet, there is nothing to compare`;
  if (agree) return `${names(keepers)} hold exactly the prefix up to ${sequence}`;
  const without = keepers.filter(({ root }) => root === null);
  if (without.length > 0) {
    const near = without.map(({ node, nearest }) => `${node} (the nearest below is ${nearest ?? "none"})`).join(", ");
    return `no point ${sequence} is known at ${near}`;
  }
  return `${names(keepers)} do NOT hold the same up to ${sequence}: do not take over before the order is clear`;
}

export function renderAttestation({ group, sequence, agree, verdict, nodes }: AttestReport): string {
  const rows = nodes.map(({ node, role, last, root, detail }) => [
    node,
    role ?? "-",
    last === null ? "-" : String(last),
    root ?? "-",
    detail,
  ]);
  return [
    `group ${group} at ${sequence ?? "-"}: ${agree ? "agreed" : "NOT AGREED"}`,
    `  ${verdict}`,
    formatTable([["NODE", "ROLE", "LAST POINT", `ROOT AT ${sequence ?? "-"}`, "DETAIL"], ...rows]),
  ].join("\n");
}

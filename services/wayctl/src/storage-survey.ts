/**
 * Asks nodes for their arrays, volumes and pairs, and finds which node a command is for: names are given as NAME, or as
 * NODE/NAME where several nodes have one of that name.
 */
import { isFailure, reasonOf } from "@waystation/contracts/errors";
import type { ArrayReport, PairReport, StoredVolume } from "@waystation/contracts/storage-front";
import type { StorageClient } from "@waystation/client/storage-client";
import type { Cluster, NodeConfig } from "@waystation/config/cluster";
import { formatAddress } from "./address.js";
import type { Context, ConnectStorage } from "./context.js";
import { wayctlFailure } from "./errors.js";

/** As for status: below the two seconds within which a dead node must be said to be dead. */
const listTimeoutMs = 1_500;
/** A command must not miss its volume because a node that has it is busy. */
const commandTimeoutMs = 10_000;

export interface StorageAnswer {
  readonly node: NodeConfig;
  /** False: dead, or not reachable from here; the lists are empty then. */
  readonly answers: boolean;
  readonly arrays: readonly ArrayReport[];
  readonly volumes: readonly StoredVolume[];
  readonly pairs: readonly PairReport[];
  /** Why there is no answer. */
  readonly problem: string;
}

/** For lists: a node that does not answer soon is shown as dead. */
export function surveyStorage(cluster: Cluster, connect: ConnectStorage): Promise<StorageAnswer[]> {
  return Promise.all(cluster.nodes.map((node) => ask(node, connect, listTimeoutMs)));
}

/** For commands, which name what some node has. */
export async function findStorage({ cluster, ports }: Context): Promise<StorageAnswer[]> {
  const { nodes } = await cluster();
  return Promise.all(nodes.map((node) => ask(node, ports.connectStorage, commandTimeoutMs)));
}

async function ask(node: NodeConfig, connect: ConnectStorage, timeoutMs: number): Promise<StorageAnswer> {
  const client = connect(formatAddress(node.grpc.connect));
  const options = { timeoutMs };
  try {
    const asked = [client.arrays(options), client.volumes(options), client.pairs(options)] as const;
    const [arrays, volumes, pairs] = await Promise.all(asked);
    return { node, answers: true, arrays, volumes, pairs, problem: "" };
  } catch (error) {
    return { node, answers: false, arrays: [], volumes: [], pairs: [], problem: reasonOf(error) };
  } finally {
    client.close();
  }
}

/** A name as people write it: `array-a`, or `primary-a/array-a`. */
interface WrittenName {
  readonly node: string | null;
  readonly name: string;
}

function readName(text: string): WrittenName {
  const slash = text.indexOf("/");
  return slash < 0 ? { node: null, name: text } : { node: text.slice(0, slash), name: text.slice(slash + 1) };
}

/** One thing on one node. */
export interface Target {
  readonly node: NodeConfig;
  readonly name: string;
}

/** The array that is meant: the cluster file names all of them. Throws `USAGE`. */
export function findArray(cluster: Cluster, text: string): Target {
  const wanted = readName(text);
  const fitting = cluster.arrays.filter(
    ({ node, name }) => name === wanted.name && (wanted.node === null || node === wanted.node),
  );
  const [array, second] = fitting;
  if (array === undefined) {
    const all = cluster.arrays.map(({ node, name }) => `${node}/${name}`).join(", ") || "none";
    throw wayctlFailure("USAGE", `cluster ${cluster.name} has no array ${text}; it has ${all}`);
  }
  if (second !== undefined) throw ambiguous("array", text, fitting);
  return { node: nodeNamed(cluster, array.node), name: array.name };
}

/** The volume that is meant, by what the nodes have. Throws `USAGE`. */
export function findVolume(answers: readonly StorageAnswer[], text: string): Target {
  const wanted = readName(text);
  const fitting = answers.flatMap(({ node, volumes }) =>
    volumes.flatMap(({ name }) =>
      name === wanted.name && (wanted.node === null || node.name === wanted.node) ? [{ node, name }] : [],
    ),
  );
  const [volume, second] = fitting;
  if (volume === undefined)
    throw wayctlFailure(
      "USAGE",
      `no node has a volume ${text}; wayctl volume list shows those that there are${silentNodes(answers)}`,
    );
  if (second !== undefined)
    throw ambiguous(
      "volume",
      text,
      fitting.map(({ node, name }) => ({ node: node.name, name })),
    );
  return volume;
}

export interface FoundPair {
  /** The node of the P-VOL, which takes the commands. */
  readonly node: NodeConfig;
  readonly pair: PairReport;
}

/** The pair that is meant. The S-VOL may be left out where the P-VOL has only one. Throws `USAGE`. */
export function findPair(answers: readonly StorageAnswer[], primary: string, secondary: string | undefined): FoundPair {
  const wantedPrimary = readName(primary);
  const wantedSecondary = secondary === undefined ? null : readName(secondary);
  const fitting = answers.flatMap(({ node, pairs }) =>
    pairs
      .filter((pair) => pair.primary === wantedPrimary.name)
      .filter(() => wantedPrimary.node === null || wantedPrimary.node === node.name)
      .filter((pair) => wantedSecondary === null || pair.secondary === wantedSecondary.name)
      .filter((pair) => {
        const at = pair.secondaryNode === "" ? node.name : pair.secondaryNode;
        return (wantedSecondary?.node ?? at) === at;
      })
      .map((pair) => ({ node, pair })),
  );
  const [found, second] = fitting;
  const asked = secondary === undefined ? primary : `${primary} ${secondary}`;
  if (found === undefined)
    throw wayctlFailure(
      "USAGE",
      `there is no pair ${asked}; wayctl pair list shows those that there are${silentNodes(answers)}`,
    );
  if (second !== undefined) {
    const all = fitting.map(({ node, pair }) => `${node.name}/${pair.primary} ${pair.secondary}`).join(", ");
    throw wayctlFailure("USAGE", `several pairs fit ${asked}: say which of ${all}`);
  }
  return found;
}

/** The S-VOL of a pair that no node tells of any more: its P-VOL's node may be gone. Null when one does. Throws `USAGE`. */
export function findLostSecondary(
  answers: readonly StorageAnswer[],
  primary: string,
  secondary: string,
): (Target & { readonly primary: string }) | null {
  const [wantedPrimary, wantedSecondary] = [readName(primary), readName(secondary)];
  const isKnown = answers.some(({ pairs }) =>
    pairs.some((pair) => pair.primary === wantedPrimary.name && pair.secondary === wantedSecondary.name),
  );
  return isKnown ? null : { ...findVolume(answers, secondary), primary: wantedPrimary.name };
}

/** Has one node do something, over a connection of its own. */
export async function withStorage<T>(
  { ports }: Context,
  node: NodeConfig,
  act: (client: StorageClient) => Promise<T>,
): Promise<T> {
  const client = ports.connectStorage(formatAddress(node.grpc.connect));
  try {
    return await act(client);
  } catch (error) {
    if (isFailure(error, "RPC_UNREACHABLE"))
      throw wayctlFailure("NODE_DEAD", `${node.name} does not answer, and only it can do that: ${error.message}`);
    throw error;
  } finally {
    client.close();
  }
}

function nodeNamed(cluster: Cluster, name: string): NodeConfig {
  const node = cluster.nodes.find((candidate) => candidate.name === name);
  if (node === undefined) throw wayctlFailure("USAGE", `cluster ${cluster.name} has no node ${name}`);
  return node;
}

function silentNodes(answers: readonly StorageAnswer[]): string {
  const silent = answers.filter((answer) => !answer.answers).map(({ node }) => node.name);
  return silent.length === 0 ? "" : ` (DEAD, so not asked: ${silent.join(", ")})`;
}

function ambiguous(what: string, text: string, fitting: readonly { node: string; name: string }[]): Error {
  const all = fitting.map(({ node, name }) => `${node}/${name}`).join(", ");
  return wayctlFailure("USAGE", `several nodes have ${what} ${text}: say which of ${all}`);
}

/** A cluster of fakes for tests: deploy/local/cluster.yaml, five nodes, group g1, vol-a and vol-b. */
import { Failure } from "@waystation/contracts/errors";
import type {
  Attestation,
  ControlClient,
  GroupCommand,
  GroupStatus,
  NodeStatus,
  TakeoverProgress,
  TakeoverRequest,
  TakeoverResult,
  TermChangeRequest,
} from "@waystation/client/control-client";
import type { StorageClient } from "@waystation/client/storage-client";
import { runWayctl } from "./program.js";
import { fakeStorage } from "./testing.js";

const addresses: Record<string, string> = {
  "127.0.0.1:7401": "primary-a",
  "127.0.0.1:7402": "primary-b",
  "127.0.0.1:7411": "relay-1",
  "127.0.0.1:7421": "secondary-a",
  "127.0.0.1:7422": "secondary-b",
};

export interface FakeCluster {
  /** What each node says; a node that is not here is dead. */
  readonly nodes: Record<string, NodeStatus>;
  readonly storage?: Record<string, Partial<StorageClient>>;
  readonly takeover?: (node: string, request: TakeoverRequest) => AsyncIterable<TakeoverProgress>;
  readonly changeTerm?: (node: string, request: TermChangeRequest) => AsyncIterable<TakeoverProgress>;
  readonly command?: (node: string, group: string, command: GroupCommand) => Promise<void>;
  readonly attest?: (node: string, group: string, sequence: number | null) => Promise<Attestation>;
  readonly reload?: (node: string) => Promise<readonly string[]>;
}

/** What a test did not foresee fails it. */
function expected<Call>(call: Call | undefined): Call {
  if (call === undefined) throw new Error("nobody was expected to ask for this");
  return call;
}

export async function wayctl(cluster: FakeCluster, ...argv: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const closed: string[] = [];
  let nowMs = 1_000_000;
  const connect = (address: string): ControlClient => {
    const name = addresses[address] ?? "nobody";
    return {
      status: () => {
        const status = cluster.nodes[name];
        const refused = new Failure("RPC_UNREACHABLE", `connect ECONNREFUSED ${address}`);
        return status === undefined ? Promise.reject(refused) : Promise.resolve(status);
      },
      takeover: (request) => expected(cluster.takeover)(name, request),
      changeTerm: (request) => expected(cluster.changeTerm)(name, request),
      command: (group, command) => expected(cluster.command)(name, group, command),
      attest: (group, sequence) => expected(cluster.attest)(name, group, sequence),
      reload: () => expected(cluster.reload)(name),
      close: () => void closed.push(name),
    };
  };
  const code = await runWayctl(argv, {
    connect,
    connectStorage: (address) => fakeStorage(cluster.storage?.[addresses[address] ?? ""] ?? {}),
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    wallMs: () => nowMs,
    delay: (delayMs) => {
      nowMs += delayMs;
      return Promise.resolve();
    },
    progress: null,
  });
  return { code, out: out.join("\n"), err: err.join("\n"), closed };
}

const epoch = { number: 1, takeoverId: "initial" };
const stageNumbers = { shipped: 12, received: 11, prepared: 10, validated: 9, applied: 8 };

export function groupStatus(change: Partial<GroupStatus> & Pick<GroupStatus, "role">): GroupStatus {
  const nothing = { relay: null, primary: null, secondary: null };
  return { group: "g1" as never, epoch, phase: "open", detail: "", ...nothing, ...change };
}

export function nodeStatus(node: string, group: GroupStatus, volume?: string): NodeStatus {
  const access = group.role === "primary" ? "read-write" : "read-only";
  const role = group.role === "primary" ? "primary" : "secondary";
  const volumes = volume ? [{ name: volume as never, sizeBytes: 1 << 30, group: "g1" as never, role, access }] : [];
  return {
    node: node as never,
    site: "x",
    version: "0.1.0",
    startedWallMs: 0,
    arrays: [],
    volumes: volumes as NodeStatus["volumes"],
    groups: [group],
  };
}

export function relayStatus(stamped: number, applied: number, connected = true): NodeStatus {
  const leg = { ...stageNumbers, applied, connected, lagWrites: stamped - applied, lagSeconds: 0.25 };
  const relay = {
    protected: true,
    protectedDetail: "",
    pair: "PAIR",
    stamped,
    prepared: 10,
    valid: 10,
    gate: 9,
    trimmed: 0,
    journalUsedBytes: 0,
    journalCapacityBytes: 1,
    primaries: [],
    secondaries: [
      { ...leg, node: "secondary-a" },
      { ...leg, node: "secondary-b" },
    ],
  };
  return nodeStatus("relay-1", groupStatus({ role: "relay", relay: relay as never }));
}

export function secondaryStatus(node: string, applied: number): NodeStatus {
  const rest = { relayConnected: true, gate: 9, journalUsedBytes: 0, journalCapacityBytes: 1 };
  const secondary = { ...rest, received: 11, validated: 9, applied };
  return nodeStatus(
    node,
    groupStatus({ role: "secondary", phase: "following", secondary: secondary as never }),
    `vol-${node.slice(-1)}`,
  );
}

export function primaryStatus(node: string): NodeStatus {
  const primary = {
    relayConnected: true,
    leaseRemainingMs: 2_000,
    writesInFlight: 3,
    writesHeld: 0,
    leg: "joined" as const,
  };
  return nodeStatus(node, groupStatus({ role: "primary", primary }), `vol-${node.slice(-1)}`);
}

export function fullCluster(stamped = 12, applied = 8): Record<string, NodeStatus> {
  return {
    "primary-a": primaryStatus("primary-a"),
    "primary-b": primaryStatus("primary-b"),
    "relay-1": relayStatus(stamped, applied),
    "secondary-a": secondaryStatus("secondary-a", applied),
    "secondary-b": secondaryStatus("secondary-b", applied),
  };
}

export function without(nodes: Record<string, NodeStatus>, ...names: string[]): Record<string, NodeStatus> {
  return Object.fromEntries(Object.entries(nodes).filter(([name]) => !names.includes(name)));
}

/** The cells of the line that starts with `first`. */
export function cells(text: string, first: string): string[] {
  const line = text.split("\n").findLast((candidate) => candidate.startsWith(first)) ?? "";
  return line.trim().split(/ {2,}/);
}

export const done: TakeoverResult = {
  outcome: "taken-over",
  code: "",
  message: "vol-a and vol-b are open for writing",
  epoch: { number: 2, takeoverId: "t" },
  sequence: 12 as never,
  lost: "nothing",
  lostDetail: "",
  participants: ["secondary-a", "secondary-b"] as never,
  absent: [],
  risks: [],
};

export async function* steps(result: TakeoverResult | null): AsyncIterable<TakeoverProgress> {
  yield await Promise.resolve({ phase: "promise", message: "asking", elapsedMs: 1.4, result: null });
  yield { phase: "done", message: "", elapsedMs: 20, result };
}

export function refusing(code: string): AsyncIterable<TakeoverProgress> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Failure(code, `refused: ${code}`)) }) };
}

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Failure } from "@waystation/contracts/errors";
import type { ArrayReport, PairReport } from "@waystation/contracts/storage-front";
import {
  connectControl,
  type Attestation,
  type ControlClient,
  type GroupCommand,
  type GroupStatus,
  type NodeStatus,
  type TakeoverProgress,
  type TakeoverRequest,
  type TakeoverResult,
  type TermChangeRequest,
} from "@waystation/client/control-client";
import { connectStorage, type StorageClient } from "@waystation/client/storage-client";
import { exitCodes, wayctlErrorCodes } from "./errors.js";
import type { GroupView } from "./group-view.js";
import { runWayctl } from "./program.js";
import { fakeStorage } from "./testing.js";

// The tests run against deploy/local/cluster.yaml: five nodes, group g1, vol-a and vol-b.
const addresses: Record<string, string> = {
  "127.0.0.1:7401": "primary-a",
  "127.0.0.1:7402": "primary-b",
  "127.0.0.1:7411": "relay-1",
  "127.0.0.1:7421": "secondary-a",
  "127.0.0.1:7422": "secondary-b",
};

interface FakeCluster {
  /** What each node says; a node that is not here is dead. */
  readonly nodes: Record<string, NodeStatus>;
  readonly storage?: Record<string, Partial<StorageClient>>;
  takeover?(node: string, request: TakeoverRequest): AsyncIterable<TakeoverProgress>;
  changeTerm?(node: string, request: TermChangeRequest): AsyncIterable<TakeoverProgress>;
  command?(node: string, group: string, command: GroupCommand): Promise<void>;
  attest?(node: string, group: string, sequence: number | null): Promise<Attestation>;
}

async function wayctl(cluster: FakeCluster, ...argv: string[]) {
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
      takeover: (request) => cluster.takeover!(name, request),
      changeTerm: (request) => cluster.changeTerm!(name, request),
      command: (group, command) => cluster.command!(name, group, command),
      attest: (group, sequence) => cluster.attest!(name, group, sequence),
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

function groupStatus(change: Partial<GroupStatus> & Pick<GroupStatus, "role">): GroupStatus {
  const nothing = { relay: null, primary: null, secondary: null };
  return { group: "g1" as never, epoch, phase: "open", detail: "", ...nothing, ...change };
}

function nodeStatus(node: string, group: GroupStatus, volume?: string): NodeStatus {
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

function relayStatus(stamped: number, applied: number, connected = true): NodeStatus {
  const leg = { ...stageNumbers, applied, connected, lagWrites: stamped - applied, lagSeconds: 0.25 };
  const relay = {
    protected: true,
    protectedDetail: "",
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

function secondaryStatus(node: string, applied: number): NodeStatus {
  const rest = { relayConnected: true, gate: 9, journalUsedBytes: 0, journalCapacityBytes: 1 };
  const secondary = { ...rest, received: 11, validated: 9, applied };
  return nodeStatus(node, groupStatus({ role: "secondary", secondary: secondary as never }), `vol-${node.slice(-1)}`);
}

function primaryStatus(node: string): NodeStatus {
  const primary = { relayConnected: true, leaseRemainingMs: 2_000, writesInFlight: 3, writesHeld: 0 };
  return nodeStatus(node, groupStatus({ role: "primary", primary }), `vol-${node.slice(-1)}`);
}

function fullCluster(stamped = 12, applied = 8): Record<string, NodeStatus> {
  return {
    "primary-a": primaryStatus("primary-a"),
    "primary-b": primaryStatus("primary-b"),
    "relay-1": relayStatus(stamped, applied),
    "secondary-a": secondaryStatus("secondary-a", applied),
    "secondary-b": secondaryStatus("secondary-b", applied),
  };
}

function without(nodes: Record<string, NodeStatus>, ...names: string[]): Record<string, NodeStatus> {
  return Object.fromEntries(Object.entries(nodes).filter(([name]) => !names.includes(name)));
}

/** The cells of the line that starts with `first`. */
function cells(text: string, first: string): string[] {
  const line = text.split("\n").findLast((candidate) => candidate.startsWith(first)) ?? "";
  return line.trim().split(/ {2,}/);
}

describe("wayctl status", () => {
  it("F4: shows every stage of the group, and that it is protected", async () => {
    const { code, out, closed } = await wayctl({ nodes: fullCluster() }, "status");
    expect(code).toBe(exitCodes.ok);
    expect(out).toContain("group g1  epoch 1  protected: yes");
    expect(cells(out, "relay-1")).toEqual(["relay-1", "relay", "open", "12", "-", "-", "10", "9", "-", "-", "-"]);
    const secondary = ["secondary-b", "secondary", "open", "-", "12", "11", "10", "9", "8", "4", "0.2"];
    expect(cells(out, "secondary-b").slice(0, 10)).toEqual(secondary.slice(0, 10));
    expect(out).toContain("3 writes in flight");
    expect(closed).toHaveLength(5);
  });

  it("F4: says that a dead node is dead, and shows nothing that only it could tell", async () => {
    const nodes = without(fullCluster(), "secondary-a", "primary-b");
    const { code, out } = await wayctl({ nodes }, "status");
    expect(code).toBe(exitCodes.ok);
    expect(out).toMatch(/primary-b +east +primary +DEAD .*ECONNREFUSED/);
    expect(cells(out, "secondary-a")).toEqual(["secondary-a", "secondary", "DEAD", ...Array<string>(8).fill("-")]);
    expect(out).toMatch(/vol-a +secondary-a \(DEAD\) +- +- /);
  });

  it("F4: promises nothing when the relay is dead, and shows none of its figures", async () => {
    const nodes = without(fullCluster(), "relay-1");
    const { out } = await wayctl({ nodes }, "status");
    expect(out).toContain("protected: no (unknown: relay-1 does not answer as its relay)");
    expect(cells(out, "secondary-a")).toEqual([
      ...["secondary-a", "secondary", "open", "-", "-", "11", "-", "9", "8", "-", "-"],
    ]);
    const { out: json } = await wayctl({ nodes }, "--json", "status");
    const { groups } = JSON.parse(json) as { groups: GroupView[] };
    expect(groups[0]).toMatchObject({ protected: null, epoch: 1 });
  });

  it("F4: shows nothing shipped to a secondary whose link is down, whatever the relay remembers", async () => {
    const nodes = { ...fullCluster(), "relay-1": relayStatus(12, 8, false) };
    const { out } = await wayctl({ nodes }, "group", "show", "g1");
    expect(cells(out, "secondary-a").slice(3)).toEqual(["-", "-", "11", "-", "9", "8", "-", "-"]);
  });

  it("F4, A2, A5: shows what arrays are doing, and pairs, in a line each", async () => {
    const progress = { doneBytes: 1, totalBytes: 4, bytesPerSecond: 2 ** 20, remainingMs: 300_000 };
    const disk = { slot: 0, file: "/d/0", reason: "", repairedBlocks: 0, progress: null };
    const array: ArrayReport = {
      ...{ name: "array-a", level: "raid5", health: "rebuilding", stripeUnitBytes: 65536, checksums: true },
      ...{ usableBytes: 2 ** 30, freeBytes: 0, reservedBytes: 0, lostBytes: 0, lastScrub: null },
      disks: [
        { ...disk, health: "active" },
        { ...disk, slot: 1, health: "rebuilding", progress },
        { ...disk, slot: 2, file: null, health: "absent", reason: "not found" },
      ],
      scrub: { run: 1, progress: { ...progress, remainingMs: null } },
    };
    const pair: PairReport = {
      ...{ primary: "db", secondary: "copy", secondaryNode: "", state: "PSUE", direction: "forward" },
      ...{ detail: "suspended by a failure", regionBytes: 2 ** 20, dirtyRegions: 3, regions: 9, progress: null },
    };
    const storage = {
      "primary-a": { arrays: () => Promise.resolve([array]), pairs: () => Promise.resolve([pair]) },
    };
    const { out } = await wayctl({ nodes: fullCluster(), storage }, "status");
    expect(out).toMatch(
      /primary-a +array-a +raid5 over 4 +rebuilding .*rebuilding disk 1: 25%, 1 MiB\/s, 5 min left; scrubbing: 25%.*; disk 2 \(not found\): not found/,
    );
    expect(out).toMatch(/primary-a\/db +primary-a\/copy +PSUE +3 MiB +suspended by a failure/);
    const { out: json } = await wayctl({ nodes: fullCluster(), storage }, "--json", "status");
    expect(JSON.parse(json)).toMatchObject({
      arrays: [{ node: "primary-a", ...array }],
      pairs: [{ node: "primary-a", ...pair }],
    });
  });

  it("notices a node that answers at another's address", async () => {
    const nodes = { ...fullCluster(), "secondary-a": secondaryStatus("secondary-b", 8) };
    const { out } = await wayctl({ nodes }, "status");
    expect(out).toMatch(/secondary-a .*DEAD.*secondary-b answers at its address/);
  });

  it("F4: finds real daemons dead without waiting for them", async () => {
    const lines: string[] = [];
    const code = await runWayctl(["--cluster", fixture("silent-cluster.yaml"), "status"], {
      connect: (address) => connectControl(address),
      connectStorage: (address) => connectStorage(address),
      out: (text) => void lines.push(text),
      err: (text) => void lines.push(text),
      wallMs: () => 0,
      delay: () => Promise.resolve(),
      progress: null,
    });
    expect([code, lines.join("\n").match(/DEAD .*ECONNREFUSED 127\.0\.0\.1/g)?.length]).toEqual([exitCodes.ok, 3]);
  });
});

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));

describe("wayctl volume list", () => {
  it("F4: shows each volume at each of its places", async () => {
    const { out } = await wayctl({ nodes: fullCluster() }, "--json", "volume", "list");
    const { volumes } = JSON.parse(out) as { volumes: object[] };
    expect(volumes).toHaveLength(4);
    expect(volumes[1]).toEqual({
      volume: "vol-a",
      node: "secondary-a",
      group: "g1",
      sizeBytes: 2 ** 30,
      alive: true,
      role: "secondary",
      access: "read-only",
      nbd: "nbd://127.0.0.1:10819/vol-a",
      array: null,
      kind: null,
      usedBytes: null,
      origin: null,
      detail: "",
    });
  });
});

describe("wayctl group wait --synced", () => {
  it("F4: ends once every secondary has applied what was stamped, twice in a row", async () => {
    const nodes = fullCluster(12, 11);
    let polls = 0;
    const growing = new Proxy(nodes, {
      get(target, name: string) {
        if (name === "relay-1") polls += 1;
        const applied = polls < 3 ? 11 : 12;
        if (name === "relay-1") return relayStatus(12, applied);
        return name.startsWith("secondary") ? secondaryStatus(name, applied) : target[name];
      },
    });
    const { code, out } = await wayctl({ nodes: growing }, "group", "wait", "g1", "--synced");
    expect([code, out, polls]).toEqual([exitCodes.ok, "group g1 is synced at 12", 4]);
  });

  it("F4: does not end while hosts write, even if each poll finds it synced", async () => {
    let stamped = 0;
    const nodes = new Proxy(fullCluster(), {
      get(target, name: string) {
        if (name === "relay-1") stamped += 1;
        if (name === "relay-1") return relayStatus(stamped, stamped);
        return name.startsWith("secondary") ? secondaryStatus(name, stamped) : target[name];
      },
    });
    const { code, out } = await wayctl({ nodes }, "group", "wait", "g1", "--synced", "--timeout", "2s");
    expect([code, out]).toEqual([exitCodes.refused, "group g1 is not synced after 2000 ms: still written"]);
  });

  it.each<[string, Record<string, NodeStatus>, string]>([
    ["a secondary is behind", fullCluster(12, 8), "secondary-a has 8 of 12, secondary-b has 8 of 12"],
    ["a secondary is dead", without(fullCluster(12, 12), "secondary-b"), "secondary-b is DEAD"],
    ["the relay is dead", without(fullCluster(12, 12), "relay-1"), "no relay of the group answers"],
    [
      "a link is down",
      { ...fullCluster(12, 12), "relay-1": relayStatus(12, 12, false) },
      "secondary-a has no link from the relay, secondary-b has no link from the relay",
    ],
  ])("F4: gives up with exit code 3 and says why: %s", async (_, nodes, why) => {
    const { code, out } = await wayctl({ nodes }, "group", "wait", "g1", "--synced", "--timeout", "500ms");
    expect([code, out]).toEqual([exitCodes.refused, `group g1 is not synced after 500 ms: ${why}`]);
  });
});

const done: TakeoverResult = {
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

async function* steps(result: TakeoverResult | null): AsyncIterable<TakeoverProgress> {
  yield await Promise.resolve({ phase: "promise", message: "asking", elapsedMs: 1.4, result: null });
  yield { phase: "done", message: "", elapsedMs: 20, result };
}

function refusing(code: string): AsyncIterable<TakeoverProgress> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Failure(code, `refused: ${code}`)) }) };
}

describe("wayctl group takeover", () => {
  it("B11: lets the first secondary that answers coordinate, and prints steps and result", async () => {
    const requests: unknown[] = [];
    const takeover = (node: string, request: TakeoverRequest) => {
      requests.push([node, request]);
      return steps(done);
    };
    const nodes = without(fullCluster(), "primary-a", "primary-b", "secondary-a");
    const argv = ["group", "takeover", "g1", "--force", "--without", "secondary-a"];
    const { code, out } = await wayctl({ nodes, takeover }, ...argv);
    expect(code).toBe(exitCodes.ok);
    expect(requests).toEqual([["secondary-b", { group: "g1", force: true, without: ["secondary-a"], dryRun: false }]]);
    expect(out).toMatch(/ {5}1 ms {2}promise {2}asking/);
    expect(out).toMatch(/epoch +2\n +sequence +12 .*\n +lost +nothing\n/);
  });

  it.each(["RPC_UNREACHABLE", "NOT_A_SECONDARY"])("asks the next secondary when one cannot: %s", async (reason) => {
    const takeover = (node: string) => (node === "secondary-a" ? refusing(reason) : steps(done));
    const { code, out } = await wayctl({ nodes: fullCluster(), takeover }, "group", "takeover", "g1");
    expect(code).toBe(exitCodes.ok);
    expect(out).toContain("secondary-b coordinates");
  });

  it("B11: ends with exit code 3, the code and what to do, when it is refused", async () => {
    const refused = {
      ...done,
      outcome: "refused",
      code: "NEEDS_FORCE",
      message: "add --force",
      risks: ["two writers"],
    };
    const takeover = () => steps(refused as TakeoverResult);
    const { code, out } = await wayctl({ nodes: fullCluster(), takeover }, "group", "takeover", "g1");
    expect(code).toBe(exitCodes.refused);
    expect(out).toContain("refused: NEEDS_FORCE\n  add --force\n  risk          two writers");
  });

  it("does not let another go on where one has begun", async () => {
    const asked: string[] = [];
    async function* broken(): AsyncIterable<TakeoverProgress> {
      yield await Promise.resolve({ phase: "promise", message: "", elapsedMs: 1, result: null });
      throw new Failure("RPC_UNREACHABLE", "gone");
    }
    const takeover = (node: string) => {
      asked.push(node);
      return broken();
    };
    const { code, err } = await wayctl({ nodes: fullCluster(), takeover }, "group", "takeover", "g1");
    expect([code, asked]).toEqual([exitCodes.failed, ["secondary-a"]]);
    expect(err).toContain("RPC_UNREACHABLE");
  });

  it("fails when no secondary answers, or when the coordinator says no result", async () => {
    const dead = await wayctl({ nodes: {} }, "group", "takeover", "g1");
    expect([dead.code, dead.err]).toEqual([exitCodes.failed, expect.stringContaining("NO_COORDINATOR")]);
    const takeover = () => steps(null);
    const cut = await wayctl({ nodes: fullCluster(), takeover }, "--json", "group", "takeover", "g1");
    expect(cut.code).toBe(exitCodes.failed);
    expect(JSON.parse(cut.out)).toMatchObject({ error: { code: "TAKEOVER_CUT_OFF" } });
  });

  it("prints one JSON document with --json", async () => {
    const takeover = () => steps(done);
    const { out } = await wayctl({ nodes: fullCluster(), takeover }, "--json", "group", "takeover", "g1");
    expect(JSON.parse(out)).toMatchObject({ coordinator: "secondary-a", result: { sequence: 12, lost: "nothing" } });
  });
});

describe("wayctl group attest", () => {
  const attest = (node: string, _: string, sequence: number | null): Promise<Attestation> =>
    Promise.resolve({
      node: node as never,
      role: node.startsWith("primary") ? "primary" : node.startsWith("relay") ? "relay" : "secondary",
      point: node.startsWith("primary") ? null : { sequence: (sequence ?? 7) as never, root: "ab".repeat(32) },
      oldest: 1 as never,
      detail: "",
    });

  it("E4: shows number and root at each node, and ends with exit code 0 when they are the same", async () => {
    const { code, out } = await wayctl({ nodes: {}, attest }, "group", "attest", "g1");
    expect(code).toBe(exitCodes.ok);
    expect(out).toContain("group g1 at 7: agreed");
    expect(out).toMatch(/secondary-a +secondary +7 +(ab){32}/);
    const json = await wayctl({ nodes: {}, attest }, "--json", "group", "attest", "g1", "--at", "5");
    expect(JSON.parse(json.out)).toMatchObject({ sequence: 5, agree: true });
  });

  it("E4: ends with exit code 3 when they are not, and with 2 on a number that is none", async () => {
    const other: typeof attest = async (node, group, sequence) => {
      const own = await attest(node, group, sequence);
      return node === "secondary-b" ? { ...own, point: { sequence: 7 as never, root: "cd".repeat(32) } } : own;
    };
    expect((await wayctl({ nodes: {}, attest: other }, "group", "attest", "g1")).code).toBe(exitCodes.refused);
    expect((await wayctl({ nodes: {} }, "group", "attest", "g1", "--at", "soon")).code).toBe(exitCodes.usage);
  });
});

describe("wayctl", () => {
  it.each([
    ["an unknown command", ["stats"]],
    ["an unknown group", ["group", "show", "g9"]],
    ["an unknown node", ["group", "takeover", "g1", "--without", "primary-a"]],
    ["a wait for nothing", ["group", "wait", "g1"]],
    ["a bad duration", ["group", "wait", "g1", "--synced", "--timeout", "soon"]],
    ["a file that is not there", ["--cluster", "nowhere.yaml", "status"]],
  ])("ends with exit code 2 on %s, and says what is wrong", async (_, argv) => {
    const { code, err } = await wayctl({ nodes: {} }, ...argv);
    expect(code).toBe(exitCodes.usage);
    expect(err).not.toBe("");
  });

  it("explains itself, its exit codes included", async () => {
    const { code, out } = await wayctl({ nodes: {} }, "--help");
    expect(code).toBe(exitCodes.ok);
    for (const part of ["--cluster", "--json", "group takeover g1", "Exit codes: 0"]) expect(out).toContain(part);
  });

  it("has codes that docs/errors.md explains", async () => {
    const docs = await readFile(fileURLToPath(new URL("../../../docs/errors.md", import.meta.url)), "utf8");
    for (const code of wayctlErrorCodes) expect(docs).toContain(`| \`${code}\``);
  });
});

// The commands for arrays, volumes and pairs, against nodes that are fakes, and one against a real server.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { Failure } from "@waystation/contracts/errors";
import type { ArrayReport, PairReport, ScrubReport, StoredVolume } from "@waystation/contracts/storage-front";
import type { ControlClient } from "@waystation/client/control-client";
import { connectStorage, type StorageClient } from "@waystation/client/storage-client";
import { cleanUp, startTestServer, testStorage } from "@waystation/rpc/testing";
import { exitCodes } from "../errors.js";
import { runWayctl } from "../program.js";
import { fakeStorage } from "../testing.js";

afterEach(cleanUp);

// deploy/local/cluster.yaml: array-a and array-b on two nodes each.
const nodeAt: Record<string, string> = {
  "127.0.0.1:7401": "primary-a",
  "127.0.0.1:7402": "primary-b",
  "127.0.0.1:7411": "relay-1",
  "127.0.0.1:7421": "secondary-a",
  "127.0.0.1:7422": "secondary-b",
};

type Nodes = Record<string, Partial<StorageClient>>;

interface RunOptions {
  /** Of the terminal; there is none when left out. */
  readonly columns?: number;
  readonly connect?: (node: string) => StorageClient;
}

async function wayctl(nodes: Nodes, argv: readonly string[], { columns, connect }: RunOptions = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const shown: string[] = [];
  let nowMs = 0;
  const code = await runWayctl(argv, {
    connect: () => {
      throw new Error("nobody was expected to ask for the status");
    },
    connectStorage(address) {
      const node = nodeAt[address] ?? "nobody";
      return connect?.(node) ?? fakeStorage(nodes[node] ?? {});
    },
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    wallMs: () => (nowMs += 1_000),
    delay: () => Promise.resolve(),
    progress: columns === undefined ? null : { columns, show: (text) => void shown.push(text) },
  });
  return { code, out: out.join("\n"), err: err.join("\n"), shown };
}

const progress = { doneBytes: 43, totalBytes: 100, bytesPerSecond: 120 * 2 ** 20, remainingMs: 190_000 };
const disk = (slot: number, change: Partial<ArrayReport["disks"][number]> = {}): ArrayReport["disks"][number] => ({
  slot,
  file: `/disks/${slot}`,
  health: "active",
  reason: "",
  repairedBlocks: 0,
  progress: null,
  ...change,
});

function arrayReport(change: Partial<ArrayReport> = {}): ArrayReport {
  return {
    name: "array-a",
    level: "raid5",
    health: "optimal",
    stripeUnitBytes: 65536,
    checksums: true,
    usableBytes: 2 ** 31,
    freeBytes: 2 ** 30,
    reservedBytes: 0,
    lostBytes: 0,
    disks: [disk(0), disk(1), disk(2), disk(3)],
    scrub: null,
    lastScrub: null,
    ...change,
  };
}

const rebuilding = arrayReport({
  health: "rebuilding",
  disks: [disk(0), disk(1), disk(2, { health: "rebuilding", progress }), disk(3)],
});

const scrubReport: ScrubReport = {
  run: 3,
  startedWallMs: 1_000,
  endedWallMs: 63_000,
  scannedBytes: 2 ** 30,
  repairedBlocks: 2,
  unrepairableBlocks: 0,
  findings: [{ disk: "/disks/1", offsetBytes: 8192, kind: "data", repaired: true }],
  failure: "",
};

async function* reports<T>(...all: readonly T[]): AsyncIterable<T> {
  await Promise.resolve();
  yield* all;
}

const refusing = (code: string, message: string) => () => Promise.reject(new Failure(code, message));

describe("wayctl array", () => {
  it("F4, A2: list shows every array, what it is doing, and which nodes are dead", async () => {
    const nodes: Nodes = {
      "primary-a": { arrays: () => Promise.resolve([rebuilding]) },
      "secondary-a": { arrays: refusing("RPC_UNREACHABLE", "gone") },
    };
    const { code, out } = await wayctl(nodes, ["array", "list"]);
    expect(code).toBe(exitCodes.ok);
    expect(out).toMatch(
      /primary-a +array-a +raid5 +rebuilding +3\/4 +2 GiB +1 GiB +rebuilding disk 2: 43%, 120 MiB\/s, 3 min left/,
    );
    expect(out).toMatch(/secondary-a \(DEAD\) +array-a +- +- +-/);
  });

  it("F4, A2: show has every disk with its state and reason, and what the last scrub found", async () => {
    const report = arrayReport({
      health: "degraded",
      lostBytes: 4096,
      disks: [disk(0, { repairedBlocks: 7 }), disk(1, { health: "absent", file: null, reason: "not found" })],
      lastScrub: scrubReport,
    });
    const asked: string[] = [];
    const array = (name: string) => (asked.push(name), Promise.resolve(report));
    const { out } = await wayctl({ "primary-a": { array } }, ["array", "show", "primary-a/array-a"]);
    expect(asked).toEqual(["array-a"]);
    expect(out).toContain("array primary-a/array-a  raid5 over 2, stripe unit 64 KiB, checksums on\nstate degraded");
    expect(out).toContain("4096 bytes cannot be read until they are written again");
    expect(out).toMatch(/0 +active +7 +\/disks\/0\n +1 +absent +0 +not found +not found/);
    expect(out).toMatch(/scrub 3 of primary-a\/array-a: 1 GiB in 62 s, 2 blocks put right, 0 that could not be/);
    expect(out).toMatch(/8192 +data +put right +\/disks\/1/);
  });

  it("asks which node is meant when several have an array of the name", async () => {
    const { code, err } = await wayctl({}, ["array", "show", "array-a"]);
    expect(code).toBe(exitCodes.usage);
    expect(err).toContain("several nodes have array array-a: say which of primary-a/array-a, secondary-a/array-a");
    const unknown = await wayctl({}, ["array", "show", "array-z"]);
    expect(unknown.err).toContain("has no array array-z; it has primary-a/array-a, primary-b/array-b");
  });

  it("F4, A2: rebuild --wait shows a bar until the array is optimal, and ends with 0", async () => {
    const calls: string[] = [];
    const nodes: Nodes = {
      "primary-a": {
        rebuild: (name) => (calls.push(name), Promise.resolve()),
        watchArray: () => reports(rebuilding, arrayReport()),
      },
    };
    const argv = ["array", "rebuild", "primary-a/array-a", "--wait"];
    const { code, out, shown } = await wayctl(nodes, argv, { columns: 100 });
    expect([code, calls]).toEqual([exitCodes.ok, ["array-a"]]);
    expect(shown).toEqual([`rebuilding disk 2  [${"#".repeat(17)}${"-".repeat(23)}]   43%  120 MiB/s  3 min left`, ""]);
    expect(out).toContain("state optimal");
    expect((await wayctl(nodes, argv)).shown).toEqual([]);
    expect((await wayctl(nodes, ["--json", ...argv], { columns: 100 })).shown).toEqual([]);
  });

  it.each<[string, ArrayReport["health"], number]>([
    ["there was nothing to rebuild onto", "degraded", exitCodes.refused],
    ["the array failed meanwhile", "failed", exitCodes.refused],
    ["there was nothing to do", "optimal", exitCodes.ok],
  ])("rebuild --wait ends when %s", async (_, health, wanted) => {
    const nodes: Nodes = {
      "primary-a": { rebuild: () => Promise.resolve(), watchArray: () => reports(arrayReport({ health })) },
    };
    const { code, out } = await wayctl(nodes, ["array", "rebuild", "primary-a/array-a", "--wait"]);
    expect([code, out.includes(`state ${health}`)]).toEqual([wanted, true]);
  });

  it("stops waiting when the time is up, and says that the rebuild goes on", async () => {
    async function* forEver(): AsyncIterable<ArrayReport> {
      for (;;) yield await Promise.resolve(rebuilding);
    }
    const nodes: Nodes = { "primary-a": { replaceDisk: () => Promise.resolve(), watchArray: forEver } };
    const argv = ["array", "replace", "primary-a/array-a", "2", "--wait", "--timeout", "5s"];
    const { code, out } = await wayctl(nodes, argv);
    expect([code, out]).toEqual([
      exitCodes.refused,
      "the rebuild of primary-a/array-a is not over after 5000 ms; it goes on",
    ]);
  });

  it("F4, A2, A4: scrub --wait waits for its own run, and prints the report", async () => {
    const scrub = { run: 3, progress };
    const nodes: Nodes = {
      "primary-a": {
        scrub: () => Promise.resolve(3),
        watchArray: () =>
          reports(
            arrayReport({ scrub, lastScrub: { ...scrubReport, run: 2 } }),
            arrayReport({ lastScrub: scrubReport }),
          ),
      },
    };
    const { code, out, shown } = await wayctl(nodes, ["array", "scrub", "primary-a/array-a", "--wait"], {
      columns: 40,
    });
    expect(code).toBe(exitCodes.ok);
    expect(shown).toHaveLength(2);
    expect(shown[0]!.length).toBeLessThan(40);
    expect(out).toMatch(/^scrub 3 of primary-a\/array-a: 1 GiB/);
    const { out: json } = await wayctl(nodes, ["--json", "array", "scrub", "primary-a/array-a", "--wait"]);
    expect(JSON.parse(json)).toEqual(scrubReport);
  });

  it.each([{ unrepairableBlocks: 1 }, { failure: "the array failed" }])(
    "A4: scrub --wait ends with 1 when all is not well: %o",
    async (change) => {
      const lastScrub = { ...scrubReport, ...change };
      const nodes: Nodes = {
        "primary-a": { scrub: () => Promise.resolve(3), watchArray: () => reports(arrayReport({ lastScrub })) },
      };
      expect((await wayctl(nodes, ["array", "scrub", "primary-a/array-a", "--wait"])).code).toBe(exitCodes.failed);
    },
  );

  it("ends with 3 and the node's own words when a command is refused", async () => {
    const failDisk = refusing("ARRAY_STATE", "disk 2 is the last copy: replace disk 1 first");
    const argv = ["array", "fail", "primary-a/array-a", "2"];
    const { code, err } = await wayctl({ "primary-a": { failDisk } }, argv);
    expect([code, err]).toEqual([
      exitCodes.refused,
      "wayctl: disk 2 is the last copy: replace disk 1 first (ARRAY_STATE)",
    ]);
    const { out } = await wayctl({ "primary-a": { failDisk } }, ["--json", ...argv]);
    expect(JSON.parse(out)).toMatchObject({ error: { code: "ARRAY_STATE" } });
  });

  it("says which node is dead when only it could do it", async () => {
    const failDisk = refusing("RPC_UNREACHABLE", "connect ECONNREFUSED");
    const { code, err } = await wayctl({ "primary-a": { failDisk } }, ["array", "fail", "primary-a/array-a", "2"]);
    expect([code, err]).toEqual([
      exitCodes.failed,
      "wayctl: primary-a does not answer, and only it can do that: connect ECONNREFUSED (NODE_DEAD)",
    ]);
  });

  it("refuses a slot that is none", async () => {
    const { code, err } = await wayctl({}, ["array", "fail", "primary-a/array-a", "two"]);
    expect(code).toBe(exitCodes.usage);
    expect(err).toContain('"two" is no slot');
  });
});

const stored = (name: string, change: Partial<StoredVolume> = {}): StoredVolume => ({
  name,
  array: "array-a",
  kind: "thick",
  use: "standalone",
  sizeBytes: 2 ** 30,
  usedBytes: 2 ** 30,
  access: "read-write",
  detail: "",
  origin: null,
  ...change,
});

const having = (...volumes: readonly StoredVolume[]) => ({ volumes: () => Promise.resolve([...volumes]) });

describe("wayctl volume", () => {
  it("F4: create asks the node of the array, with the size in bytes", async () => {
    const orders: unknown[] = [];
    const createVolume = (order: object) => (orders.push(order), Promise.resolve());
    const argv = ["volume", "create", "scratch", "--array", "primary-a/array-a", "--size", "10GiB"];
    const { code, out } = await wayctl({ "primary-a": { createVolume } }, argv);
    expect([code, out]).toEqual([exitCodes.ok, "made primary-a/scratch"]);
    expect(orders).toEqual([{ name: "scratch", array: "array-a", sizeBytes: 10 * 2 ** 30, thin: false }]);
    await wayctl({ "primary-a": { createVolume } }, [...argv, "--thin"]);
    expect(orders[1]).toMatchObject({ thin: true });
    const wrong = await wayctl({}, [...argv.slice(0, -1), "much"]);
    expect(wrong.code).toBe(exitCodes.usage);
  });

  it("F4: snapshot, clone and delete find the node that has the volume", async () => {
    const calls: unknown[] = [];
    const nodes: Nodes = {
      "secondary-b": {
        ...having(stored("scratch")),
        snapshotVolume: (order) => (calls.push(["snapshot", order]), Promise.resolve()),
        cloneVolume: (order) => (calls.push(["clone", order]), Promise.resolve()),
        deleteVolume: (name) => (calls.push(["delete", name]), Promise.resolve()),
      },
    };
    await wayctl(nodes, ["volume", "snapshot", "scratch", "monday"]);
    await wayctl(nodes, ["volume", "snapshot", "scratch", "tuesday", "--unreserved"]);
    await wayctl(nodes, ["volume", "clone", "secondary-b/scratch", "test"]);
    const { out } = await wayctl(nodes, ["volume", "delete", "scratch"]);
    expect(out).toBe("deleted secondary-b/scratch");
    expect(calls).toEqual([
      ["snapshot", { origin: "scratch", name: "monday", unreserved: false }],
      ["snapshot", { origin: "scratch", name: "tuesday", unreserved: true }],
      ["clone", { origin: "scratch", name: "test" }],
      ["delete", "scratch"],
    ]);
  });

  it("F4: deletes several, one after the other", async () => {
    const deleted: string[] = [];
    const deleteVolume = (name: string) => (deleted.push(name), Promise.resolve());
    const nodes: Nodes = { "primary-a": { ...having(stored("one"), stored("two")), deleteVolume } };
    const { out } = await wayctl(nodes, ["volume", "delete", "two", "primary-a/one"]);
    expect([deleted, out]).toEqual([["two", "one"], "deleted primary-a/two, primary-a/one"]);
  });

  it("asks which node is meant, and says who could not be asked", async () => {
    const both: Nodes = { "primary-a": having(stored("scratch")), "primary-b": having(stored("scratch")) };
    const ambiguous = await wayctl(both, ["volume", "delete", "scratch"]);
    expect(ambiguous.err).toContain("say which of primary-a/scratch, primary-b/scratch");
    const dead: Nodes = { "primary-b": { volumes: refusing("RPC_UNREACHABLE", "gone") } };
    const unknown = await wayctl(dead, ["volume", "delete", "scratch"]);
    expect(unknown.code).toBe(exitCodes.usage);
    expect(unknown.err).toContain("no node has a volume scratch");
    expect(unknown.err).toContain("(DEAD, so not asked: primary-b)");
  });
});

function pairReport(change: Partial<PairReport> = {}): PairReport {
  return {
    primary: "db",
    secondary: "copy-1",
    secondaryNode: "",
    state: "PAIR",
    direction: "forward",
    detail: "",
    regionBytes: 2 ** 20,
    dirtyRegions: 0,
    regions: 1024,
    progress: null,
    ...change,
  };
}

const paired = (...pairs: readonly PairReport[]) => ({ pairs: () => Promise.resolve([...pairs]) });

describe("wayctl pair", () => {
  it("F4, A5: list and show tell state, difference and progress", async () => {
    const copying = pairReport({ state: "COPY", dirtyRegions: 600, progress });
    const nodes: Nodes = {
      "primary-a": paired(copying, pairReport({ secondary: "copy-2", secondaryNode: "primary-b" })),
    };
    const { out } = await wayctl(nodes, ["pair", "list"]);
    expect(out).toMatch(/primary-a\/db +primary-a\/copy-1 +COPY +600 MiB +copying: 43%, 120 MiB\/s, 3 min left/);
    expect(out).toMatch(/primary-a\/db +primary-b\/copy-2 +PAIR +-/);
    const { out: one } = await wayctl(nodes, ["pair", "show", "db", "copy-1"]);
    expect(one).toBe(
      "pair primary-a/db -> primary-a/copy-1  COPY\n600 of 1024 regions of 1 MiB differ or may differ\n" +
        "copying: 43%, 120 MiB/s, 3 min left",
    );
  });

  it("F4, A5, A8: create looks for the S-VOL on the P-VOL's node first, then elsewhere", async () => {
    const orders: unknown[] = [];
    const createPair = (order: object) => (orders.push(order), Promise.resolve());
    const nodes: Nodes = {
      "primary-a": { ...having(stored("db"), stored("copy")), createPair },
      "primary-b": having(stored("copy"), stored("far")),
    };
    for (const secondary of ["copy", "primary-b/copy", "far"]) await wayctl(nodes, ["pair", "create", "db", secondary]);
    expect(orders).toEqual([
      { primary: "db", secondary: "copy", secondaryNode: "" },
      { primary: "db", secondary: "copy", secondaryNode: "primary-b" },
      { primary: "db", secondary: "far", secondaryNode: "primary-b" },
    ]);
  });

  it("F4, A6, A7, A10: split, resync, restore and delete carry the pair and whether it is quick", async () => {
    const calls: unknown[] = [];
    const record = (name: string) => (given: object) => (calls.push([name, given]), Promise.resolve());
    const nodes: Nodes = {
      "primary-a": {
        ...paired(pairReport()),
        splitPair: record("split"),
        resyncPair: record("resync"),
        restorePair: record("restore"),
        deletePair: record("delete"),
      },
    };
    await wayctl(nodes, ["pair", "split", "db", "--quick"]);
    await wayctl(nodes, ["pair", "resync", "db", "copy-1", "--quick"]);
    await wayctl(nodes, ["pair", "restore", "primary-a/db", "primary-a/copy-1"]);
    await wayctl(nodes, ["pair", "delete", "db", "copy-1"]);
    const names = { primary: "db", secondary: "copy-1" };
    expect(calls).toEqual([
      ["split", { ...names, quick: true }],
      ["resync", { ...names, quick: true }],
      ["restore", names],
      ["delete", { ...names, force: false }],
    ]);
  });

  it("A8, F4: an S-VOL whose P-VOL's node is gone is taken back from the pair by force, at its own node", async () => {
    const calls: unknown[] = [];
    const nodes: Nodes = {
      "primary-a": { volumes: refusing("RPC_UNREACHABLE", "gone") },
      "secondary-b": { ...having(stored("copy-1")), deletePair: (given) => (calls.push(given), Promise.resolve()) },
    };
    const unknown = await wayctl(nodes, ["pair", "delete", "primary-a/db", "copy-1"]);
    expect([unknown.code, calls]).toEqual([exitCodes.usage, []]);
    const { out } = await wayctl(nodes, ["pair", "delete", "primary-a/db", "copy-1", "--force"]);
    expect(out).toContain("secondary-b/copy-1 is its hosts' again");
    expect(calls).toEqual([{ primary: "db", secondary: "copy-1", force: true }]);
  });

  it("asks which S-VOL is meant when the P-VOL has several", async () => {
    const nodes: Nodes = { "primary-a": paired(pairReport(), pairReport({ secondary: "copy-2" })) };
    const { code, err } = await wayctl(nodes, ["pair", "split", "db"]);
    expect(code).toBe(exitCodes.usage);
    expect(err).toContain("several pairs fit db: say which of primary-a/db copy-1, primary-a/db copy-2");
    expect((await wayctl(nodes, ["pair", "split", "other"])).err).toContain("there is no pair other");
  });

  it("F4: wait ends when the state is reached and everything is copied", async () => {
    const behind = pairReport({ detail: "quick resync, copying behind", progress });
    const nodes: Nodes = {
      "primary-a": { ...paired(pairReport()), watchPair: () => reports(behind, pairReport({ regions: 7 })) },
    };
    const { code, out, shown } = await wayctl(nodes, ["pair", "wait", "db", "--state", "pair"], { columns: 120 });
    expect([code, out.includes("of 7 regions"), shown.length]).toEqual([exitCodes.ok, true, 2]);
    expect(shown[0]).toMatch(/^copying primary-a\/db primary-a\/copy-1 {2}\[#+-+\]/);
  });

  it("F4: wait without a state ends when nothing is being copied, in whatever state that is", async () => {
    const behind = pairReport({ state: "PSUS", detail: "S's image being copied behind", progress });
    const nodes: Nodes = {
      "primary-a": { ...paired(behind), watchPair: () => reports(behind, { ...behind, progress: null, regions: 7 }) },
    };
    const { code, out } = await wayctl(nodes, ["pair", "wait", "db"]);
    expect([code, out.includes("of 7 regions")]).toEqual([exitCodes.ok, true]);
  });

  it("ends with 3 when a failure suspends the pair, and says why", async () => {
    const suspended = pairReport({ state: "PSUE", detail: "no link to primary-b since 12:00" });
    const resyncPair = () => Promise.resolve();
    const nodes: Nodes = {
      "primary-a": { ...paired(pairReport()), resyncPair, watchPair: () => reports(suspended) },
    };
    const { code, out } = await wayctl(nodes, ["pair", "resync", "db", "--wait"]);
    expect(code).toBe(exitCodes.refused);
    expect(out).toContain("no link to primary-b since 12:00");
  });
});

describe("wayctl volume list", () => {
  it("F4: shows volumes in no group that cluster.yaml names, also while their node is dead", async () => {
    const folder = await mkdtemp(join(tmpdir(), "wayctl-"));
    const clusterFile = join(folder, "cluster.yaml");
    const node = { site: "here", role: "primary", nbd: "127.0.0.1:10809" };
    await writeFile(
      clusterFile,
      JSON.stringify({
        cluster: "one",
        sites: { here: {} },
        nodes: { n1: { ...node, grpc: "127.0.0.1:7401" } },
        arrays: [{ node: "n1", name: "a1", level: "raid1", disks: 2 }],
        volumes: [{ name: "named", size: "1GiB", node: "n1", array: "a1" }],
        groups: [],
      }),
    );
    const lines: string[] = [];
    const gone = () => Promise.reject(new Failure("RPC_UNREACHABLE", "gone"));
    const code = await runWayctl(["--cluster", clusterFile, "volume", "list"], {
      connect: () => ({ status: gone, close() {} }) as unknown as ControlClient,
      connectStorage: () => fakeStorage({ arrays: gone }),
      out: (text) => void lines.push(text),
      err: (text) => void lines.push(text),
      wallMs: () => 0,
      delay: () => Promise.resolve(),
      progress: null,
    });
    await rm(folder, { recursive: true });
    expect(code).toBe(exitCodes.ok);
    expect(lines.join("\n")).toMatch(/named +n1 \(DEAD\) +- +- +- +1 GiB +- +- +nbd:\/\/127.0.0.1:10809\/named/);
  });
});

describe("wayctl over gRPC", () => {
  it("F1, F4: runs a rebuild from the command to the end of the wait", async () => {
    let asked = 0;
    const calls: unknown[] = [];
    const { target } = await startTestServer({
      storage: testStorage({
        arrays: () => [(asked += 1) < 3 ? rebuilding : arrayReport()],
        replaceDisk: (...given) => (calls.push(given), Promise.resolve()),
      }),
    });
    const connect = () => connectStorage(target);
    const argv = ["array", "replace", "primary-a/array-a", "2", "--wait"];
    const { code, out, shown } = await wayctl({}, argv, { columns: 80, connect });
    expect([code, calls, shown.length]).toEqual([exitCodes.ok, [["array-a", 2]], 3]);
    expect(out).toContain("array primary-a/array-a  raid5 over 4");
  });

  it("F1, F4: tells a refusal in the node's own words", async () => {
    const refuse = () => Promise.reject(new Failure("VOLUME_IN_USE", "vol-a is in group g1: it stays"));
    const storage = testStorage({ volumes: () => [stored("vol-a")], deleteVolume: refuse });
    const { target } = await startTestServer({ storage });
    const connect = (node: string) => (node === "primary-a" ? connectStorage(target) : fakeStorage({}));
    const { code, err } = await wayctl({}, ["volume", "delete", "vol-a"], { connect });
    expect([code, err]).toEqual([exitCodes.refused, "wayctl: vol-a is in group g1: it stays (VOLUME_IN_USE)"]);
  });
});

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { ArrayReport, PairReport } from "@waystation/contracts/storage-front";
import { connectControl, type Attestation } from "@waystation/client/control-client";
import { connectStorage } from "@waystation/client/storage-client";
import { exitCodes, wayctlErrorCodes } from "./errors.js";
import type { GroupView } from "./group-view.js";
import { runWayctl } from "./program.js";
import { cells, fullCluster, relayStatus, secondaryStatus, wayctl, without } from "./testing-cluster.js";

describe("wayctl status", () => {
  it("F4: shows every stage of the group, and that it is protected", async () => {
    const { code, out, closed } = await wayctl({ nodes: fullCluster() }, "status");
    expect(code).toBe(exitCodes.ok);
    expect(out).toContain("group g1  epoch 1  PAIR  protected: yes");
    expect(cells(out, "relay-1")).toEqual([
      "relay-1",
      "relay",
      "open",
      "PAIR",
      "12",
      "-",
      "-",
      "10",
      "9",
      "-",
      "-",
      "-",
    ]);
    const secondary = ["secondary-b", "secondary", "following", "PAIR", "-", "12", "11", "10", "9", "8", "4", "0.2"];
    expect(cells(out, "secondary-b").slice(0, 11)).toEqual(secondary.slice(0, 11));
    expect(out).toContain("3 writes in flight");
    expect(closed).toHaveLength(5);
  });

  it("F4: says that a dead node is dead, and shows nothing that only it could tell", async () => {
    const nodes = without(fullCluster(), "secondary-a", "primary-b");
    const { code, out } = await wayctl({ nodes }, "status");
    expect(code).toBe(exitCodes.ok);
    expect(out).toMatch(/primary-b +east +primary +DEAD .*ECONNREFUSED/);
    expect(cells(out, "secondary-a")).toEqual(["secondary-a", "secondary", "DEAD", ...Array<string>(9).fill("-")]);
    expect(out).toMatch(/vol-a +secondary-a \(DEAD\) +- +- /);
  });

  it("F4: promises nothing when the relay is dead, and shows none of its figures", async () => {
    const nodes = without(fullCluster(), "relay-1");
    const { out } = await wayctl({ nodes }, "status");
    expect(out).toContain("protected: no (unknown: relay-1 does not answer as its relay)");
    expect(cells(out, "secondary-a")).toEqual([
      ...["secondary-a", "secondary", "following", "-", "-", "-", "11", "-", "9", "8", "-", "-"],
    ]);
    const { out: json } = await wayctl({ nodes }, "--json", "status");
    const { groups } = JSON.parse(json) as { groups: GroupView[] };
    expect(groups[0]).toMatchObject({ protected: null, epoch: 1 });
  });

  it("F4: shows nothing shipped to a secondary whose link is down, whatever the relay remembers", async () => {
    const nodes = { ...fullCluster(), "relay-1": relayStatus(12, 8, false) };
    const { out } = await wayctl({ nodes }, "group", "show", "g1");
    expect(cells(out, "secondary-a").slice(3)).toEqual(["PAIR", "-", "-", "11", "-", "9", "8", "-", "-"]);
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

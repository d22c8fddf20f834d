import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Attestation, ControlClient } from "@waystation/client/control-client";
import { Failure } from "@waystation/contracts/errors";
import { loadCluster } from "@waystation/config/load";
import { attestGroup, renderAttestation } from "./attest.js";

// deploy/local/cluster.yaml: primary-a, primary-b, relay-1, secondary-a, secondary-b, group g1.
const config = await loadCluster(fileURLToPath(new URL("../../../deploy/local/cluster.yaml", import.meta.url)));
const group = config.groups.find(({ name }) => name === "g1")!;
const nameOf = new Map(
  config.nodes.map(({ name, grpc }) => [`${grpc.connect.host}:${grpc.connect.port}`, name as string]),
);

/** The points of each node, oldest first; a node that is not here is dead. */
type Points = Record<string, readonly (readonly [number, string])[]>;

function answer(node: string, points: Points[string], sequence: number | null): Attestation {
  const found = points.findLast(([at]) => sequence === null || at <= sequence);
  const role = node.startsWith("relay") ? "relay" : node.startsWith("secondary") ? "secondary" : "primary";
  const point = found === undefined ? null : { sequence: found[0] as never, root: found[1] };
  return { node: node as never, role, point, oldest: (points[0]?.[0] ?? 0) as never, detail: "" };
}

async function attest(points: Points, at: number | null = null) {
  const connect = (address: string) => {
    const node = nameOf.get(address) ?? "nobody";
    const own = points[node];
    const client: Partial<ControlClient> = {
      attest: (_, sequence) =>
        own === undefined
          ? Promise.reject(new Failure("RPC_UNREACHABLE", `connect ECONNREFUSED ${address}`))
          : Promise.resolve(answer(node, own, sequence)),
      close: () => {},
    };
    return client as ControlClient;
  };
  return attestGroup({ cluster: config, group, at }, connect);
}

const primaries: Points = { "primary-a": [], "primary-b": [] };
const same = (...numbers: number[]) => numbers.map((number): [number, string] => [number, `root-${number}`]);

describe("wayctl group attest", () => {
  it("E4: compares the highest point that every node has come to", async () => {
    const report = await attest({
      ...primaries,
      "relay-1": same(10, 20, 30),
      "secondary-a": same(10, 20),
      "secondary-b": same(10, 20, 30),
    });
    expect(report).toMatchObject({ agree: true, sequence: 20 });
    expect(report.verdict).toBe("relay-1, secondary-a, secondary-b hold exactly the prefix up to 20");
    expect(report.nodes.map(({ node, last, root }) => [node, last, root])).toEqual([
      ["primary-a", null, null],
      ["primary-b", null, null],
      ["relay-1", 30, "root-20"],
      ["secondary-a", 20, "root-20"],
      ["secondary-b", 30, "root-20"],
    ]);
  });

  it("E4: says loudly that two nodes hold another order", async () => {
    const report = await attest({
      ...primaries,
      "relay-1": same(10),
      "secondary-a": same(10),
      "secondary-b": [[10, "other"]],
    });
    expect(report.agree).toBe(false);
    expect(report.verdict).toContain("do NOT hold the same up to 10");
    expect(renderAttestation(report)).toContain("NOT AGREED");
  });

  it("E4: goes by the nodes that answer when the others are dead, and says which are", async () => {
    const report = await attest({ "secondary-a": same(10, 20), "secondary-b": same(10) });
    expect(report).toMatchObject({ agree: true, sequence: 10 });
    expect(report.nodes.find(({ node }) => node === "relay-1")).toMatchObject({ role: null, root: null });
    expect(renderAttestation(report)).toMatch(/relay-1 +- +- +- +DEAD: connect ECONNREFUSED/);
  });

  it("E4: --at: a number that is a point is compared; one that is none is said to be none, with the nearest below", async () => {
    const nodes = {
      ...primaries,
      "relay-1": same(10, 20, 30),
      "secondary-a": same(10, 20, 30),
      "secondary-b": same(20, 30),
    };
    expect(await attest(nodes, 20)).toMatchObject({ agree: true, sequence: 20 });
    expect((await attest(nodes, 10)).verdict).toBe("no point 10 is known at secondary-b (the nearest below is none)");
    expect((await attest(nodes, 25)).verdict).toContain("no point 25 is known at relay-1 (the nearest below is 20)");
  });

  it("E4: nothing to compare is no agreement", async () => {
    expect((await attest({ ...primaries })).verdict).toBe("no relay and no secondary of the group answers");
    const fresh = await attest({ "relay-1": [], "secondary-a": same(10), "secondary-b": [] });
    expect(fresh).toMatchObject({ agree: false, sequence: null });
    expect(fresh.verdict).toBe("relay-1, secondary-b: no point was settled yet, there is nothing to compare");
  });
});

// `wayctl group wait` and `wayctl group takeover`, against nodes that are fakes.
import { describe, expect, it } from "vitest";
import { Failure } from "@waystation/contracts/errors";
import type { NodeStatus, TakeoverProgress, TakeoverRequest, TakeoverResult } from "@waystation/client/control-client";
import { exitCodes } from "../errors.js";
import {
  done,
  fullCluster,
  refusing,
  relayStatus,
  secondaryStatus,
  steps,
  wayctl,
  without,
} from "../testing-cluster.js";

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

// `wayctl group show` in every state, and the commands that change it, against nodes that are fakes.
import { describe, expect, it } from "vitest";
import { Failure } from "@waystation/contracts/errors";
import type { GroupCommand, GroupStatus, NodeStatus, TermChangeRequest } from "@waystation/client/control-client";
import { exitCodes } from "../errors.js";
import type { GroupView } from "../group-view.js";
import { cells, done, fullCluster, relayStatus, steps, wayctl, without } from "../testing-cluster.js";

type Nodes = Record<string, NodeStatus>;

/** The cluster with other things said of group g1 by some of its nodes. */
function saying(changes: Record<string, Partial<GroupStatus>>, nodes: Nodes = fullCluster(12, 12)): Nodes {
  const told = Object.entries(nodes).map(([name, status]): [string, NodeStatus] => {
    return [name, { ...status, groups: [{ ...status.groups[0]!, ...changes[name] }] }];
  });
  return Object.fromEntries(told);
}

/** The relay says that the group is in this state, and so do its legs. */
function relaySaying(change: Partial<NonNullable<GroupStatus["relay"]>>, nodes: Nodes = fullCluster(12, 12)): Nodes {
  return saying({ "relay-1": { relay: { ...relayStatus(12, 12).groups[0]!.relay!, ...change } } }, nodes);
}

const second = { number: 2, takeoverId: "t" };
const takenOver = {
  "primary-a": { phase: "fenced", epoch: second },
  "primary-b": { phase: "fenced", epoch: second },
  "relay-1": { phase: "fenced", epoch: second },
  "secondary-a": { phase: "open", epoch: second },
  "secondary-b": { phase: "open", epoch: second },
};

async function due(nodes: Nodes): Promise<GroupView["due"]> {
  const { out } = await wayctl({ nodes }, "--json", "group", "show", "g1");
  return (JSON.parse(out) as GroupView).due;
}

describe("wayctl group show", () => {
  it("B9: shows how each leg stands, and how far a copy run is", async () => {
    const order = { copyId: "c", base: 5 as never, begin: 7 as never, nodes: [], end: null };
    const gib = 2 ** 30;
    const rate = { bytesPerSecond: 10 * 2 ** 20, detail: "" };
    const copying = { copyId: "c", totalBytes: gib, doneBytes: gib / 2, sentBytes: gib / 4, ...rate };
    const primaryOf = (node: string) => fullCluster()[node]!.groups[0]!.primary!;
    const secondaryOf = (node: string) => fullCluster()[node]!.groups[0]!.secondary!;
    const nodes = saying(
      {
        "primary-a": { primary: { ...primaryOf("primary-a"), leg: "copying", copy: copying } },
        "primary-b": { primary: { ...primaryOf("primary-b"), leg: "copying", copy: copying } },
        "secondary-a": { secondary: { ...secondaryOf("secondary-a"), copy: { ...order, blank: false } } },
        "secondary-b": { secondary: { ...secondaryOf("secondary-b"), copy: { ...order, blank: true } } },
      },
      relaySaying({ pair: "COPY", copy: order }),
    );
    const { code, out } = await wayctl({ nodes }, "group", "show", "g1");
    expect(code).toBe(exitCodes.ok);
    expect(out).toContain("group g1  epoch 1  COPY  protected");
    expect(out).toContain("copy: 50% of 2 GiB, 512 MiB differed, 20 MiB/s; a takeover now yields the image of 5");
    expect(cells(out, "primary-a").slice(1, 4)).toEqual(["primary", "open", "COPY"]);
    expect(cells(out, "secondary-a").at(-1)).toBe("image of 5 kept");
    expect(cells(out, "secondary-b").at(-1)).toBe("no valid image until the copy is complete");
    expect(out).not.toContain("due:");
  });

  it("B12, B13: shows roles as nodes have them now, two of one node too", async () => {
    const term = { epoch: second, cause: "direct" as const, relay: "primary-a" as never };
    const relay = relayStatus(12, 12).groups[0]!.relay!;
    const base = without(fullCluster(12, 12), "relay-1");
    const nodes = saying({ "primary-a": { relay, term, epoch: second } }, base);
    const { out } = await wayctl({ nodes }, "--json", "group", "show", "g1");
    const view = JSON.parse(out) as GroupView;
    expect(view.members.map(({ node, role, alive }) => [node, role, alive])).toEqual([
      ["relay-1", "relay", false],
      ["primary-a", "relay", true],
      ["primary-a", "primary", true],
      ["primary-b", "primary", true],
      ["secondary-a", "secondary", true],
      ["secondary-b", "secondary", true],
    ]);
    expect(view.term).toEqual({ epoch: 2, cause: "direct", relay: "primary-a" });
    expect([view.protected, view.pair]).toEqual([true, "PAIR"]);
    expect(view.members[4]).toMatchObject({ shipped: 12, prepared: 10 });
  });

  it("B14: says why an old primary that woke up is refused, and what brings it back", async () => {
    const { out } = await wayctl({ nodes: saying(takenOver) }, "group", "show", "g1");
    expect(out).toContain("group g1  epoch 2  SSWS");
    expect(out).toMatch(
      /due: wayctl group swap g1 {2}\(.*taken over \(epoch 2\).*primary-a, primary-b are old primaries/,
    );
    expect(cells(out, "secondary-a").slice(1, 4)).toEqual(["secondary", "open", "SSWS"]);
    const alone = saying(takenOver, without(fullCluster(12, 12), "primary-a", "primary-b", "relay-1"));
    expect(await due(alone)).toEqual({
      command: "wayctl group swap g1",
      why: expect.stringContaining("start primary-a, primary-b to have a copy again") as string,
    });
  });

  it.each<[string, Nodes, string | null, RegExp]>([
    ["nothing, when all is well", fullCluster(12, 12), null, /^/],
    ["nobody answers", {}, "", /start the daemons/],
    ["suspended by command", relaySaying({ pair: "PSUS" }), "wayctl group resync g1", /an operator/],
    ["suspended by a failure, all back", relaySaying({ pair: "PSUE" }), null, /^/],
    [
      "suspended, a secondary away",
      without(relaySaying({ pair: "PFUS" }), "secondary-b"),
      "",
      /journal was full: start secondary-b; it then resyncs by itself/,
    ],
    ["the relay away", without(fullCluster(), "relay-1"), "wayctl group direct g1", /relay-1 does not answer/],
    ["a primary away", without(fullCluster(), "primary-b"), "wayctl group takeover g1", /primary-b does not answer/],
    [
      "the near site away",
      without(fullCluster(), "primary-a", "primary-b", "relay-1"),
      "wayctl group takeover g1",
      /neither the primaries nor the relay relay-1/,
    ],
    [
      "a change of roles that was cut off",
      saying({ "primary-a": { primary: { ...fullCluster()["primary-a"]!.groups[0]!.primary!, paused: true } } }),
      "wayctl group return g1",
      /hosts of primary-a wait for it/,
    ],
    [
      "a relay that lost its journal",
      saying({ "relay-1": { phase: "journal-lost" } }),
      "wayctl group return g1",
      /relay-1 has lost its journal/,
    ],
    [
      "a takeover that was cut off",
      saying({ "primary-a": { phase: "fenced" }, "primary-b": { phase: "fenced" }, "relay-1": { phase: "fenced" } }),
      "wayctl group takeover g1",
      /not finished: run it again/,
    ],
    [
      "paired without the relay, which is back",
      saying({
        "primary-a": {
          relay: relayStatus(12, 12).groups[0]!.relay,
          term: { epoch: second, cause: "direct", relay: "primary-a" as never },
        },
        "relay-1": { relay: null, role: "relay" },
      }),
      "wayctl group return g1",
      /relay-1, which is back/,
    ],
    [
      "a branch that was kept",
      saying({ "primary-a": { branches: [{ volume: "vol-a" as never, name: "branch-2" }] } }),
      "wayctl group branches g1",
      /branch-2 of vol-a on primary-a/,
    ],
  ])("B14: says what is due: %s", async (_, nodes, command, why) => {
    const said = await due(nodes);
    expect(said?.command ?? null).toBe(command);
    expect(said?.why ?? "").toMatch(why);
  });
});

describe("wayctl group suspend and resync", () => {
  function recording() {
    const given: [string, string, GroupCommand][] = [];
    const command = (node: string, group: string, what: GroupCommand): Promise<void> => {
      given.push([node, group, what]);
      return Promise.resolve();
    };
    return { given, command };
  }

  it("B8: are carried out by the node that has the relay's role now", async () => {
    const { given, command } = recording();
    const term = { epoch: second, cause: "direct" as const, relay: "primary-a" as never };
    const direct = saying(
      { "primary-a": { relay: relayStatus(1, 1).groups[0]!.relay, term } },
      without(fullCluster(), "relay-1"),
    );
    const first = await wayctl({ nodes: fullCluster(), command }, "group", "suspend", "g1");
    const second_ = await wayctl({ nodes: direct, command }, "--json", "group", "resync", "g1", "--full");
    expect([first.code, second_.code]).toEqual([exitCodes.ok, exitCodes.ok]);
    expect(first.out).toContain("group g1 is being suspended by relay-1");
    expect(JSON.parse(second_.out)).toEqual({ group: "g1", relay: "primary-a", full: true, begun: true });
    expect(given).toEqual([
      ["relay-1", "g1", { kind: "suspend" }],
      ["primary-a", "g1", { kind: "resync", full: true }],
    ]);
  });

  it("B8: end with exit code 3 and what is due, without a relay or when it refuses", async () => {
    const away = await wayctl({ nodes: without(fullCluster(), "relay-1") }, "group", "suspend", "g1");
    expect([away.code, away.err]).toEqual([
      exitCodes.refused,
      expect.stringMatching(/relay-1 is DEAD.*due: wayctl group direct g1.*NO_RELAY/),
    ]);
    const command = () => Promise.reject(new Failure("GROUP_STATE", "g1 is PSUS; due is: wayctl group resync g1"));
    const refused = await wayctl({ nodes: fullCluster(), command }, "group", "suspend", "g1");
    expect([refused.code, refused.err]).toEqual([
      exitCodes.refused,
      expect.stringContaining("due is: wayctl group resync g1"),
    ]);
  });

  /** A relay that says one state after the other, the last for ever. */
  function inTurn(...states: (Partial<NonNullable<GroupStatus["relay"]>> & { epoch?: number })[]): Nodes {
    let polls = 0;
    const at = () => states[Math.min(polls, states.length) - 1]!;
    return new Proxy(fullCluster(12, 12), {
      get(target, name: string) {
        if (name !== "relay-1") return target[name];
        polls += 1;
        const { epoch = 1, ...relay } = at();
        const number = { number: epoch, takeoverId: "t" };
        const term = epoch === 1 ? null : { epoch: number, cause: "swap" as const, relay: "relay-1" as never };
        const status = relaySaying(relay)["relay-1"]!;
        return { ...status, groups: [{ ...status.groups[0]!, epoch: number, term }] };
      },
    });
  }

  it.each<[string, Nodes, string[], number]>([
    ["paired", inTurn({ pair: "PSUS" }, { pair: "COPY" }, { pair: "COPY" }, { pair: "PAIR" }), [], exitCodes.ok],
    ["suspended again", inTurn({ pair: "PSUS" }, { pair: "COPY" }, { pair: "PSUE" }), [], exitCodes.refused],
    ["out of time", inTurn({ pair: "COPY" }), ["--timeout", "3s"], exitCodes.refused],
  ])("B10: resync --wait ends when the group is %s", async (_, nodes, options, code) => {
    const { command } = recording();
    const ended = await wayctl({ nodes, command }, "group", "resync", "g1", "--wait", ...options);
    expect(ended.code).toBe(code);
  });

  it("B12: swap --wait does not listen to what is said of an older term", async () => {
    const nodes = inTurn({ pair: "PAIR" }, { pair: "PAIR" }, { pair: "COPY", epoch: 2 }, { pair: "PAIR", epoch: 2 });
    const changeTerm = () => steps({ ...done, outcome: "term-begun", message: "swapped" });
    const { code, out } = await wayctl({ nodes, changeTerm }, "group", "swap", "g1", "--wait");
    expect(code).toBe(exitCodes.ok);
    expect(out).toMatch(/done: swapped[^]*term: 2, by a swap; relay relay-1/);
  });
});

describe("wayctl group swap, direct, return, members", () => {
  function recordingTerms(outcome: "term-begun" | "planned" | "refused" = "term-begun") {
    const asked: [string, TermChangeRequest][] = [];
    const changeTerm = (node: string, request: TermChangeRequest) => {
      asked.push([node, request]);
      return steps({ ...done, outcome, code: outcome === "refused" ? "NEEDS_FORCE" : "", message: "text" });
    };
    return { asked, changeTerm };
  }

  it.each<[TermChangeRequest["cause"], string]>([
    ["swap", "secondary-a"],
    ["direct", "primary-a"],
    ["return", "primary-a"],
  ])("B12, B13: %s is coordinated by the best node that answers", async (cause, node) => {
    const { asked, changeTerm } = recordingTerms();
    const { code, out } = await wayctl({ nodes: fullCluster(), changeTerm }, "group", cause, "g1", "--force");
    expect([code, asked]).toEqual([exitCodes.ok, [[node, { group: "g1", cause, force: true, dryRun: false }]]]);
    expect(out).toContain("data is being copied: wayctl group show g1");
    const other = await wayctl({ nodes: without(fullCluster(), node), changeTerm }, "group", cause, "g1");
    expect([other.code, asked[1]?.[0]]).toEqual([exitCodes.ok, node.replace("-a", "-b")]);
  });

  it("E6: a dry run says what would be, and changes nothing", async () => {
    const { asked, changeTerm } = recordingTerms("planned");
    const { code, out } = await wayctl({ nodes: fullCluster(), changeTerm }, "group", "swap", "g1", "--dry-run");
    expect([code, asked[0]?.[1].dryRun]).toEqual([exitCodes.ok, true]);
    expect(out).toContain("would be legal now; nothing was changed: text");
    const refused = await wayctl(
      { nodes: fullCluster(), changeTerm: recordingTerms("refused").changeTerm },
      ...["group", "swap", "g1", "--dry-run"],
    );
    expect([refused.code, refused.out]).toEqual([exitCodes.refused, expect.stringContaining("refused: NEEDS_FORCE")]);
  });

  it("B3: members has every node that answers read the file first, and stops where one will not", async () => {
    const { asked, changeTerm } = recordingTerms();
    const reloaded: string[] = [];
    const reload = (node: string): Promise<string[]> => {
      reloaded.push(node);
      return Promise.resolve(node === "primary-a" ? ["volume vol-c"] : []);
    };
    const nodes = without(fullCluster(), "relay-1");
    const { code, out } = await wayctl({ nodes, changeTerm, reload }, "group", "members", "g1");
    // Once before, once after: what has left the group is its hosts' again.
    expect([code, reloaded, asked[0]?.[0]]).toEqual([
      exitCodes.ok,
      [...Object.keys(nodes), ...Object.keys(nodes)],
      "primary-a",
    ]);
    expect(out).toContain("primary-a has read the file: volume vol-c\n");
    expect(out).toMatch(/relay-1 is DEAD: .*; it reads the file when it starts/);
    const refuse = (node: string) =>
      node === "secondary-a" ? Promise.reject(new Failure("CONFIG_INVALID", "line 3")) : reload(node);
    const stopped = await wayctl({ nodes, changeTerm, reload: refuse }, "group", "members", "g1");
    expect([stopped.code, stopped.err, asked.length]).toEqual([
      exitCodes.refused,
      expect.stringContaining("secondary-a: line 3"),
      1,
    ]);
  });
});

describe("wayctl group branches", () => {
  const branch = { volume: "vol-a" as never, name: "branch-2" };
  const nodes = saying({
    "primary-a": { branches: [branch] },
    "primary-b": { branches: [branch, { ...branch, name: "b" }] },
  });

  it("B12: lists what was kept, and has the node that has it drop it", async () => {
    const { out } = await wayctl({ nodes }, "group", "branches", "g1");
    expect(cells(out, "primary-a")).toEqual(["primary-a", "vol-a", "branch-2", "vol-a@branch-2"]);
    const given: unknown[] = [];
    const command = (...all: unknown[]) => {
      given.push(all);
      return Promise.resolve();
    };
    const argv = ["group", "branches", "g1", "--drop"];
    expect((await wayctl({ nodes, command }, ...argv, "vol-a@b")).code).toBe(exitCodes.ok);
    expect((await wayctl({ nodes, command }, ...argv, "branch-2", "--node", "primary-a")).code).toBe(exitCodes.ok);
    expect(given).toEqual([
      ["primary-b", "g1", { kind: "drop-branch", branch: "vol-a@b" }],
      ["primary-a", "g1", { kind: "drop-branch", branch: "branch-2" }],
    ]);
  });

  it.each([
    ["one that is not there", ["--drop", "branch-9"], /no branch branch-9: primary-a\/branch-2/],
    ["one that two nodes have", ["--drop", "branch-2"], /primary-a, primary-b have a branch branch-2: say which/],
  ])("B12: refuses to drop %s", async (_, options, reason) => {
    const { code, err } = await wayctl({ nodes }, "group", "branches", "g1", ...options);
    expect([code, err]).toEqual([exitCodes.usage, expect.stringMatching(reason)]);
  });
});

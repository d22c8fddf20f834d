import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isFailure } from "@waystation/contracts/errors";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { arraysOf, diskPaths, groupsOf, loadCluster, nodeOf, parseCluster, sparePaths, volumesOf } from "./load.js";

const localPath = fileURLToPath(new URL("../../../deploy/local/cluster.yaml", import.meta.url));
const localText = readFileSync(localPath, "utf8");

/** The local cluster's file as plain data, loosely typed, since tests break it in every way. */
interface Loose {
  [key: string]: Loose & string & number;
}

function refusal(text: string): string {
  try {
    parseCluster(text, "test.yaml");
  } catch (error) {
    if (isFailure(error, "CONFIG_INVALID")) return error.message;
    throw error;
  }
  throw new Error("the file was accepted");
}

/** The refusal's lines, without the places, after `change` was made to the local cluster's file. */
function problemsAfter(change: (file: Loose) => void): string[] {
  const file = parse(localText) as Loose;
  change(file);
  return refusal(stringify(file))
    .split("\n")
    .slice(1)
    .map((line) => line.trim().replace(/ \(line [0-9:]+\)/, ""));
}

function set(path: string, value: unknown): (file: Loose) => void {
  return (file) => {
    const steps = path.split("/");
    const last = steps.pop()!;
    const target = steps.reduce<Loose>((at, step) => at[step]!, file);
    (target as Record<string, unknown>)[last] = value;
  };
}

describe("the local cluster's file", () => {
  it("loads, with names, ports, levels and sizes that npm start promises", async () => {
    const cluster = await loadCluster(localPath);
    const port = (name: string) => nodeOf(cluster, name).grpc.connect.port;
    const nbd = (name: string) => nodeOf(cluster, name).nbd?.connect.port;
    const names = ["primary-a", "primary-b", "relay-1", "secondary-a", "secondary-b"];
    expect(names.map(port)).toEqual([7401, 7402, 7411, 7421, 7422]);
    expect(names.map(nbd)).toEqual([10809, 10810, undefined, 10819, 10820]);
    expect(cluster.arrays.map((array) => `${array.node} ${array.level} ${array.diskCount}`)).toEqual([
      "primary-a raid5 4",
      "primary-b raid5 4",
      "secondary-a raid5 5",
      "secondary-b raid5 5",
    ]);
    expect(cluster.volumes.map((volume) => [volume.name, volume.sizeBytes, volume.group])).toEqual([
      ["vol-a", 2 ** 30, "g1"],
      ["vol-b", 2 ** 30, "g1"],
    ]);
    expect(cluster.groups).toEqual([
      {
        name: "g1",
        relay: "relay-1",
        volumes: ["vol-a", "vol-b"],
        fence: "data",
        holdMs: 10_000,
        leaseMs: 3000,
        relayJournalBytes: 8 * 2 ** 30,
        secondaryJournalBytes: 8 * 2 ** 30,
        preImageJournalBytes: 8 * 2 ** 30,
        regionBytes: 2 ** 20,
        journalFull: { warnShare: 0.8, holdMs: 5000 },
        autoResync: true,
      },
    ]);
  });

  it("gives the same cluster when every key that has a default is left out", () => {
    const file = parse(localText) as Loose;
    for (const array of file["arrays"] as unknown as Loose[]) delete array["stripeUnit"];
    for (const key of ["fence", "hold", "lease", "journal"]) {
      set(`groups/0/${key}`, undefined)(file);
    }
    expect(parseCluster(stringify(file), "test.yaml")).toEqual(parseCluster(localText, localPath));
  });

  it("comes out frozen all the way down", () => {
    const cluster = parseCluster(localText, localPath);
    expect(Object.isFrozen(cluster.nodes[0]!.grpc.listen)).toBe(true);
    expect(Object.isFrozen(cluster.groups[0]!.volumes)).toBe(true);
  });

  it("answers what belongs to a node", () => {
    const cluster = parseCluster(localText, localPath);
    expect(volumesOf(cluster, "secondary-b").map((volume) => volume.name)).toEqual(["vol-b"]);
    for (const node of cluster.nodes) expect(groupsOf(cluster, node.name).map((group) => group.name)).toEqual(["g1"]);
    const [array] = arraysOf(cluster, "primary-a");
    expect(diskPaths(array!, "/data")).toEqual(
      [0, 1, 2, 3].map((index) => `/data/primary-a/arrays/array-a/disk-${index}`),
    );
    expect(() => nodeOf(cluster, "relay-2")).toThrow(/no node "relay-2"; did you mean "relay-1"\?/);
  });
});

describe("arrays", () => {
  it("A1, A2: have any level, spares, checksums and scrubs unless told otherwise", () => {
    const file = parse(localText) as Loose;
    set("arrays/0/level", "raid6")(file);
    set("arrays/0/spares", 2)(file);
    set("arrays/1/level", "raid10")(file);
    set("arrays/1/spares", ["/s"])(file);
    set("arrays/1/checksums", false)(file);
    set("arrays/1/scrub", { every: "never" })(file);
    const [first, second] = parseCluster(stringify(file), "test.yaml").arrays;
    expect(first).toMatchObject({ level: "raid6", spareCount: 2, checksums: true, scrubEveryMs: 30 * 86_400_000 });
    expect(sparePaths(first!, "/data")).toEqual([0, 1].map((index) => `/data/primary-a/arrays/array-a/spare-${index}`));
    expect(second).toMatchObject({ level: "raid10", checksums: false, scrubEveryMs: null });
    expect(sparePaths(second!, "/data")).toEqual(["/s"]);
  });
});

const standalone = { name: "scratch", size: "1GiB", node: "primary-a", array: "array-a" };

describe("groups", () => {
  it("B8, B9: say how hosts, journals and resyncs are dealt with", () => {
    const file = parse(localText) as Loose;
    set("groups/0/fence", "never")(file);
    set("groups/0/regionSize", "64KiB")(file);
    set("groups/0/journal/preImages", "1GiB")(file);
    set("groups/0/journalFull", { warn: "60%", hold: "2s" })(file);
    set("groups/0/resync", "manual")(file);
    expect(parseCluster(stringify(file), "test.yaml").groups[0]).toMatchObject({
      fence: "never",
      regionBytes: 65_536,
      preImageJournalBytes: 2 ** 30,
      journalFull: { warnShare: 0.6, holdMs: 2000 },
      autoResync: false,
    });
  });

  it("B3: copy a volume to several nodes, each of which is a member", () => {
    const file = parse(localText) as Loose;
    const copies = ["secondary-a", "secondary-b"].map((node) => ({ node, array: node.replace("secondary", "array") }));
    set("volumes/0/secondary", undefined)(file);
    set("volumes/0/secondaries", copies)(file);
    set("volumes/1/secondaries", [copies[0]])(file);
    set("volumes/1/secondary", undefined)(file);
    const cluster = parseCluster(stringify(file), "test.yaml");
    expect(cluster.volumes.map(({ secondaries }) => secondaries)).toEqual([copies, [copies[0]]]);
    expect(volumesOf(cluster, "secondary-a").map(({ name }) => name)).toEqual(["vol-a", "vol-b"]);
    expect(groupsOf(cluster, "secondary-b").map(({ name }) => name)).toEqual(["g1"]);
  });

  it("B3: let a volume wait for its group, with room for it at all its places", () => {
    const file = parse(localText) as Loose;
    set("groups/0/volumes", ["vol-a"])(file);
    const cluster = parseCluster(stringify(file), "test.yaml");
    expect(cluster.volumes.map(({ name, group }) => [name, group])).toEqual([
      ["vol-a", "g1"],
      ["vol-b", null],
    ]);
    expect(groupsOf(cluster, "secondary-b")).toEqual([]);
    expect(volumesOf(cluster, "secondary-b").map(({ name }) => name)).toEqual(["vol-b"]);
    expect(cluster.arrays).toEqual(parseCluster(localText, localPath).arrays);
  });
});

describe("volumes in no group", () => {
  it("A1: stand beside those of groups, and their array has room for both", () => {
    const file = parse(localText) as Loose;
    set("volumes/2", standalone)(file);
    const cluster = parseCluster(stringify(file), "test.yaml");
    expect(cluster.standaloneVolumes).toEqual([
      { name: "scratch", sizeBytes: 2 ** 30, node: "primary-a", array: "array-a" },
    ]);
    expect(cluster.volumes.map(({ name }) => name)).toEqual(["vol-a", "vol-b"]);
    expect(volumesOf(cluster, "primary-a").map(({ name }) => name)).toEqual(["vol-a"]);
    const [plain] = parseCluster(localText, localPath).arrays;
    expect(cluster.arrays[0]!.diskSizeBytes).toBeGreaterThan(plain!.diskSizeBytes);
  });

  it("A1: need no groups around them", () => {
    const file = parse(localText) as Loose;
    set("volumes", [standalone])(file);
    set("groups", [])(file);
    expect(parseCluster(stringify(file), "test.yaml")).toMatchObject({ volumes: [], groups: [] });
  });
});

describe("addresses", () => {
  it("may differ between listening and connecting, and then wildcard listeners of different machines do not clash", () => {
    const file = parse(localText) as Loose;
    for (const [name, node] of Object.entries(file["nodes"]!)) {
      set("grpc", { listen: "0.0.0.0:7400", connect: `${name}:7400` })(node as Loose);
    }
    const cluster = parseCluster(stringify(file), "compose.yaml");
    expect(nodeOf(cluster, "relay-1").grpc).toEqual({
      listen: { host: "0.0.0.0", port: 7400 },
      connect: { host: "relay-1", port: 7400 },
    });
  });
});

describe("refusals", () => {
  const cases: readonly [string, (file: Loose) => void, readonly string[]][] = [
    ["an unknown key", set("nodes/relay-1/rolle", "x"), ['nodes.relay-1.rolle: unknown key; did you mean "role"?']],
    [
      "an unknown key of a mapping that may also be a string",
      set("nodes/relay-1/grpc", { listen: "a:1", conect: "a:1" }),
      [
        'nodes.relay-1.grpc.conect: unknown key; did you mean "connect"?',
        'nodes.relay-1.grpc.connect: is missing; expected "host:port", such as "127.0.0.1:7401" or "[::1]:7401"',
      ],
    ],
    [
      "a missing key",
      set("groups/0/relay", undefined),
      [
        "groups[0].relay: is missing; expected the name of an intermediate node (1 to 63 of a-z, 0-9, '.', '_', '-', starting with a letter or a digit)",
      ],
    ],
    ["a value of another kind", set("volumes", { a: 1 }), ["volumes: is a mapping; expected a list of volumes"]],
    [
      "a role that is none",
      set("nodes/relay-1/role", "relay"),
      ['nodes.relay-1.role: is "relay"; expected one of primary, intermediate, secondary'],
    ],
    [
      "a bad name",
      set("volumes/1/name", "Vol B"),
      [
        expect.stringContaining('volumes[1].name: "Vol B" is not a name; expected 1 to 63'),
        expect.stringContaining('groups[0].volumes[1]: unknown volume "vol-b"'),
      ] as string[],
    ],
    [
      "a site that is none",
      set("nodes/relay-1/site", "midle"),
      ['nodes.relay-1.site: unknown site "midle"; did you mean "middle"?'],
    ],
    [
      "a volume named twice",
      set("volumes/1/name", "vol-a"),
      [
        'volumes[1].name: "vol-a" is there twice; expected another',
        'groups[0].volumes[1]: unknown volume "vol-b"; did you mean "vol-a"?',
      ],
    ],
    [
      "an array named twice on a node",
      set("arrays/1", { node: "primary-a", name: "array-a", level: "raid1", disks: 2 }),
      [
        'volumes[1].primary.array: primary-b has no array "array-b"; there is none',
        'arrays[1].name: "primary-a/array-a" is there twice; expected another',
      ],
    ],
    [
      "a port used twice",
      set("nodes/secondary-b/nbd", "127.0.0.1:7401"),
      ["nodes.secondary-b.nbd: 127.0.0.1:7401 clashes with grpc of primary-a; give each server its own port"],
    ],
    [
      "two servers of one node behind one wildcard port",
      set("nodes/secondary-b/nbd", { listen: "0.0.0.0:7422", connect: "s:9" }),
      ["nodes.secondary-b.nbd: s:9 clashes with grpc of secondary-b; give each server its own port"],
    ],
    [
      "an address without a port",
      set("nodes/relay-1/grpc", "127.0.0.1"),
      ['nodes.relay-1.grpc: "127.0.0.1" is not an address; expected "host:port", such as "127.0.0.1:7401"'],
    ],
    [
      "an address that nobody can connect to",
      set("nodes/relay-1/grpc", "0.0.0.0:7411"),
      ['nodes.relay-1.grpc: others cannot connect to 0.0.0.0; give { listen: "0.0.0.0:7411", connect: "<host>:7411" }'],
    ],
    [
      "NBD at an intermediate",
      set("nodes/relay-1/nbd", "127.0.0.1:1"),
      ["nodes.relay-1.nbd: an intermediate node has no volumes to export; leave `nbd` out"],
    ],
    [
      "spares of what cannot be rebuilt",
      (file) => {
        set("arrays/0/level", "raid0")(file);
        set("arrays/0/spares", 1)(file);
      },
      ["arrays[0].spares: raid0 has no redundancy to rebuild a spare from; leave it out"],
    ],
    [
      "a spare that is a disk",
      (file) => {
        set("arrays/0/disks", ["/a", "/b", "/c"])(file);
        set("arrays/0/spares", ["/c", "d"])(file);
      },
      [
        'arrays[0].spares[0]: "primary-a:/c" is there twice; expected another',
        'arrays[0].spares[1]: "d" is not an absolute path',
      ],
    ],
    [
      "a scrub that is no period",
      set("arrays/0/scrub", { every: "sometimes" }),
      ['arrays[0].scrub.every: "sometimes" is no period; expected one such as "12h" or "30d", or "never"'],
    ],
    [
      "a scrub without end",
      set("arrays/0/scrub", { every: "0.5m" }),
      ['arrays[0].scrub.every: "0.5m" is too often; expected at least 1m'],
    ],
    ["too few disks", set("arrays/0/disks", 2), ["arrays[0].disks: 2 disks; raid5 takes 3 to 32"]],
    ["too many disks", set("arrays/0/disks", 33), ["arrays[0].disks: 33 disks; raid5 takes 3 to 32"]],
    [
      "a mirror of pairs with an odd disk",
      set("arrays/0", { node: "primary-a", name: "array-a", level: "raid10", disks: 5 }),
      ["arrays[0].disks: 5 disks; raid10 takes 4 to 32, in multiples of 2"],
    ],
    [
      "a disk path that is not absolute",
      set("arrays/0/disks", ["/a", "b", "/c"]),
      ['arrays[0].disks[1]: "b" is not an absolute path'],
    ],
    [
      "one disk used twice",
      set("arrays/0/disks", ["/a", "/b", "/a"]),
      ['arrays[0].disks[2]: "primary-a:/a" is there twice; expected another'],
    ],
    [
      "a stripe unit that is no power of two",
      set("arrays/0/stripeUnit", "48KiB"),
      ["arrays[0].stripeUnit: 49152 bytes is not a stripe unit; expected a power of two from 4KiB to 1MiB"],
    ],
    [
      "a stripe unit that is too large",
      set("arrays/0/stripeUnit", "2MiB"),
      ["arrays[0].stripeUnit: 2097152 bytes is not a stripe unit; expected a power of two from 4KiB to 1MiB"],
    ],
    [
      "volumes larger than their array",
      set("arrays/0/diskSize", "300MiB"),
      [
        "arrays[0].diskSize: the array's volumes take 1GiB but 4 disks of 300MiB as raid5 hold 706.5MiB; use 598MiB, or leave diskSize out",
      ],
    ],
    [
      "a size that is none",
      set("volumes/0/size", "1GB"),
      ['volumes[0].size: "1GB" is not a size; expected one such as "1GiB", "64KiB" or a number of bytes'],
    ],
    [
      "a size that is no multiple of a sector",
      set("volumes/0/size", 5000),
      ["volumes[0].size: 5000 bytes is not a multiple of 4 KiB"],
    ],
    [
      "an empty volume",
      set("volumes/0/size", 0),
      ["volumes[0].size: a volume must hold something; expected at least 4KiB"],
    ],
    [
      "a volume on an array that is none",
      set("volumes/1/primary/array", "aray-b"),
      ['volumes[1].primary.array: primary-b has no array "aray-b"; did you mean "array-b"?'],
    ],
    [
      "a volume on a node that is none",
      set("volumes/1/secondary/node", "secondary-c"),
      ['volumes[1].secondary.node: unknown node "secondary-c"; did you mean "secondary-a"?'],
    ],
    [
      "a primary volume on a secondary node",
      set("volumes/0/primary", { node: "secondary-a", array: "array-a" }),
      [
        "volumes[0].primary.node: secondary-a has role secondary; expected a node of role primary (primary-a, primary-b)",
      ],
    ],
    [
      "a group of unknown volumes",
      set("groups/0/volumes/1", "vol-c"),
      ['groups[0].volumes[1]: unknown volume "vol-c"; did you mean "vol-a"?'],
    ],
    [
      "a volume in no group without a copy",
      (file) => {
        set("groups/0/volumes", ["vol-a"])(file);
        set("volumes/1/secondary", undefined)(file);
      },
      ["volumes[1]: volume vol-b has a primary only; give it a secondary, or node and array instead of primary"],
    ],
    [
      "a volume with both ways of saying where its copies are",
      set("volumes/0/secondaries", [{ node: "secondary-b", array: "array-b" }]),
      ["volumes[0].secondaries: a volume has secondary, or secondaries when there are several; not both"],
    ],
    [
      "a volume whose copies are wrong places",
      (file) => {
        set("volumes/0/secondary", undefined)(file);
        set("volumes/0/secondaries", [
          { node: "secondary-b", array: "array-c" },
          { node: "secondary-b", array: "array-b" },
          { node: "primary-b", array: "array-b" },
        ])(file);
      },
      [
        'volumes[0].secondaries[1].node: "secondary-b" is there twice; expected another',
        'volumes[0].secondaries[0].array: secondary-b has no array "array-c"; did you mean "array-b"?',
        "volumes[0].secondaries[2].node: primary-b has role primary; expected a node of role secondary (secondary-a, secondary-b)",
      ],
    ],
    [
      "a volume with an empty list of copies",
      set("volumes/0/secondaries", []),
      ["volumes[0].secondaries: is an empty list; expected a list of { node, array }, at least one"],
    ],
    [
      "a volume in no group with a secondary",
      set("volumes/2", { ...standalone, secondary: { node: "secondary-a", array: "array-a" } }),
      [
        "volumes[2].primary: is missing; a volume with a secondary has a primary too",
        "volumes[2].node: a volume has primary and secondary, or node and array; not both",
        "volumes[2].array: a volume has primary and secondary, or node and array; not both",
      ],
    ],
    [
      "a volume in no group at half a place",
      (file) => {
        set("volumes/2", { ...standalone, array: undefined })(file);
        set("volumes/3", { ...standalone, name: "other", node: undefined })(file);
        set("volumes/4", { name: "third", size: "1GiB" })(file);
      },
      [
        "volumes[2].array: is missing; expected the name of an array of the node",
        "volumes[3].node: is missing; expected the name of the array's node",
        "volumes[4].primary: is missing; expected { node, array }, or node and array beside name and size",
      ],
    ],
    [
      "a volume in no group at a place that is not there",
      (file) => {
        set("volumes/2", { ...standalone, array: "array-b" })(file);
        set("volumes/3", { ...standalone, name: "other", node: "relay-1" })(file);
      },
      [
        'volumes[2].array: primary-a has no array "array-b"; did you mean "array-a"?',
        "volumes[3].node: relay-1 has role intermediate; expected a node of role primary or secondary (primary-a, primary-b, secondary-a, secondary-b)",
        'volumes[3].array: relay-1 has no array "array-a"; there is none',
      ],
    ],
    [
      "a group with a volume that is for no group",
      (file) => {
        set("volumes/2", standalone)(file);
        set("groups/0/volumes", ["vol-a", "vol-b", "scratch"])(file);
      },
      [
        "groups[0].volumes[2]: volume scratch has node and array; give it primary and secondary, or take it out of the group",
      ],
    ],
    [
      "a volume in no group larger than its array",
      (file) => {
        set("volumes/2", { ...standalone, size: "100GiB" })(file);
        set("arrays/0/diskSize", "2GiB")(file);
      },
      [expect.stringMatching(/^arrays\[0\]\.diskSize: the array's volumes take 101GiB but/) as string],
    ],
    [
      "a group without volumes",
      set("groups/0/volumes", []),
      ["groups[0].volumes: is an empty list; expected a list of names of volumes, at least one"],
    ],
    [
      "a volume in two groups",
      set("groups/1", { name: "g2", relay: "relay-1", volumes: ["vol-a"] }),
      ["groups[1].volumes[0]: volume vol-a is already in group g1; a volume is in one group, once"],
    ],
    [
      "a group volume without a secondary",
      set("volumes/0/secondary", undefined),
      ["groups[0].volumes[0]: volume vol-a has no secondary; give it one, or take it out of the group"],
    ],
    [
      "a relay that is no intermediate",
      set("groups/0/relay", "primary-a"),
      ["groups[0].relay: primary-a has role primary; expected a node of role intermediate (relay-1)"],
    ],
    [
      "a fence level that is none",
      set("groups/0/fence", "allways"),
      ['groups[0].fence: is "allways"; expected one of data, status, never'],
    ],
    [
      "regions of another size",
      set("groups/0/regionSize", "96KiB"),
      ["groups[0].regionSize: 96KiB is not a region size; expected a power of two from 64KiB to 64MiB, such as 128KiB"],
    ],
    [
      "regions smaller than the intent's units",
      set("groups/0/regionSize", "4KiB"),
      ["groups[0].regionSize: 4KiB is not a region size; expected a power of two from 64KiB to 64MiB, such as 64KiB"],
    ],
    [
      "a full journal that would hold hosts for longer than they wait",
      set("groups/0/journalFull", { warn: "120%", hold: "10s" }),
      [
        'groups[0].journalFull.warn: "120%" is not a share; expected 1% to 99%, such as "80%"',
        "groups[0].journalFull.hold: 10000ms must be shorter than the group's hold (10000ms); leave it out for half of that",
      ],
    ],
    [
      "a resync of another kind",
      set("groups/0/resync", "never"),
      ['groups[0].resync: is "never"; expected one of auto, manual'],
    ],
    [
      "a hold of nothing",
      set("groups/0/hold", "0s"),
      ["groups[0].hold: host writes must be held for some time; expected more than 0s"],
    ],
    [
      "a hold without a unit",
      set("groups/0/hold", "10"),
      ['groups[0].hold: "10" is not a duration; expected one such as "500ms", "10s" or "2m"'],
    ],
    [
      "a lease not shorter than the hold",
      set("groups/0/lease", "10s"),
      ["groups[0].lease: a lease of 10000ms must be shorter than hold (10000ms)"],
    ],
    [
      "a lease that is too short",
      set("groups/0/lease", "50ms"),
      ["groups[0].lease: 50ms is too short; expected at least 100ms"],
    ],
    [
      "a journal that is too small",
      set("groups/0/journal/capacity", "1MiB"),
      ["groups[0].journal.capacity: 1MiB is too little; expected at least 64MiB"],
    ],
    ["a section that is empty", set("sites", null), ["sites: is empty; expected a mapping from names to sites"]],
  ];
  it.each(cases)("%s", (_title, change, expected) => {
    expect(problemsAfter(change)).toEqual(expected);
  });

  it("lists everything that is wrong, more than a handful too", () => {
    const lines = problemsAfter((file) => {
      for (let index = 0; index < 30; index++) set(`key-${index}`, 1)(file);
      set("groups/0/relay", "relay-2")(file);
      set("volumes/0/size", "big")(file);
    });
    expect(lines).toHaveLength(32);
    expect(lines).toContain('groups[0].relay: unknown node "relay-2"; did you mean "relay-1"?');
  });

  it("names line and column of the bad value", () => {
    const text = localText.replace("relay: relay-1", "relay: relay-9");
    const line = text.split("\n").findIndex((each) => each.includes("relay-9")) + 1;
    expect(refusal(text)).toBe(
      `test.yaml is refused:\n  groups[0].relay (line ${line}:12): unknown node "relay-9"; did you mean "relay-1"?`,
    );
  });

  it("names line and column of what is not YAML, and of a key that is there twice", () => {
    expect(refusal("cluster: [")).toMatch(/line 1:\d+: Flow sequence/);
    expect(refusal("cluster: a\ncluster: b\n")).toMatch(/line 2:1: Map keys must be unique/);
  });

  it.each(["", "[]", "text", "&a [*a]", "? [1]\n: 2", "__proto__: 1", "cluster: 1\nnodes: {__proto__: {site: a}}"])(
    "a file that is something else altogether: %j",
    (text) => {
      expect(refusal(text)).toMatch(/^test\.yaml is refused:/);
    },
  );

  it("a file that cannot be read", async () => {
    await expect(loadCluster("/nowhere/cluster.yaml")).rejects.toMatchObject({ code: "CONFIG_UNREADABLE" });
  });
});

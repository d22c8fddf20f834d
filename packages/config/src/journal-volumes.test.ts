import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isFailure } from "@waystation/contracts/errors";
import { describe, expect, it } from "vitest";
import { usableBytes, diskOverheadBytes } from "./array-space.js";
import type { Cluster } from "./cluster.js";
import { journalVolumesOf } from "./journal-volumes.js";
import { nodeOf, parseCluster } from "./load.js";

const localText = readFileSync(fileURLToPath(new URL("../../../deploy/local/cluster.yaml", import.meta.url)), "utf8");
const gib = 2 ** 30;

interface Changes {
  /** Goes into the mapping of relay-1. */
  readonly relayJournal?: string;
  /** Goes into the mapping of secondary-a. */
  readonly secondaryJournal?: string;
  /** Another item of the list of arrays. */
  readonly array?: string;
  readonly replace?: readonly [string, string];
}

/** The local cluster's file with journals on volumes. */
function withJournals({ relayJournal, secondaryJournal, array, replace }: Changes): string {
  const put = (text: string, port: string, journal: string | undefined): string =>
    journal === undefined ? text : text.replace(`"127.0.0.1:${port}" }`, `"127.0.0.1:${port}", journal: ${journal} }`);
  let text = put(put(localText, "7411", relayJournal), "10819", secondaryJournal);
  if (array !== undefined) text = text.replace("arrays:\n", `arrays:\n  - ${array}\n`);
  if (replace !== undefined) text = text.replaceAll(...replace);
  return text;
}

function load(changes: Changes): Cluster {
  return parseCluster(withJournals(changes), "test.yaml");
}

function problems(changes: Changes): string[] {
  try {
    load(changes);
  } catch (error) {
    if (!isFailure(error, "CONFIG_INVALID")) throw error;
    const lines = error.message.split("\n").slice(1);
    return lines.map((line) => line.trim().replace(/ \(line [0-9:]+\)/, ""));
  }
  return [];
}

const relayArray = "{ node: relay-1, name: array-r, level: raid1, disks: 2 }";
const onArrayR = "{ adapter: volume, array: array-r }";

describe("PROTOCOL 7: journals on volumes, chosen per node", () => {
  it("are on LevelDB unless asked for", () => {
    expect(load({}).nodes.map((node) => node.journalArray)).toEqual([null, null, null, null, null]);
    expect(journalVolumesOf(load({ relayJournal: "{ adapter: leveldb }" }))).toEqual([]);
  });

  it("are one volume per group of the node, as large as its journal may be, on the array it names", () => {
    const cluster = load({
      relayJournal: onArrayR,
      secondaryJournal: "{ adapter: volume, array: array-a }",
      array: relayArray,
      replace: ["secondaryCapacity: 8GiB", "secondaryCapacity: 1GiB"],
    });
    expect(journalVolumesOf(cluster)).toEqual([
      { node: "relay-1", array: "array-r", group: "g1", name: "journal-g1", sizeBytes: 8 * gib },
      { node: "secondary-a", array: "array-a", group: "g1", name: "journal-g1", sizeBytes: gib },
    ]);
    expect(nodeOf(cluster, "relay-1").journalArray).toBe("array-r");
  });

  it("count for the room on their array, beside its other volumes", () => {
    const { arrays } = load({ secondaryJournal: "{ adapter: volume, array: array-a }" });
    const array = arrays.find(({ node }) => node === "secondary-a")!;
    expect(usableBytes(array, diskOverheadBytes)).toBeGreaterThanOrEqual(9 * gib);
    const tight = "{ node: relay-1, name: array-r, level: raid1, disks: 2, diskSize: 8GiB }";
    expect(problems({ relayJournal: onArrayR, array: tight })).toEqual([
      "arrays[0].diskSize: the array's volumes take 8GiB but 2 disks of 8GiB as raid1 hold 7.9GiB; use 8.3GiB, or leave diskSize out",
    ]);
  });

  const cases: readonly [string, Changes, readonly string[]][] = [
    [
      "an array that the node does not have",
      { relayJournal: "{ adapter: volume, array: aray-r }", array: relayArray },
      [
        'nodes.relay-1.journal.array: relay-1 has no array "aray-r"; did you mean "array-r"?',
        "arrays[0].node: relay-1 has role intermediate, which keeps journals only; expected one of primary-a, primary-b, secondary-a, secondary-b, or nodes.relay-1.journal: { adapter: volume, array: array-r }",
      ],
    ],
    [
      "adapter volume without an array",
      { secondaryJournal: "{ adapter: volume }" },
      ["nodes.secondary-a.journal.array: is missing; adapter volume needs an array of secondary-a: array-a"],
    ],
    [
      "adapter leveldb with an array",
      { secondaryJournal: "{ adapter: leveldb, array: array-a }" },
      ["nodes.secondary-a.journal.array: adapter leveldb needs no array; leave it out, or use adapter volume"],
    ],
    [
      "an adapter that is none",
      { secondaryJournal: "{ adapter: files }" },
      ['nodes.secondary-a.journal.adapter: is "files"; expected one of leveldb, volume'],
    ],
    [
      "a volume that has the journal volume's name",
      { secondaryJournal: "{ adapter: volume, array: array-a }", replace: ["vol-a", "journal-g1"] },
      ['volumes[0].name: "journal-g1" is the name of the journal volume of g1 on secondary-a'],
    ],
    [
      "a group whose name is too long for its journal volume's",
      { relayJournal: onArrayR, array: relayArray, replace: ["name: g1", `name: ${"g".repeat(60)}`] },
      [`groups[0].name: "journal-${"g".repeat(60)}" would be the name of its journal volume; use a shorter name`],
    ],
  ];
  it.each(cases)("refuses %s", (_title, changes, expected) => {
    expect(problems(changes)).toEqual(expected);
  });
});

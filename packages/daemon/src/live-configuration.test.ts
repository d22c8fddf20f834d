import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NodeName } from "@waystation/contracts/ids";
import type { Cluster } from "@waystation/config/cluster";
import { loadCluster, parseCluster } from "@waystation/config/load";
import { createLiveConfiguration, restartReasons } from "./live-configuration.js";

const place = (side: "primary" | "secondary", letter: "a" | "b") => ({ node: `${side}-${letter}`, array: "array" });
const volumeAt = (name: string, letter: "a" | "b") => ({
  ...{ name, size: "1GiB", primary: place("primary", letter), secondary: place("secondary", letter) },
});
const localText = JSON.stringify({
  cluster: "test",
  sites: { east: {}, west: {} },
  nodes: {
    "primary-a": { site: "east", role: "primary", grpc: "127.0.0.1:7401", nbd: "127.0.0.1:10809" },
    "primary-b": { site: "east", role: "primary", grpc: "127.0.0.1:7402", nbd: "127.0.0.1:10810" },
    "relay-1": { site: "east", role: "intermediate", grpc: "127.0.0.1:7411" },
    "secondary-a": { site: "west", role: "secondary", grpc: "127.0.0.1:7421", nbd: "127.0.0.1:10819" },
    "secondary-b": { site: "west", role: "secondary", grpc: "127.0.0.1:7422", nbd: "127.0.0.1:10820" },
  },
  arrays: ["primary-a", "primary-b", "secondary-a", "secondary-b"].map((node) => ({
    ...{ node, name: "array", level: "raid5", disks: 4 },
  })),
  volumes: [volumeAt("vol-a", "a"), volumeAt("vol-b", "b")],
  groups: [{ name: "g1", relay: "relay-1", volumes: ["vol-a", "vol-b"], hold: "10s" }],
});
const primaryA = "primary-a" as NodeName;

/** The file as plain data, loosely typed. */
interface Loose {
  [key: string]: Loose & string & number;
}

function changed(change: (file: Loose) => void): string {
  const file = JSON.parse(localText) as Loose;
  change(file);
  return JSON.stringify(file);
}

function set(path: string, value: unknown): (file: Loose) => void {
  return (file) => {
    const steps = path.split("/");
    const last = steps.pop() ?? "";
    const target = steps.reduce<Loose>((at, step) => at[step]!, file);
    (target as Record<string, unknown>)[last] = value;
  };
}

const now = parseCluster(localText, "test.yaml");
const reasonsAfter = (change: (file: Loose) => void): string[] =>
  restartReasons(now, parseCluster(changed(change), "test.yaml"), primaryA);

const volC = volumeAt("vol-c", "a");

describe("a cluster file that has changed while the daemon runs", () => {
  it.each<[string, (file: Loose) => void]>([
    ["a volume more, here", set("volumes/2", volC)],
    ["a volume that leaves its group", set("groups/0/volumes", ["vol-b"])],
    [
      "another pair of secondaries",
      (file) => {
        const text = { site: "west", role: "secondary", grpc: "127.0.0.1:7423", nbd: "127.0.0.1:10823" };
        set("nodes/secondary-c", text)(file);
        set("arrays/4", { node: "secondary-c", name: "array", level: "raid1", disks: 2 })(file);
        set("volumes/0/secondary", undefined)(file);
        const places = [
          { node: "secondary-a", array: "array" },
          { node: "secondary-c", array: "array" },
        ];
        set("volumes/0/secondaries", places)(file);
      },
    ],
    ["an array of another node", set("arrays/1/spares", 1)],
    [
      "another node's listening address",
      set("nodes/relay-1/grpc", { listen: "0.0.0.0:7411", connect: "127.0.0.1:7411" }),
    ],
  ])("B3: is taken: %s", (_, change) => {
    expect(reasonsAfter(change)).toEqual([]);
  });

  it.each<[string, (file: Loose) => void, string[]]>([
    ["its own address", set("nodes/primary-a/grpc", "127.0.0.1:7409"), ["nodes.primary-a"]],
    ["where another node is", set("nodes/relay-1/grpc", "127.0.0.1:7419"), ["nodes.relay-1.grpc"]],
    ["its arrays", set("arrays/0/spares", 1), ["arrays"]],
    ["the size of a volume", set("volumes/0/size", "2GiB"), ["volume vol-a"]],
    ["what hosts of a group see", set("groups/0/fence", "never"), ["group g1"]],
    ["a group that is gone", (file) => (set("groups", [])(file), set("volumes", [])(file)), ["group g1"]],
    [
      "a volume in no group",
      set("volumes/2", { name: "scratch", size: "1GiB", node: "primary-a", array: "array" }),
      ["volumes in no group"],
    ],
  ])("needs a restart: %s", (_, change, reasons) => {
    expect(reasonsAfter(change)).toEqual(reasons);
  });
});

describe("a daemon that reads its file again", () => {
  let folder: string;
  let clusterFile: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "waystation-live-"));
    clusterFile = join(folder, "cluster.yaml");
    await writeFile(clusterFile, localText);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function running() {
    const taken: Cluster[] = [];
    const take = (next: Cluster): Promise<void> => Promise.resolve(void taken.push(next));
    const cluster = await loadCluster(clusterFile);
    return { taken, front: createLiveConfiguration({ clusterFile, node: primaryA, cluster, take }) };
  }

  it("B3: takes what is new once, and says what that is", async () => {
    const { taken, front } = await running();
    const joined = (file: Loose) => (
      set("volumes/2", volC)(file),
      set("groups/0/volumes", ["vol-a", "vol-b", "vol-c"])(file)
    );
    await writeFile(clusterFile, changed(joined));
    expect(await front.reload()).toEqual(["volume vol-c", "members of g1"]);
    expect(await front.reload()).toEqual([]);
    expect(taken[0]?.volumes.map(({ name }) => name)).toEqual(["vol-a", "vol-b", "vol-c"]);
  });

  it("takes nothing of a file that it refuses, and says why", async () => {
    const { taken, front } = await running();
    await writeFile(clusterFile, changed(set("groups/0/relay", "relay-9")));
    await expect(front.reload()).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    await writeFile(clusterFile, changed(set("groups/0/hold", "20s")));
    await expect(front.reload()).rejects.toMatchObject({
      code: "RESTART_DUE",
      message: expect.stringContaining("primary-a cannot take group g1") as string,
    });
    expect(taken).toEqual([]);
    await writeFile(clusterFile, localText);
    expect(await front.reload()).toEqual([]);
  });
});

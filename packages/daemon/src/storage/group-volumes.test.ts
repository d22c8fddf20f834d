import { rm, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "@waystation/contracts/log";
import type { NodeName } from "@waystation/contracts/ids";
import type { Cluster } from "@waystation/config/cluster";
import { parseCluster } from "@waystation/config/load";
import { openStorage, type Storage } from "./open-storage.js";

const node = "p" as NodeName;
let dataDirectory: string;
let storage: Storage;

/** One primary, one relay, one secondary; volumes of 1 MiB, some of them in group g1. */
function clusterOf(volumes: readonly string[], inGroup: readonly string[]): Cluster {
  const file = {
    cluster: "test",
    sites: { here: {} },
    nodes: {
      p: { site: "here", role: "primary", grpc: "127.0.0.1:7401" },
      r: { site: "here", role: "intermediate", grpc: "127.0.0.1:7402" },
      s: { site: "here", role: "secondary", grpc: "127.0.0.1:7403" },
    },
    arrays: ["p", "s"].map((owner) => ({ node: owner, name: "a", level: "raid1", disks: 2, diskSize: "128MiB" })),
    volumes: volumes.map((name) => ({
      ...{ name, size: "1MiB", primary: { node: "p", array: "a" }, secondary: { node: "s", array: "a" } },
    })),
    groups: inGroup.length === 0 ? [] : [{ name: "g1", relay: "r", volumes: inGroup }],
  };
  return parseCluster(JSON.stringify(file), "test.yaml");
}

beforeEach(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), "waystation-group-volumes-"));
  storage = await openStorage({ cluster: clusterOf(["vol-a"], ["vol-a"]), node, dataDirectory, log: silentLog });
});
afterEach(async () => {
  await storage.close();
  await rm(dataDirectory, { recursive: true, force: true });
});

describe("the volumes of groups at a node that runs", () => {
  it("B3: are made when the file names them, and served alone until a group has them", async () => {
    const { groupVolumes, standalone } = storage;
    const grown = clusterOf(["vol-a", "vol-b"], ["vol-a"]);
    await storage.follow(grown);
    await storage.follow(grown);
    expect([...groupVolumes.stores.keys()]).toEqual(["vol-a", "vol-b"]);
    groupVolumes.showSingles(grown, () => false);
    groupVolumes.showSingles(grown, () => false);
    expect(standalone.list()).toMatchObject([{ name: "vol-b", access: "read-write" }]);
    const revoked: string[] = [];
    const handle = await standalone.open("vol-b", (reason) => revoked.push(reason));
    await handle.write(0, Buffer.alloc(4096, 7));

    const joined = clusterOf(["vol-a", "vol-b"], ["vol-a", "vol-b"]);
    await storage.follow(joined);
    await groupVolumes.hideJoined(joined);
    expect([standalone.list(), revoked]).toEqual([[], ["it joins group g1"]]);
    expect(await groupVolumes.stores.get("vol-b" as never)?.read(0, 4096)).toEqual(Buffer.alloc(4096, 7));
  });

  it("B3: are not served alone while the group's term still has them, whatever the file says", () => {
    const { groupVolumes, standalone } = storage;
    const left = clusterOf(["vol-a"], []);
    groupVolumes.showSingles(left, () => true);
    expect(standalone.list()).toEqual([]);
    groupVolumes.showSingles(left, () => false);
    expect(standalone.list().map(({ name }) => name)).toEqual(["vol-a"]);
  });
});

import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { toSequence, type GroupName, type NodeName, type VolumeName } from "@waystation/contracts/ids";
import type { JournalRecord } from "@waystation/contracts/journal";
import { silentLog } from "@waystation/contracts/log";
import type { Cluster } from "@waystation/config/cluster";
import { parseCluster } from "@waystation/config/load";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openJournalFiles, openVolumeJournals } from "./journals.js";
import { openStorage } from "./storage/open-storage.js";

const localPath = fileURLToPath(new URL("../../../deploy/local/cluster.yaml", import.meta.url));
const group = "g1" as GroupName;
const node = "relay-1" as NodeName;
let dataDirectory = "";

beforeEach(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), "waystation-daemon-"));
});
afterEach(() => rm(dataDirectory, { recursive: true, force: true }));

/** The local cluster, its relay with the adapter given, and with an array if it needs one. */
async function clusterWith(adapter: "leveldb" | "volume"): Promise<Cluster> {
  const text = (await readFile(localPath, "utf8")).replace("capacity: 8GiB", "capacity: 64MiB");
  if (adapter === "leveldb") return parseCluster(text, "test.yaml");
  const journal = "journal: { adapter: volume, array: array-r }";
  const changed = text
    .replace('"127.0.0.1:7411" }', `"127.0.0.1:7411", ${journal} }`)
    .replace("arrays:\n", "arrays:\n  - { node: relay-1, name: array-r, level: raid1, disks: 2 }\n");
  return parseCluster(changed, "test.yaml");
}

async function openAll(cluster: Cluster) {
  const files = await openJournalFiles({ cluster, node, directory: join(dataDirectory, node) });
  const storage = await openStorage({ cluster, node, dataDirectory, log: silentLog });
  const journals = await openVolumeJournals(files, storage.groupVolumes.journalStores);
  return {
    journal: journals.get(group)!,
    storage,
    async close() {
      for (const journal of journals.values()) await journal.close();
      await storage.close();
      await files.close();
    },
  };
}

function record(sequence: number): JournalRecord {
  const payload = Buffer.alloc(4096, sequence);
  return {
    sequence: toSequence(sequence),
    volume: "vol-a" as VolumeName,
    origin: { incarnation: 1, n: sequence },
    epoch: 1,
    kind: "write",
    offsetBytes: 0,
    lengthBytes: payload.length,
    hostTimeMs: 0,
    payload,
  };
}

describe("PROTOCOL 7: a relay with its journal on a volume of its own array", () => {
  it("keeps it there across starts; the volume is no volume of hosts", async () => {
    const cluster = await clusterWith("volume");
    const first = await openAll(cluster);
    expect([...first.storage.groupVolumes.stores.keys()]).toEqual([]);
    expect([...first.storage.groupVolumes.journalStores.keys()]).toEqual(["g1"]);
    await first.journal.commit({ records: [record(1), record(2)], marks: new Map([["stamped", 2]]) });
    await first.close();
    const second = await openAll(cluster);
    expect([second.journal.last(), second.journal.marks().get("stamped")]).toEqual([2, 2]);
    await second.close();
  });

  it("keeps a second daemon out before it touches the array, until the first has closed it", async () => {
    const cluster = await clusterWith("volume");
    const first = await openAll(cluster);
    const secondOpens = () => openJournalFiles({ cluster, node, directory: join(dataDirectory, node) });
    await expect(secondOpens()).rejects.toMatchObject({ code: "JOURNAL_LOCKED" });
    // The journal is closed before its array: the lock is not given back with it.
    await first.journal.close();
    await expect(secondOpens()).rejects.toMatchObject({ code: "JOURNAL_LOCKED" });
    await first.close();
    await (await secondOpens()).close();
  });

  const openInFiles = async () =>
    openJournalFiles({ cluster: await clusterWith("leveldb"), node, directory: join(dataDirectory, node) });

  it("does not go on with a journal that is in files", async () => {
    const before = await openInFiles();
    await before.journals.get(group)!.commit({ records: [record(1)] });
    await before.close();
    await expect(openAll(await clusterWith("volume"))).rejects.toMatchObject({ code: "JOURNAL_FOREIGN" });
  });

  it("is not given back to files", async () => {
    await (await openAll(await clusterWith("volume"))).close();
    await expect(openInFiles()).rejects.toMatchObject({ code: "JOURNAL_FOREIGN" });
  });
});

describe("B10: the journal of what a copy run overwrites", () => {
  const open = async (name: string) => {
    const directory = join(dataDirectory, name);
    return openJournalFiles({ cluster: await clusterWith("leveldb"), node: name as NodeName, directory });
  };

  it("is kept by nodes with volumes of the group, beside the other, as large as configured", async () => {
    const files = await open("secondary-a");
    expect(files.preImages.get(group)?.usage()).toEqual({ usedBytes: 0, capacityBytes: 8 * 2 ** 30 });
    await files.preImages.get(group)?.commit({ records: [record(1)], marks: new Map([["set", "run-1"]]) });
    await files.close();
    const again = await open("secondary-a");
    expect([again.preImages.get(group)?.last(), again.preImages.get(group)?.marks().get("set")]).toEqual([1, "run-1"]);
    expect(again.journals.get(group)?.last()).toBe(0);
    await again.close();
    const relay = await open("relay-1");
    await relay.close();
    expect([...relay.preImages.keys()]).toEqual([]);
  });

  it("takes no space before it is used", async () => {
    const files = await open("primary-a");
    await files.close();
    const segments = join(dataDirectory, "primary-a", "journals", "g1.pre-images", "segments");
    const sizes = await Promise.all(
      (await readdir(segments)).map(async (name) => (await stat(join(segments, name))).size),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(64 * 1024);
  });
});

import { mkdtemp, readFile, rm } from "node:fs/promises";
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

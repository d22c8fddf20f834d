// Starts that must be refused, and damage that must be noticed: one clear line, exit code 1, and nothing made worse.
// A daemon never starts on what it cannot trust; what redundancy covers is degraded, and said so.
import { execFile } from "node:child_process";
import { cp, mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { mebibyte, nodeNames, primaries, secondaries, type TestNode } from "../harness/cluster-file.js";
import { startAll, waitProtected, waitSynced, withCluster, type TestCluster } from "../harness/cluster.js";
import { createLog, startDaemonProcess, type DaemonLog, type DaemonProcess } from "../harness/daemon-process.js";
import { connectNbd } from "../harness/nbd-client.js";
import { serviceMain } from "../harness/repository.js";
import { volumeDigest } from "../harness/volume-digest.js";
import { waitUntil, within } from "../harness/wait.js";

const exec = promisify(execFile);
const startMs = 60_000;
let cluster: TestCluster;
/** The data of a cluster that was stopped in good order. */
let sound: string;
let digest: string;
let finish: () => void;
let whole: Promise<void>;

beforeAll(async () => {
  await new Promise<void>((ready, failed) => {
    whole = withCluster({}, async (started) => {
      cluster = started;
      await prepare();
      await new Promise<void>((resolve) => {
        finish = resolve;
        ready();
      });
    });
    whole.catch(failed);
  });
});
afterAll(async () => {
  finish();
  await whole;
});

async function prepare(): Promise<void> {
  sound = join(cluster.folder, "sound");
  await startAll(cluster);
  const client = await connectNbd(cluster.nbdPort("primary-a"), "vol-a");
  for (let at = 0; at < 8; at++) await client.write(at * mebibyte, Buffer.alloc(mebibyte, at + 1));
  client.close();
  await waitSynced(cluster);
  digest = await volumeDigest(cluster, "secondary-a", "vol-a");
  await cluster.end(nodeNames, "SIGTERM");
  await copySparse(cluster.dataDirectory, sound);
}

async function copySparse(from: string, to: string): Promise<void> {
  await exec("cp", ["-a", "--sparse=always", from, to]);
}

/** Ends what runs, and puts the sound data back. */
beforeEach(async () => {
  for (const node of nodeNames) if (cluster.process(node).running()) await cluster.end([node]);
  await rm(cluster.dataDirectory, { recursive: true });
  await copySparse(sound, cluster.dataDirectory);
});

const at = (node: TestNode, ...path: string[]): string => join(cluster.dataDirectory, node, ...path);

/** Waits for a start that must fail; returns the daemon's last word. */
async function refusal(daemon: DaemonProcess, log: DaemonLog): Promise<{ code: string; message: string }> {
  const exit = await within("the end of a daemon that cannot start", startMs, daemon.exited);
  expect(exit, log.lines.slice(-5).join("\n")).toEqual({ code: 1, signal: null });
  const last = log.entries.at(-1);
  expect(last?.event).toBe("failed");
  return { code: last?.code ?? "", message: last?.msg ?? "" };
}

const refusalOf = (node: TestNode) => refusal(cluster.launch(node), cluster.log(node));

interface StartArguments {
  readonly service?: string;
  readonly node?: string;
  readonly clusterFile?: string;
  readonly data?: string;
}

function refusalWith({ service = "primary", node = "primary-a", clusterFile, data }: StartArguments) {
  const log = createLog();
  const args = [
    "--node",
    node,
    "--cluster",
    clusterFile ?? cluster.clusterFile,
    "--data",
    data ?? cluster.dataDirectory,
  ];
  return refusal(startDaemonProcess(serviceMain(service), args, log), log);
}

async function listenOn(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ port, host: "127.0.0.1" }, resolve));
  return server;
}

async function overwrite(path: string, offsetBytes: number, bytes: Buffer): Promise<void> {
  const file = await open(path, "r+");
  await file.write(bytes, 0, bytes.length, offsetBytes);
  await file.close();
}

/** Where a file of the folder holds these bytes. */
async function placeOf(content: Buffer, folder: string): Promise<{ path: string; offsetBytes: number }> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const offsetBytes = (await readFile(path)).indexOf(content);
    if (offsetBytes >= 0) return { path, offsetBytes };
  }
  throw new Error(`no file of ${folder} holds what is looked for`);
}

describe("a start with the wrong arguments", () => {
  it("a second daemon on the same data directory is refused, and the first one lives on", async () => {
    await cluster.start("secondary-a");
    const first = cluster.process("secondary-a");
    const log = createLog();
    const args = ["--node", "secondary-a", "--cluster", cluster.clusterFile, "--data", cluster.dataDirectory];
    const second = startDaemonProcess(serviceMain("secondary"), args, log);
    expect(await refusal(second, log)).toMatchObject({ code: "JOURNAL_LOCKED" });
    expect(first.running()).toBe(true);
    expect(await volumeDigest(cluster, "secondary-a", "vol-a")).toBe(digest);
  });

  it.each(["grpcPort", "nbdPort"] as const)("a %s in use is named", async (which) => {
    const port = cluster.addresses["primary-a"][which] ?? 0;
    const server = await listenOn(port);
    const { code, message } = await refusalOf("primary-a").finally(() => server.close());
    expect(code).toBe(which === "grpcPort" ? "RPC_LISTEN_FAILED" : "NBD_LISTEN_FAILED");
    expect(message).toContain(String(port));
  });

  it("the service of another role is refused, and the right one named", async () => {
    const { code, message } = await refusalWith({ service: "secondary" });
    expect(code).toBe("WRONG_ROLE");
    expect(message).toContain("start it with the primary service");
  });

  it("an unknown node is refused, and the nearest name suggested", async () => {
    const { code, message } = await refusalWith({ node: "primary-x" });
    expect(code).toBe("CONFIG_UNKNOWN_NODE");
    expect(message).toMatch(/primary-[ab]/);
  });

  it("a cluster file that is not there, or is none, is refused", async () => {
    const missing = join(cluster.folder, "none.yaml");
    expect(await refusalWith({ clusterFile: missing })).toMatchObject({ code: "CONFIG_UNREADABLE" });
    const wrong = join(cluster.folder, "wrong.yaml");
    await writeFile(wrong, "cluster: [x\n");
    expect(await refusalWith({ clusterFile: wrong })).toMatchObject({ code: "CONFIG_INVALID" });
  });

  it("a data directory that cannot be one is refused", async () => {
    const file = join(cluster.folder, "a-file");
    await writeFile(file, "");
    expect(await refusalWith({ data: file })).toMatchObject({ code: "DATA_DIRECTORY_UNUSABLE" });
  });

  it("without arguments there is a usage text and exit code 2", async () => {
    const log = createLog();
    const daemon = startDaemonProcess(serviceMain("primary"), [], log);
    expect(await daemon.exited).toEqual({ code: 2, signal: null });
    expect(log.lines.join("\n")).toContain("--node NAME");
  });
});

describe("a data directory that is not as it was left", () => {
  it("node.json damaged", async () => {
    await writeFile(at("primary-a", "node.json"), '{"format":1,"clus');
    const { code, message } = await refusalOf("primary-a");
    expect(code).toBe("DATA_DIRECTORY_DAMAGED");
    expect(message).toContain("node.json");
  });

  it("another node's data", async () => {
    await rm(at("primary-a"), { recursive: true });
    await rename(at("primary-b"), at("primary-a"));
    const { code, message } = await refusalOf("primary-a");
    expect(code).toBe("DATA_DIRECTORY_FOREIGN");
    expect(message).toContain("belongs to node primary-b");
  });

  it.each<TestNode>(["primary-a", "relay-1", "secondary-a"])("the journals of %s gone", async (node) => {
    await rm(at(node, "journals"), { recursive: true });
    const { code, message } = await refusalOf(node);
    expect(code).toBe("JOURNAL_GONE");
    expect(message).toContain("is its disk mounted?");
  });

  it.each<TestNode>(["primary-a", "relay-1", "secondary-a"])("the journal of %s without its CURRENT", async (node) => {
    await rm(at(node, "journals", "g1", "CURRENT"));
    const { code, message } = await refusalOf(node);
    expect(code).toBe("JOURNAL_DAMAGED");
    expect(message).toContain(join("journals", "g1"));
  });

  it("PROTOCOL 7: the relay's journal garbled among records that it still needs", async () => {
    await cluster.start(...nodeNames);
    await waitProtected(cluster);
    await cluster.end(["secondary-b"]);
    const client = await connectNbd(cluster.nbdPort("primary-b"), "vol-b");
    for (let n = 0; n < 8; n++) await client.write(n * mebibyte, Buffer.alloc(mebibyte, 201 + n));
    client.close();
    await cluster.end(["primary-a", "primary-b", "relay-1", "secondary-a"]);
    const segments = at("relay-1", "journals", "g1", "segments");
    const { path, offsetBytes } = await placeOf(Buffer.alloc(mebibyte / 2, 204), segments);
    await overwrite(path, offsetBytes + 4096, Buffer.alloc(64, 0x55));
    expect(await refusalOf("relay-1")).toMatchObject({ code: "JOURNAL_DAMAGED" });
  });

  it("a volume with another size in the cluster file", async () => {
    const other = join(cluster.folder, "other.yaml");
    const text = await readFile(cluster.clusterFile, "utf8");
    await writeFile(other, text.replaceAll(String(128 * mebibyte), String(64 * mebibyte)));
    expect(await refusalWith({ clusterFile: other })).toMatchObject({ code: "VOLUME_SIZE_CHANGED" });
  });
});

describe("disks that are missing or damaged", () => {
  const disk = (slot: number): string => at("secondary-a", "arrays", "array-a", `disk-${slot}`);

  async function expectDegraded(slot: number): Promise<void> {
    await cluster.start("secondary-a");
    const [array] = (await cluster.status("secondary-a")).arrays;
    expect(array).toMatchObject({ state: "degraded" });
    expect(array?.problems.join()).toContain(`disk ${slot}`);
    const readable = async (): Promise<boolean> =>
      (await cluster.status("secondary-a")).volumes[0]?.access === "read-only";
    await waitUntil("the volume is readable", readable);
    expect(await volumeDigest(cluster, "secondary-a", "vol-a")).toBe(digest);
  }

  it("A2: one directory missing: degraded, every byte right, and the disk named", async () => {
    await rm(disk(2), { recursive: true });
    await expectDegraded(2);
  });

  it("A2: one superblock garbled: degraded, every byte right, and the disk named", async () => {
    await overwrite(join(disk(1), "disk.img"), 0, Buffer.alloc(64 * 1024, 0x55));
    await expectDegraded(1);
  });

  it("A2: one disk cut short: refused, and the disk named", async () => {
    const file = await open(join(disk(3), "disk.img"), "r+");
    await file.truncate(mebibyte);
    await file.close();
    const { code, message } = await refusalOf("secondary-a");
    expect(code).toBe("DISK_TOO_SMALL");
    expect(message).toContain("disk-3");
  });

  it("A2: a disk of another array in its place: refused, and the disk named", async () => {
    await rm(disk(0), { recursive: true });
    await cp(at("secondary-b", "arrays", "array-b", "disk-0"), disk(0), { recursive: true });
    const { code, message } = await refusalOf("secondary-a");
    expect(code).toBe("ARRAY_MIXED");
    expect(message).toContain("disk-0 of array array-b");
  });

  it("A2: two directories missing: refused", async () => {
    await rm(disk(0), { recursive: true });
    await rm(disk(4), { recursive: true });
    expect(await refusalOf("secondary-a")).toMatchObject({ code: "ARRAY_TOO_DEGRADED" });
  });

  it("A2: all directories empty, as when they are not mounted: refused, never taken for a new array", async () => {
    for (let slot = 0; slot < 5; slot++) {
      await rm(disk(slot), { recursive: true });
      await mkdir(disk(slot));
    }
    const { code, message } = await refusalOf("secondary-a");
    expect(code).toBe("ARRAY_GONE");
    expect(message).toContain("are they mounted?");
  });
});

describe("a relay that lost its journal", () => {
  async function relayState(): Promise<{ phase: string; detail: string }> {
    const [group] = (await cluster.status("relay-1")).groups;
    return { phase: group?.phase ?? "", detail: group?.detail ?? "" };
  }

  it("PROTOCOL 7: it is noticed by the marks of the others: no stamp, no host write, and status says why", async () => {
    await rm(at("relay-1", "journals"), { recursive: true });
    await rm(at("relay-1", "journal-g1.json"));
    await cluster.start(...nodeNames);
    const lost = await waitUntil("the loss is noticed", async () => {
      const state = await relayState();
      return state.phase === "journal-lost" ? state : null;
    });
    expect(lost.detail).toContain("lost");
    for (const node of primaries)
      expect((await cluster.status(node)).volumes.map(({ access }) => access)).toEqual(["closed"]);
    for (const node of secondaries)
      expect((await cluster.status(node)).volumes.map(({ access }) => access)).toEqual(["read-only"]);
  });
});

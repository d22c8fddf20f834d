// B3: a volume joins a group that hosts write, and leaves it, without a restart and without a failed write.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  defaultShape,
  mebibyte,
  nodeNames,
  writeClusterFile,
  type Addresses,
  type TestNode,
} from "../harness/cluster-file.js";
import { startLauncher, type Launcher } from "../harness/launcher.js";
import { isFree } from "../harness/loopback-ports.js";
import { connectNbd } from "../harness/nbd-client.js";
import { waitUntil } from "../harness/wait.js";
import { wayctl } from "../harness/wayctl.js";

const volumeBytes = 16 * mebibyte;
let folder: string;
let clusterFile: string;
let addresses: Addresses;
let launcher: Launcher;

interface FileInPart {
  volumes: object[];
  groups: { volumes: string[] }[];
}

async function edit(change: (file: FileInPart) => void): Promise<void> {
  const file = JSON.parse(await readFile(clusterFile, "utf8")) as FileInPart;
  change(file);
  await writeFile(clusterFile, JSON.stringify(file));
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "waystation-members-"));
  clusterFile = join(folder, "cluster.yaml");
  addresses = await writeClusterFile(clusterFile, { ...defaultShape, volumeBytes });
  const places = {
    primary: { node: "primary-a", array: "array-a" },
    secondary: { node: "secondary-a", array: "array-a" },
  };
  await edit((file) => file.volumes.push({ name: "vol-c", size: volumeBytes, ...places }));
  launcher = startLauncher(["--cluster", clusterFile, "--data", join(folder, "data")]);
  await launcher.line(/^waystation: ready$/);
});
afterEach(async () => {
  if (launcher.running()) launcher.signal("SIGKILL");
  await launcher.exited;
  const ports = nodeNames.flatMap((node) => [addresses[node].grpcPort, addresses[node].nbdPort ?? []].flat());
  for (const port of ports) await waitUntil(`nobody listens on ${port}`, () => isFree(port));
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

const connect = (node: TestNode, volume: string) => connectNbd(addresses[node].nbdPort ?? 0, volume);

async function read(node: TestNode, volume: string): Promise<Buffer> {
  const client = await connect(node, volume);
  const data = await client.read(0, volumeBytes);
  client.close();
  return data;
}

/** Writes to vol-a, one write after the other, until it is told to stop; then tells how many there were. */
async function keepWriting(): Promise<() => Promise<number>> {
  const client = await connect("primary-a", "vol-a");
  const stop = new AbortController();
  const write = async (count: number): Promise<number> => {
    if (stop.signal.aborted) return count;
    await client.write((count % 256) * 65_536, Buffer.alloc(4096, (count % 255) + 1));
    return write(count + 1);
  };
  const writing = write(0);
  return async () => {
    stop.abort();
    const count = await writing;
    client.close();
    return count;
  };
}

async function members(...options: string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await wayctl(clusterFile, "group", "members", "g1", ...options);
  expect([exitCode, stderr], stdout).toEqual([0, ""]);
}

describe("members of a group that runs", () => {
  it("B3: a volume joins with what it holds, and leaves with what it holds then; hosts of the others write on", async () => {
    const alone = await connect("primary-a", "vol-c");
    await alone.write(4096, Buffer.alloc(65_536, 0xcc));
    alone.close();
    const stop = await keepWriting();

    await edit((file) => (file.groups[0]!.volumes = ["vol-a", "vol-b", "vol-c"]));
    await members("--wait");
    const joined = await connect("primary-a", "vol-c");
    await joined.write(mebibyte, Buffer.alloc(4096, 0xdd));
    joined.close();
    expect(await stop()).toBeGreaterThan(0);
    const synced = await wayctl(clusterFile, "group", "wait", "g1", "--synced");
    expect(synced.exitCode, synced.stdout).toBe(0);
    const image = await read("primary-a", "vol-c");
    expect([image[4096], image[mebibyte]]).toEqual([0xcc, 0xdd]);
    for (const volume of ["vol-a", "vol-c"]) {
      expect((await read("primary-a", volume)).equals(await read("secondary-a", volume)), volume).toBe(true);
    }

    await edit((file) => (file.groups[0]!.volumes = ["vol-a", "vol-b"]));
    await members("--wait");
    expect((await read("primary-a", "vol-c")).equals(image)).toBe(true);
    const left = await connect("primary-a", "vol-c");
    await left.write(0, Buffer.alloc(4096, 0xee));
    left.close();
    await expect(connect("secondary-a", "vol-c")).rejects.toThrow();
  });
});

// F5: `npm start` runs the whole cluster; Ctrl-C stops it and keeps the data; what goes wrong is said in one line.
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectControl } from "@waystation/client/control-client";
import { defaultShape, nodeNames, writeClusterFile, type Addresses, type TestNode } from "../harness/cluster-file.js";
import { startLauncher, type Launcher } from "../harness/launcher.js";
import { isFree } from "../harness/loopback-ports.js";
import { connectNbd } from "../harness/nbd-client.js";
import { waitUntil } from "../harness/wait.js";

let folder: string;
let addresses: Addresses;
let launchers: Launcher[];

beforeEach(async () => {
  launchers = [];
  folder = await mkdtemp(join(tmpdir(), "waystation-local-"));
  addresses = await writeClusterFile(join(folder, "cluster.yaml"), defaultShape);
});
afterEach(async () => {
  for (const launcher of launchers) {
    if (launcher.running()) launcher.signal("SIGKILL");
    await launcher.exited;
  }
  await nothingListens();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

const dataDirectory = (): string => join(folder, "data");

function launch(): Launcher {
  const launcher = startLauncher(["--cluster", join(folder, "cluster.yaml"), "--data", dataDirectory()]);
  launchers.push(launcher);
  return launcher;
}

async function launchReady(): Promise<Launcher> {
  const launcher = launch();
  await launcher.line(/^waystation: ready$/);
  return launcher;
}

/** As a terminal does on Ctrl-C. */
async function interrupt(launcher: Launcher): Promise<void> {
  launcher.signal("SIGINT");
  expect(await launcher.exited).toEqual({ code: 0, signal: null });
}

function portsOf(node: TestNode): number[] {
  const { grpcPort, nbdPort } = addresses[node];
  return nbdPort === null ? [grpcPort] : [grpcPort, nbdPort];
}

/** No daemon outlives its launcher, however that ends. */
async function nothingListens(): Promise<void> {
  for (const port of nodeNames.flatMap(portsOf)) await waitUntil(`nobody listens on ${port}`, () => isFree(port));
}

const nbdPort = (node: TestNode): number => addresses[node].nbdPort ?? 0;

async function write(node: TestNode, volume: string, data: Buffer): Promise<void> {
  const client = await connectNbd(nbdPort(node), volume);
  await client.write(0, data);
  client.close();
}

async function read(node: TestNode, volume: string, lengthBytes: number): Promise<Buffer> {
  const client = await connectNbd(nbdPort(node), volume);
  try {
    return await client.read(0, lengthBytes);
  } finally {
    client.close();
  }
}

/** The process of a node: a child of the launcher, which is a child of this process. */
async function pidOf(node: TestNode): Promise<number> {
  const children = await readFile(`/proc/${process.pid}/task/${process.pid}/children`, "utf8");
  const processes = children.trim().split(" ").map(Number);
  for (const parent of processes) {
    const own = await readFile(`/proc/${parent}/task/${parent}/children`, "utf8").catch(() => "");
    for (const pid of own
      .trim()
      .split(" ")
      .filter((text) => text !== "")) {
      const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      if (command.includes(`\0--node\0${node}\0`) && command.includes(folder)) return Number(pid);
    }
  }
  throw new Error(`no process of ${node} was found below this one`);
}

describe("npm start", () => {
  it("shows one line per node and what to try next; Ctrl-C stops all; starting again keeps the data", async () => {
    const data = randomBytes(65536);
    const first = await launchReady();
    for (const node of nodeNames) expect(first.lines.filter((line) => line.startsWith(`${node} `))).toHaveLength(1);
    expect(await first.line(/wayctl .*status/)).toContain(`--cluster ${join(folder, "cluster.yaml")}`);
    await write("primary-a", "vol-a", data);
    await interrupt(first);
    expect(first.lines.at(-1)).toBe("waystation: stopped; the data is kept");
    await nothingListens();

    const second = await launchReady();
    expect(await read("primary-a", "vol-a", data.length)).toEqual(data);
    await interrupt(second);
  });

  it("a node that dies is reported with the command that starts it again; the others live on", async () => {
    const launcher = await launchReady();
    process.kill(await pidOf("secondary-b"), "SIGKILL");
    expect(await launcher.line(/secondary-b was killed by SIGKILL/)).toContain("the others go on");
    expect(await launcher.line(/start it again/)).toContain("--node secondary-b");
    await write("primary-b", "vol-b", randomBytes(4096));
    await interrupt(launcher);
  });

  it("killed by force, it leaves no daemon behind", async () => {
    const launcher = await launchReady();
    launcher.signal("SIGKILL");
    await launcher.exited;
    await nothingListens();
  });

  it("a cluster that was taken over comes back as it was, and is ready where hosts write now", async () => {
    const data = randomBytes(4096);
    const first = await launchReady();
    const control = connectControl(`127.0.0.1:${addresses["secondary-a"].grpcPort}`);
    for await (const { result } of control.takeover({ group: "g1", force: false, without: [], dryRun: false }))
      if (result !== null) expect(result.outcome).toBe("taken-over");
    control.close();
    await write("secondary-a", "vol-a", data);
    await interrupt(first);

    const second = await launchReady();
    expect(await read("secondary-a", "vol-a", data.length)).toEqual(data);
    await interrupt(second);
  });
});

describe("npm start, when it cannot", () => {
  async function refusal(): Promise<string> {
    const launcher = launch();
    expect(await launcher.exited).toEqual({ code: 1, signal: null });
    await nothingListens();
    return launcher.lines.filter((line) => line.startsWith("waystation:")).join("\n");
  }

  it("a port in use is named with its node, and no daemon stays behind", async () => {
    const port = nbdPort("primary-b");
    const server = createServer();
    await new Promise<void>((resolve) => server.listen({ port, host: "127.0.0.1" }, resolve));
    const launcher = launch();
    expect(await launcher.exited).toEqual({ code: 1, signal: null });
    await new Promise((resolve) => server.close(resolve));
    const said = launcher.lines.join("\n");
    expect(said).toContain("primary-b");
    expect(said).toContain(String(port));
  });

  it("a damaged data directory is named, and nothing is started on it", async () => {
    await interrupt(await launchReady());
    await writeFile(join(dataDirectory(), "secondary-a", "node.json"), "");
    const said = await refusal();
    expect(said).toContain(join("secondary-a", "node.json"));
    expect(said).toContain("is damaged");
  });

  it("a second npm start on the same data is refused, and the first lives on", async () => {
    const first = await launchReady();
    const second = launch();
    expect(await second.exited).toEqual({ code: 1, signal: null });
    expect(second.lines.join("\n")).toMatch(/another daemon uses/);
    await write("primary-a", "vol-a", randomBytes(4096));
    await interrupt(first);
  });

  it("a cluster file that cannot run is refused before anything starts", async () => {
    await writeFile(join(folder, "cluster.yaml"), "cluster: x\nnodes: {}\n");
    expect(await refusal()).toContain("cluster.yaml");
  });

  it("an option that there is not brings the usage and exit code 2", async () => {
    const launcher = startLauncher(["--dataa", "x"]);
    launchers.push(launcher);
    expect(await launcher.exited).toEqual({ code: 2, signal: null });
    expect(launcher.lines.join("\n")).toContain("Usage: npm start");
  });
});

/**
 * One compose project of the repository's docker-compose.yml, with small volumes, ports of the engine's choice and images
 * of its own name, so that it disturbs no other. Everything here is by the name of a service or a network.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand, tryCommand, type CommandResult } from "./command.js";
import type { Engine } from "./engine.js";

export interface Containers {
  readonly services: readonly string[];
  compose(...args: string[]): Promise<string>;
  docker(...args: string[]): Promise<string>;
  /** Whatever its exit code. */
  tryDocker(...args: string[]): Promise<CommandResult>;
  /** The id of a service's container. */
  idOf(service: string): Promise<string>;
  /** Of its first process, as the machine sees it. */
  pidOf(service: string): Promise<number>;
  /** The port of this machine that its NBD port is published at; another one after each start. */
  nbdPortOf(service: string): Promise<number>;
  /** The engine's own name of a network. */
  networkName(network: string): string;
  subnetOf(network: string): Promise<string>;
  /** On all networks that it is on now. */
  addressesOf(service: string): Promise<string[]>;
  logOf(service: string): Promise<string>;
  /** Containers, networks and volumes away. */
  remove(): Promise<void>;
  close(): Promise<void>;
}

export interface ContainersOptions {
  readonly engine: Engine;
  readonly repository: string;
  /** Replaced in the cluster file: what to look for, and what to put there. */
  readonly settings: readonly (readonly [string, string])[];
}

const project = "waystation-drills";
const services = ["primary-a", "primary-b", "relay-1", "secondary-a", "secondary-b", "tools"];
const buildTimeoutMs = 1_200_000;

export async function openContainers({ engine, repository, settings }: ContainersOptions): Promise<Containers> {
  const folder = await mkdtemp(join(tmpdir(), "waystation-drills-"));
  const clusterFile = join(folder, "cluster.yaml");
  await writeFile(clusterFile, await clusterText(join(repository, "deploy/compose/cluster.yaml"), settings));
  const env = {
    ...engine.env,
    WAYSTATION_CLUSTER: clusterFile,
    WAYSTATION_IMAGE: `${project}:latest`,
    WAYSTATION_TOOLS_IMAGE: `${project}-tools:latest`,
    WAYSTATION_PORT_PRIMARY_A: "0",
    WAYSTATION_PORT_PRIMARY_B: "0",
    WAYSTATION_PORT_SECONDARY_A: "0",
    WAYSTATION_PORT_SECONDARY_B: "0",
  };
  const options = { env, cwd: repository, timeoutMs: buildTimeoutMs };
  const compose = (...args: string[]) => runCommand([...engine.compose, "-p", project, ...args], options);
  const docker = (...args: string[]) => runCommand(["docker", ...args], options);
  const inspect = async (service: string, format: string): Promise<string> =>
    (await docker("inspect", "-f", format, await idOf(service))).trim();

  async function idOf(service: string): Promise<string> {
    const labels = { project, service };
    const filters = Object.entries(labels).flatMap(([key, value]) => [
      "--filter",
      `label=com.docker.compose.${key}=${value}`,
    ]);
    const id = (await docker("ps", "-aq", ...filters)).trim();
    if (id === "") throw new Error(`${service} has no container`);
    return id;
  }

  return {
    services,
    compose,
    docker,
    tryDocker: (...args) => tryCommand(["docker", ...args], options),
    idOf,
    pidOf: async (service) => Number(await inspect(service, "{{.State.Pid}}")),
    async nbdPortOf(service) {
      const address = (await docker("port", await idOf(service), "10809/tcp")).trim();
      return Number(address.slice(address.lastIndexOf(":") + 1));
    },
    networkName: (network) => `${project}_${network}`,
    async subnetOf(network) {
      return (
        await docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", `${project}_${network}`)
      ).trim();
    },
    async addressesOf(service) {
      const printed = await inspect(service, "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}");
      return printed.split(" ").filter((address) => address !== "");
    },
    async logOf(service) {
      const { stdout, stderr } = await tryCommand(["docker", "logs", await idOf(service)], options);
      return stdout + stderr;
    },
    async remove() {
      // What stands still could not be stopped.
      await tryCommand([...engine.compose, "-p", project, "unpause"], options);
      await compose("down", "--volumes", "--timeout", "1");
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

async function clusterText(path: string, settings: ContainersOptions["settings"]): Promise<string> {
  let text = await readFile(path, "utf8");
  for (const [from, to] of settings) {
    if (!text.includes(from)) throw new Error(`${path} has no ${JSON.stringify(from)} to replace`);
    text = text.replaceAll(from, to);
  }
  return text;
}

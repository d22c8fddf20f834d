/** What a drill does to the cluster. Every fault but a kill can be taken back. */
import type { Fault } from "../world.js";
import { runCommand } from "./command.js";
import type { Containers } from "./containers.js";

/** Stays stopped, whatever its restart policy. */
export async function kill(containers: Containers, services: readonly string[]): Promise<void> {
  const ids = await Promise.all(services.map((service) => containers.idOf(service)));
  await containers.docker("kill", "--signal", "KILL", ...ids);
}

/** As a crash: the engine sees the process end, and the restart policy brings it back. */
export async function crash(containers: Containers, service: string): Promise<void> {
  process.kill(await containers.pidOf(service), "SIGKILL");
}

export async function pause(containers: Containers, service: string): Promise<Fault> {
  const id = await containers.idOf(service);
  await containers.docker("pause", id);
  return {
    async heal() {
      await containers.docker("unpause", id);
    },
  };
}

/** From now on no packet passes between these services and these networks, either way, and nobody is told. */
export async function dropPackets(
  containers: Containers,
  services: readonly string[],
  networks: readonly string[],
): Promise<Fault> {
  const subnets = await Promise.all(networks.map((network) => containers.subnetOf(network)));
  return dropAll(containers, services, subnets);
}

/** The same between two services. */
export async function dropBetween(containers: Containers, a: string, b: string): Promise<Fault> {
  return dropAll(containers, [b], await containers.addressesOf(a));
}

async function dropAll(containers: Containers, services: readonly string[], others: readonly string[]): Promise<Fault> {
  const rules = others.flatMap((other) => [
    ["INPUT", "-s", other],
    ["OUTPUT", "-d", other],
  ]);
  const pids = await Promise.all(services.map((service) => containers.pidOf(service)));
  const change = async (how: "-I" | "-D"): Promise<void> => {
    for (const pid of pids)
      for (const rule of rules)
        await runCommand(["nsenter", "-t", String(pid), "-n", "iptables", how, ...rule, "-j", "DROP"]);
  };
  await change("-I");
  return { heal: () => change("-D") };
}

/** Takes a service off a network; it comes back under its own name there, perhaps at another address. */
export async function disconnect(containers: Containers, service: string, network: string): Promise<Fault> {
  const id = await containers.idOf(service);
  const name = containers.networkName(network);
  await containers.docker("network", "disconnect", name, id);
  return {
    async heal() {
      await containers.docker("network", "connect", "--alias", service, name, id);
    },
  };
}

/** Throws the container away and makes another one with the same volumes. */
export async function recreate(containers: Containers, service: string): Promise<void> {
  await containers.docker("rm", "--force", await containers.idOf(service));
  await containers.compose("up", "-d", "--no-deps", service);
}

/** What comes to a service from a network gets no faster than that: the engine's end of its cable lets no more through. */
export async function narrow(
  containers: Containers,
  [service, network]: readonly [string, string],
  bytesPerSecond: number,
): Promise<Fault> {
  const pid = String(await containers.pidOf(service));
  const subnet = await containers.subnetOf(network);
  const own = (await containers.addressesOf(service)).find((address) => isWithin(address, subnet));
  const links = await runCommand(["nsenter", "-t", pid, "-n", "ip", "-o", "addr"]);
  const name = links.split("\n").find((line) => line.includes(` ${own ?? "none"}/`));
  const index = await runCommand(["nsenter", "-t", pid, "-n", "ip", "-o", "link"]);
  const device = name?.trim().split(/\s+/)[1] ?? "";
  const peer = new RegExp(`${device}@if(\\d+):`).exec(index)?.[1];
  const host = (await runCommand(["ip", "-o", "link"]))
    .split("\n")
    .find((line) => line.startsWith(`${peer ?? "none"}: `));
  const veth = host?.trim().split(/\s+/)[1]?.split("@")[0] ?? "";
  if (veth === "") throw new Error(`${service} has no cable to ${network}`);
  const shape = ["rate", `${bytesPerSecond * 8}bit`, "burst", "64kb", "latency", "50ms"];
  await runCommand(["tc", "qdisc", "add", "dev", veth, "root", "tbf", ...shape]);
  return {
    async heal() {
      await runCommand(["tc", "qdisc", "del", "dev", veth, "root"]);
    },
  };
}

function isWithin(address: string, subnet: string): boolean {
  const [base = "", bits = "32"] = subnet.split("/");
  const numberOf = (text: string): number => text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  return Math.floor(numberOf(address) / size) === Math.floor(numberOf(base) / size);
}

/** Throws container and volumes away: the next one starts with empty volumes. */
export async function lose(containers: Containers, service: string): Promise<void> {
  const id = await containers.idOf(service);
  const volumes = await containers.docker(
    "inspect",
    "-f",
    '{{range .Mounts}}{{if eq .Type "volume"}}{{.Name}} {{end}}{{end}}',
    id,
  );
  await containers.docker("rm", "--force", id);
  await containers.docker("volume", "rm", ...volumes.trim().split(" "));
}

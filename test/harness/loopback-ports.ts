/**
 * TCP ports that nobody uses. Below the range that the kernel takes for outgoing connections, so that no connection of
 * the cluster under test grabs the port of a daemon that is down for the moment.
 */
import { createServer } from "node:net";

const lowest = 20_000;
const count = 12_000;

export async function freePorts(wanted: number): Promise<number[]> {
  const ports: number[] = [];
  for (let tries = 0; ports.length < wanted; tries++) {
    if (tries > 1000) throw new Error(`found only ${ports.length} of ${wanted} free ports`);
    const port = lowest + Math.floor(Math.random() * count);
    if (!ports.includes(port) && (await isFree(port))) ports.push(port);
  }
  return ports;
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1" }, () => server.close(() => resolve(true)));
  });
}

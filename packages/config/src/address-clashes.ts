/**
 * Finds addresses that two servers would fight over. Two nodes may both listen on `0.0.0.0:7400` when they run on
 * different machines (containers, say), so the same listening address counts only where the machine is the same.
 */
import type { Address, NodeConfig } from "./cluster.js";
import type { Path } from "./problems.js";
import { formatAddress } from "./quantities.js";

interface Server {
  readonly path: Path;
  readonly node: string;
  readonly listen: Address;
  readonly connect: Address;
}

export function noteAddressClashes(note: (path: Path, message: string) => void, nodes: readonly NodeConfig[]): void {
  const servers = nodes.flatMap((node) =>
    (["grpc", "nbd"] as const).flatMap((key): Server[] => {
      const endpoint = node[key];
      // Port 0 stands for an address that could not be read, and that has been reported.
      if (endpoint === null || endpoint.listen.port === 0 || endpoint.connect.port === 0) return [];
      return [{ path: ["nodes", node.name, key], node: node.name, ...endpoint }];
    }),
  );
  servers.forEach((server, index) => {
    const rival = servers.slice(0, index).find((earlier) => clash(earlier, server));
    if (rival === undefined) return;
    const [key] = rival.path.slice(-1);
    note(
      server.path,
      `${formatAddress(server.connect)} clashes with ${key ?? ""} of ${rival.node}; give each server its own port`,
    );
  });
}

function clash(a: Server, b: Server): boolean {
  if (same(a.connect, b.connect)) return true;
  if (a.listen.port !== b.listen.port) return false;
  const sameMachine = a.node === b.node || a.connect.host === b.connect.host;
  if (isWildcard(a.listen) || isWildcard(b.listen)) return sameMachine;
  return a.listen.host === b.listen.host;
}

function same(a: Address, b: Address): boolean {
  return a.host === b.host && a.port === b.port;
}

/** All interfaces: something to listen on, nothing to connect to. */
export function isWildcard(address: Address): boolean {
  return address.host === "0.0.0.0" || address.host === "::";
}

/**
 * The cluster file of a cluster under test: that of deploy/local in everything but ports, sizes and, where a test asks
 * for it, times and limits. Written as JSON, which is YAML too.
 */
import { writeFile } from "node:fs/promises";
import { freePorts } from "./loopback-ports.js";

export const nodeNames = ["primary-a", "primary-b", "relay-1", "secondary-a", "secondary-b"] as const;
export type TestNode = (typeof nodeNames)[number];
export type TestVolume = "vol-a" | "vol-b";
export type Service = "primary" | "intermediate" | "secondary";

export const primaries = ["primary-a", "primary-b"] as const;
export const secondaries = ["secondary-a", "secondary-b"] as const;
export const mebibyte = 1024 * 1024;

export interface ClusterShape {
  readonly volumeBytes: number;
  readonly hold: string;
  readonly lease: string;
  readonly relayJournal: string;
  readonly secondaryJournal: string;
  /** The nodes whose journals are on a volume of their array; the relay has one for it. The others are on LevelDB. */
  readonly journalVolumes: readonly TestNode[];
}

export const defaultShape: ClusterShape = {
  volumeBytes: 128 * mebibyte,
  hold: "10s",
  lease: "3s",
  relayJournal: "8GiB",
  secondaryJournal: "8GiB",
  journalVolumes: [],
};

export interface NodeAddress {
  readonly service: Service;
  readonly grpcPort: number;
  /** Null on the relay. */
  readonly nbdPort: number | null;
}

export type Addresses = Readonly<Record<TestNode, NodeAddress>>;

/** Picks ports and writes the file. */
export async function writeClusterFile(path: string, shape: ClusterShape): Promise<Addresses> {
  const addresses = await chooseAddresses();
  await writeFile(path, `${JSON.stringify(clusterOf(addresses, shape), null, 2)}\n`);
  return addresses;
}

async function chooseAddresses(): Promise<Addresses> {
  const ports = await freePorts(9);
  const port = (): number => ports.pop() ?? 0;
  const withVolumes = (service: Service): NodeAddress => ({ service, grpcPort: port(), nbdPort: port() });
  return {
    "primary-a": withVolumes("primary"),
    "primary-b": withVolumes("primary"),
    "relay-1": { service: "intermediate", grpcPort: port(), nbdPort: null },
    "secondary-a": withVolumes("secondary"),
    "secondary-b": withVolumes("secondary"),
  };
}

const siteOf = { primary: "east", intermediate: "middle", secondary: "west" } as const;

const arrayOf = {
  "primary-a": "array-a",
  "primary-b": "array-b",
  "relay-1": "array-r",
  "secondary-a": "array-a",
  "secondary-b": "array-b",
} as const;

function clusterOf(addresses: Addresses, shape: ClusterShape) {
  const isOnVolume = (name: TestNode): boolean => shape.journalVolumes.includes(name);
  const nodes = Object.fromEntries(
    nodeNames.map((name) => {
      const { service, grpcPort, nbdPort } = addresses[name];
      const nbd = nbdPort === null ? {} : { nbd: `127.0.0.1:${nbdPort}` };
      const journal = isOnVolume(name) ? { journal: { adapter: "volume", array: arrayOf[name] } } : {};
      return [name, { site: siteOf[service], role: service, grpc: `127.0.0.1:${grpcPort}`, ...nbd, ...journal }];
    }),
  );
  const array = (node: TestNode, disks: number) => ({
    node,
    name: arrayOf[node],
    level: "raid5",
    disks,
    stripeUnit: "64KiB",
  });
  const volume = (name: TestVolume, side: "a" | "b") => ({
    name,
    size: shape.volumeBytes,
    primary: { node: `primary-${side}`, array: `array-${side}` },
    secondary: { node: `secondary-${side}`, array: `array-${side}` },
  });
  const { hold, lease, relayJournal: capacity, secondaryJournal: secondaryCapacity } = shape;
  return {
    cluster: "under-test",
    sites: { east: {}, middle: {}, west: {} },
    nodes,
    arrays: [
      array("primary-a", 4),
      array("primary-b", 4),
      array("secondary-a", 5),
      array("secondary-b", 5),
      ...(isOnVolume("relay-1") ? [array("relay-1", 3)] : []),
    ],
    volumes: [volume("vol-a", "a"), volume("vol-b", "b")],
    groups: [
      {
        name: "g1",
        relay: "relay-1",
        volumes: ["vol-a", "vol-b"],
        fence: "data",
        hold,
        lease,
        journal: { capacity, secondaryCapacity },
      },
    ],
  };
}

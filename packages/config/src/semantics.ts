/**
 * Turns a file of the right shape into a `Cluster` and notes everything that its shape could not say: values that
 * cannot be read, names that do not resolve, things that do not fit. A value that is wrong in itself gets one
 * problem and a stand-in that causes no further ones.
 */
import type { ArrayName, GroupName, NodeName, VolumeName } from "@waystation/contracts/ids";
import { isWildcard, noteAddressClashes } from "./address-clashes.js";
import { buildArrays, type SpaceTaken } from "./array-semantics.js";
import type { Address, Cluster, Endpoint, NodeConfig, SiteConfig, VolumeConfig, VolumePlace } from "./cluster.js";
import { buildGroups } from "./group-semantics.js";
import { checkJournalVolumes, readJournalArray } from "./journal-semantics.js";
import { journalVolumesOf } from "./journal-volumes.js";
import { suggestName, type Path, type Problem } from "./problems.js";
import { readAddress } from "./quantities.js";
import { checkName, checkUnique, listed, quote, readSize, type Note } from "./readers.js";
import type { ClusterFile, NodeRole } from "./schema.js";

const sectorBytes = 4096;

export function buildCluster(file: ClusterFile): { readonly cluster: Cluster; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const note: Note = (path, message) => problems.push({ path, message });
  checkName(note, ["cluster"], file.cluster);
  const sites = buildSites(note, file);
  const nodes = buildNodes(note, file);
  const volumes = buildVolumes(note, file, nodes);
  const groups = buildGroups(note, file, nodes, volumes);
  const journalVolumes = journalVolumesOf({ nodes, volumes, groups });
  checkJournalVolumes(note, file, volumes, journalVolumes);
  const arrays = buildArrays(note, file, nodes, [...volumePlaces(volumes), ...journalVolumes]);
  noteAddressClashes(note, nodes);
  return { cluster: { name: file.cluster, sites, nodes, arrays, volumes, groups }, problems };
}

function buildSites(note: Note, file: ClusterFile): SiteConfig[] {
  if (Object.keys(file.sites).length === 0) note(["sites"], "is empty; expected at least one site");
  return Object.entries(file.sites).map(([name, site]) => {
    checkName(note, ["sites", name], name);
    return { name, description: site.description ?? "" };
  });
}

function buildNodes(note: Note, file: ClusterFile): NodeConfig[] {
  if (Object.keys(file.nodes).length === 0) note(["nodes"], "is empty; expected at least one node");
  return Object.entries(file.nodes).map(([name, node]) => {
    const path = ["nodes", name];
    checkName(note, path, name);
    if (!Object.hasOwn(file.sites, node.site)) {
      note([...path, "site"], `unknown site ${quote(node.site)}; ${suggestName(node.site, Object.keys(file.sites))}`);
    }
    if (node.role === "intermediate" && node.nbd !== undefined) {
      note([...path, "nbd"], "an intermediate node has no volumes to export; leave `nbd` out");
    }
    const grpc = readEndpoint(note, [...path, "grpc"], node.grpc);
    const nbd = node.nbd === undefined ? null : readEndpoint(note, [...path, "nbd"], node.nbd);
    const journalArray = readJournalArray(note, file, name);
    return { name: name as NodeName, site: node.site, role: node.role, grpc, nbd, journalArray };
  });
}

type EndpointText = ClusterFile["nodes"][string]["grpc"];

function readEndpoint(note: Note, path: Path, value: EndpointText): Endpoint {
  const read = (at: Path, text: string): Address => {
    const address = readAddress(text);
    if (address === null) note(at, `${quote(text)} is not an address; expected "host:port", such as "127.0.0.1:7401"`);
    return address ?? { host: "", port: 0 };
  };
  if (typeof value === "string") {
    const both = read(path, value);
    if (isWildcard(both)) {
      note(
        path,
        `others cannot connect to ${both.host}; give { listen: ${quote(value)}, connect: "<host>:${both.port}" }`,
      );
    }
    return { listen: both, connect: both };
  }
  const endpoint = {
    listen: read([...path, "listen"], value.listen),
    connect: read([...path, "connect"], value.connect),
  };
  if (isWildcard(endpoint.connect)) {
    note([...path, "connect"], `others cannot connect to ${endpoint.connect.host}; give a host that they can reach`);
  }
  return endpoint;
}

function buildVolumes(note: Note, file: ClusterFile, nodes: readonly NodeConfig[]): VolumeConfig[] {
  checkUnique(
    note,
    file.volumes.map((volume, index) => ({ key: volume.name, path: ["volumes", index, "name"] })),
  );
  return file.volumes.map((volume, index) => {
    const path = ["volumes", index];
    checkName(note, [...path, "name"], volume.name);
    const sizeBytes = readSize(note, [...path, "size"], volume.size);
    if (sizeBytes === 0) note([...path, "size"], "a volume must hold something; expected at least 4KiB");
    if (sizeBytes !== null && sizeBytes % sectorBytes !== 0) {
      note([...path, "size"], `${sizeBytes} bytes is not a multiple of 4 KiB`);
    }
    const primary = buildPlace(note, { file, nodes, path: [...path, "primary"], role: "primary" }, volume.primary);
    const secondary =
      volume.secondary === undefined
        ? null
        : buildPlace(note, { file, nodes, path: [...path, "secondary"], role: "secondary" }, volume.secondary);
    const group = file.groups.find((candidate) => candidate.volumes.includes(volume.name));
    return {
      name: volume.name as VolumeName,
      sizeBytes: sizeBytes ?? 0,
      primary,
      secondary,
      group: group === undefined ? null : (group.name as GroupName),
    };
  });
}

/** Each volume at each of its places. */
function volumePlaces(volumes: readonly VolumeConfig[]): SpaceTaken[] {
  return volumes.flatMap(({ sizeBytes, primary, secondary }) =>
    [primary, ...(secondary === null ? [] : [secondary])].map((place) => ({ ...place, sizeBytes })),
  );
}

interface PlaceContext {
  readonly file: ClusterFile;
  readonly nodes: readonly NodeConfig[];
  readonly path: Path;
  /** The role that a node must start in to hold this side of a volume. */
  readonly role: NodeRole;
}

function buildPlace(
  note: Note,
  { file, nodes, path, role }: PlaceContext,
  place: { node: string; array: string },
): VolumePlace {
  const node = nodes.find((candidate) => candidate.name === place.node);
  const fitting = nodes.filter((candidate) => candidate.role === role).map((candidate) => candidate.name);
  if (node === undefined) {
    note([...path, "node"], `unknown node ${quote(place.node)}; ${suggestName(place.node, fitting)}`);
  } else {
    if (node.role !== role) {
      note(
        [...path, "node"],
        `${place.node} has role ${node.role}; expected a node of role ${role} (${listed(fitting)})`,
      );
    }
    const arrays = file.arrays.filter((array) => array.node === place.node).map((array) => array.name);
    if (!arrays.includes(place.array)) {
      const right = suggestName(place.array, arrays);
      note([...path, "array"], `${place.node} has no array ${quote(place.array)}; ${right}`);
    }
  }
  return { node: place.node as NodeName, array: place.array as ArrayName };
}

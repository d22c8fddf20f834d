/**
 * Turns a file of the right shape into a `Cluster` and notes everything that its shape could not say: values that
 * cannot be read, names that do not resolve, things that do not fit. A value that is wrong in itself gets one
 * problem and a stand-in that causes no further ones.
 */
import type { NodeName } from "@waystation/contracts/ids";
import { isWildcard, noteAddressClashes } from "./address-clashes.js";
import { buildArrays } from "./array-semantics.js";
import type { Address, Cluster, Endpoint, NodeConfig, SiteConfig } from "./cluster.js";
import { buildGroups } from "./group-semantics.js";
import { checkJournalVolumes, readJournalArray } from "./journal-semantics.js";
import { journalVolumesOf } from "./journal-volumes.js";
import { suggestName, type Path, type Problem } from "./problems.js";
import { readAddress } from "./quantities.js";
import { checkName, quote, type Note } from "./readers.js";
import type { ClusterFile } from "./schema.js";
import { buildVolumes, volumePlaces } from "./volume-semantics.js";

export function buildCluster(file: ClusterFile): { readonly cluster: Cluster; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const note: Note = (path, message) => problems.push({ path, message });
  checkName(note, ["cluster"], file.cluster);
  const sites = buildSites(note, file);
  const nodes = buildNodes(note, file);
  const { volumes, standaloneVolumes } = buildVolumes(note, file, nodes);
  const groups = buildGroups(note, file, nodes, { volumes, standaloneVolumes });
  const journalVolumes = journalVolumesOf({ nodes, volumes, groups });
  const hostVolumes = [...volumePlaces(volumes), ...standaloneVolumes];
  checkJournalVolumes(note, file, hostVolumes, journalVolumes);
  const arrays = buildArrays(note, file, nodes, [...hostVolumes, ...journalVolumes]);
  noteAddressClashes(note, nodes);
  return { cluster: { name: file.cluster, sites, nodes, arrays, volumes, standaloneVolumes, groups }, problems };
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

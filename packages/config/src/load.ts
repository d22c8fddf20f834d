/**
 * Reads `cluster.yaml`: text -> YAML -> shape -> meaning -> a frozen `Cluster`. Whatever is wrong is refused with all
 * of it in one message, one line each: path, place in the file, what is wrong, what would be right.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure, reasonOf } from "@waystation/contracts/errors";
import { isNode, LineCounter, parseDocument, type Document } from "yaml";
import type { ArrayConfig, Cluster, GroupConfig, NodeConfig, VolumeConfig } from "./cluster.js";
import type { ConfigErrorCode } from "./errors.js";
import { isMember, placesOf } from "./journal-volumes.js";
import { formatPath, suggestName, type Path, type Problem } from "./problems.js";
import { buildCluster } from "./semantics.js";
import { checkStructure } from "./structure.js";

/** Reads and checks a file. Rejects with `CONFIG_UNREADABLE` or `CONFIG_INVALID`. */
export async function loadCluster(path: string): Promise<Cluster> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw failure("CONFIG_UNREADABLE", `cannot read ${path}: ${reasonOf(error)}`, error);
  }
  return parseCluster(text, path);
}

/** Checks a text. `source` names it in messages. Throws `CONFIG_INVALID`. */
export function parseCluster(text: string, source: string): Cluster {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: true, logLevel: "error" });
  if (document.errors.length > 0) {
    const lines = document.errors.map((error) => `line ${at(lineCounter, error.pos[0])}: ${error.message}`);
    throw invalid(source, lines);
  }
  const structure = checkStructure(toPlain(document, source));
  const built = structure.file === null ? null : buildCluster(structure.file);
  const problems = [...structure.problems, ...(built?.problems ?? [])];
  if (built === null || problems.length > 0) {
    throw invalid(
      source,
      problems.map((problem) => formatProblem(document, lineCounter, problem)),
    );
  }
  return deepFreeze(built.cluster);
}

/** The node that a daemon was started as. Throws `CONFIG_UNKNOWN_NODE`. */
export function nodeOf(cluster: Cluster, name: string): NodeConfig {
  const node = cluster.nodes.find((candidate) => candidate.name === name);
  if (node !== undefined) return node;
  const known = suggestName(
    name,
    cluster.nodes.map((candidate) => candidate.name),
  );
  throw failure("CONFIG_UNKNOWN_NODE", `cluster ${cluster.name} has no node ${JSON.stringify(name)}; ${known}`);
}

/** The arrays that a node owns. */
export function arraysOf(cluster: Cluster, node: string): readonly ArrayConfig[] {
  return cluster.arrays.filter((array) => array.node === node);
}

/** The volumes that a node holds, on either side. */
export function volumesOf(cluster: Cluster, node: string): readonly VolumeConfig[] {
  return cluster.volumes.filter((volume) => placesOf(volume).some((place) => place.node === node));
}

/** The groups that a node takes part in: as relay, or by holding a volume. */
export function groupsOf(cluster: Cluster, node: string): readonly GroupConfig[] {
  return cluster.groups.filter((group) => isMember(cluster.volumes, group, node));
}

/** One path per disk: those of the file, or directories below the data directory. */
export function diskPaths(array: ArrayConfig, dataDirectory: string): readonly string[] {
  if (array.disks !== null) return array.disks;
  const base = join(dataDirectory, array.node, "arrays", array.name);
  return Array.from({ length: array.diskCount }, (_, index) => join(base, `disk-${index}`));
}

/** The same for its spares. */
export function sparePaths(array: ArrayConfig, dataDirectory: string): readonly string[] {
  if (array.spares !== null) return array.spares;
  const base = join(dataDirectory, array.node, "arrays", array.name);
  return Array.from({ length: array.spareCount }, (_, index) => join(base, `spare-${index}`));
}

function toPlain(document: Document, source: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    // Aliases that expand without end, or that name nothing.
    throw invalid(source, [reasonOf(error)]);
  }
}

function formatProblem(document: Document, lineCounter: LineCounter, problem: Problem): string {
  const offset = offsetOf(document, problem.path);
  const place = offset === null ? "" : ` (line ${at(lineCounter, offset)})`;
  return `${formatPath(problem.path)}${place}: ${problem.message}`;
}

/** Where the value of `path` starts, or the nearest thing around it that the file holds. */
function offsetOf(document: Document, path: Path): number | null {
  for (let length = path.length; length > 0; length--) {
    const found = document.getIn(path.slice(0, length), true);
    if (isNode(found) && found.range) return found.range[0];
  }
  return null;
}

function at(lineCounter: LineCounter, offset: number): string {
  const { line, col } = lineCounter.linePos(offset);
  return `${line}:${col}`;
}

function invalid(source: string, lines: readonly string[]): Failure {
  return failure("CONFIG_INVALID", [`${source} is refused:`, ...lines].join("\n  "));
}

function failure(code: ConfigErrorCode, message: string, cause?: unknown): Failure {
  return new Failure(code, message, cause === undefined ? {} : { cause });
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}

/** What the arrays of a file say: levels that exist, disks enough for them, room enough for what lies on them. */
import type { ArrayName, NodeName } from "@waystation/contracts/ids";
import {
  derivedDiskSizeBytes,
  diskCountMax,
  diskOverheadBytes,
  levelSpaces,
  neededBytes,
  usableBytes,
} from "./array-space.js";
import type { ArrayConfig, ArrayLevel, NodeConfig, VolumePlace } from "./cluster.js";
import { suggestName, type Path } from "./problems.js";
import { formatSize, readPeriodMs } from "./quantities.js";
import { checkName, checkUnique, listed, quote, readSize, type Note } from "./readers.js";
import { defaults, type ClusterFile } from "./schema.js";

const kib = 2 ** 10;
const mib = 2 ** 20;
const scrubMsMin = 60_000;

/** A volume of any kind. */
export interface SpaceTaken extends VolumePlace {
  readonly sizeBytes: number;
}

export function buildArrays(
  note: Note,
  file: ClusterFile,
  nodes: readonly NodeConfig[],
  taken: readonly SpaceTaken[],
): ArrayConfig[] {
  checkUnique(
    note,
    file.arrays.map((array, index) => ({ key: `${array.node}/${array.name}`, path: ["arrays", index, "name"] })),
  );
  const diskPaths = file.arrays.flatMap((array, index) =>
    (["disks", "spares"] as const).flatMap((key) => {
      const paths = array[key];
      if (typeof paths !== "object") return [];
      return paths.map((disk, at) => ({ key: `${array.node}:${disk}`, path: ["arrays", index, key, at] }));
    }),
  );
  checkUnique(note, diskPaths);
  return file.arrays.map((array, index) => {
    const path = ["arrays", index];
    checkName(note, [...path, "name"], array.name);
    checkArrayNode(note, [...path, "node"], array, nodes);
    const { level } = array;
    const { paths: disks, count: diskCount } = readDisks(note, [...path, "disks"], array.disks);
    const { paths: spares, count: spareCount } = readDisks(note, [...path, "spares"], array.spares ?? 0);
    const diskCountFits = checkDiskCount(note, [...path, "disks"], { diskCount, level });
    if (level === "raid0" && spareCount > 0)
      note([...path, "spares"], "raid0 has no redundancy to rebuild a spare from; leave it out");
    const stripeUnitBytes = readStripeUnit(note, [...path, "stripeUnit"], array.stripeUnit ?? defaults.stripeUnit);
    const given = array.diskSize === undefined ? undefined : readSize(note, [...path, "diskSize"], array.diskSize);
    const isHere = (volume: SpaceTaken) => volume.node === array.node && volume.array === array.name;
    const held = taken.filter(isHere).map((volume) => volume.sizeBytes);
    const shape = { level, diskCount, stripeUnitBytes };
    const diskSizeBytes = given ?? derivedDiskSizeBytes(shape, held);
    if (typeof given === "number" && diskCountFits) {
      checkRoom(note, [...path, "diskSize"], { ...shape, diskSizeBytes, held });
    }
    return {
      node: array.node as NodeName,
      name: array.name as ArrayName,
      level,
      diskCount,
      disks,
      spareCount,
      spares,
      stripeUnitBytes,
      diskSizeBytes,
      checksums: array.checksums ?? defaults.checksums,
      scrubEveryMs: readScrub(note, [...path, "scrub", "every"], array.scrub?.every ?? defaults.scrubEvery),
    };
  });
}

interface ArrayOwner {
  readonly node: string;
  readonly name: string;
}

function checkArrayNode(note: Note, path: Path, { node: owner, name }: ArrayOwner, nodes: readonly NodeConfig[]): void {
  const node = nodes.find((candidate) => candidate.name === owner);
  const fitting = nodes.filter((candidate) => candidate.role !== "intermediate").map((candidate) => candidate.name);
  if (node === undefined) note(path, `unknown node ${quote(owner)}; ${suggestName(owner, fitting)}`);
  else if (node.role === "intermediate" && node.journalArray !== name) {
    const right = `{ adapter: volume, array: ${name} }`;
    note(
      path,
      `${owner} has role intermediate, which keeps journals only; expected one of ${listed(fitting)}, or nodes.${owner}.journal: ${right}`,
    );
  }
}

interface DiskPlaces {
  readonly paths: readonly string[] | null;
  readonly count: number;
}

function readDisks(note: Note, path: Path, disks: number | readonly string[]): DiskPlaces {
  if (typeof disks === "number") return { paths: null, count: disks };
  disks.forEach((disk, index) => {
    if (!disk.startsWith("/")) note([...path, index], `${quote(disk)} is not an absolute path`);
  });
  return { paths: disks, count: disks.length };
}

function checkDiskCount(
  note: Note,
  path: Path,
  { diskCount, level }: { readonly diskCount: number; readonly level: ArrayLevel },
): boolean {
  const { disksMin, disksStep } = levelSpaces[level];
  if (diskCount >= disksMin && diskCount <= diskCountMax && diskCount % disksStep === 0) return true;
  const steps = disksStep === 1 ? "" : `, in multiples of ${disksStep}`;
  note(path, `${diskCount} disk${diskCount === 1 ? "" : "s"}; ${level} takes ${disksMin} to ${diskCountMax}${steps}`);
  return false;
}

function readScrub(note: Note, path: Path, text: string): number | null {
  if (text === "never") return null;
  const everyMs = readPeriodMs(text);
  if (everyMs === null) note(path, `${quote(text)} is no period; expected one such as "12h" or "30d", or "never"`);
  else if (everyMs < scrubMsMin) note(path, `${quote(text)} is too often; expected at least 1m`);
  return everyMs;
}

function readStripeUnit(note: Note, path: Path, text: string | number): number {
  const bytes = readSize(note, path, text);
  if (bytes === null) return 64 * kib;
  if (bytes >= 4 * kib && bytes <= mib && Number.isInteger(Math.log2(bytes))) return bytes;
  note(path, `${bytes} bytes is not a stripe unit; expected a power of two from 4KiB to 1MiB`);
  return 64 * kib;
}

interface Room {
  readonly level: ArrayLevel;
  readonly diskCount: number;
  readonly stripeUnitBytes: number;
  readonly diskSizeBytes: number;
  readonly held: readonly number[];
}

function checkRoom(note: Note, path: Path, room: Room): void {
  const usable = usableBytes(room, diskOverheadBytes);
  const needed = neededBytes(room.held);
  if (needed <= usable) return;
  const right = formatSize(derivedDiskSizeBytes(room, room.held));
  const has = `${room.diskCount} disks of ${formatSize(room.diskSizeBytes)} as ${room.level} hold ${formatSize(usable)}`;
  note(path, `the array's volumes take ${formatSize(needed)} but ${has}; use ${right}, or leave diskSize out`);
}

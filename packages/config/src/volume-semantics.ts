/** What the volumes of a file say: of a group, with primary and secondary; or in no group, with node and array. */
import type { ArrayName, GroupName, NodeName, VolumeName } from "@waystation/contracts/ids";
import type { SpaceTaken } from "./array-semantics.js";
import type { NodeConfig, StandaloneVolumeConfig, VolumeConfig, VolumePlace } from "./cluster.js";
import { placesOf } from "./journal-volumes.js";
import { suggestName, type Path } from "./problems.js";
import { checkName, checkUnique, listed, quote, readSize, type Note } from "./readers.js";
import type { ClusterFile, NodeRole } from "./schema.js";

const sectorBytes = 4096;

export interface FileVolumes {
  readonly volumes: readonly VolumeConfig[];
  readonly standaloneVolumes: readonly StandaloneVolumeConfig[];
}

export function buildVolumes(note: Note, file: ClusterFile, nodes: readonly NodeConfig[]): FileVolumes {
  checkUnique(
    note,
    file.volumes.map((volume, index) => ({ key: volume.name, path: ["volumes", index, "name"] })),
  );
  const volumes: VolumeConfig[] = [];
  const standaloneVolumes: StandaloneVolumeConfig[] = [];
  file.volumes.forEach((volume, index) => {
    const path = ["volumes", index];
    checkName(note, [...path, "name"], volume.name);
    const name = volume.name as VolumeName;
    const sizeBytes = readVolumeSize(note, [...path, "size"], volume.size);
    if (isStandalone(note, path, volume)) {
      const where = { node: volume.node ?? "", array: volume.array ?? "" };
      standaloneVolumes.push({ name, sizeBytes, ...buildPlace(note, { file, nodes, path, role: null }, where) });
      return;
    }
    if (volume.primary === undefined) return;
    const primaryAt = { file, nodes, path: [...path, "primary"], role: "primary" } as const;
    const primary = buildPlace(note, primaryAt, volume.primary);
    const secondaries = buildSecondaries(note, { file, nodes, path }, volume);
    const group = file.groups.find((candidate) => candidate.volumes.includes(name));
    volumes.push({
      name,
      sizeBytes,
      primary,
      secondaries,
      group: group === undefined ? null : (group.name as GroupName),
    });
  });
  return { volumes, standaloneVolumes };
}

/** Each volume of a group at each of its places. */
export function volumePlaces(volumes: readonly VolumeConfig[]): (SpaceTaken & { readonly name: VolumeName })[] {
  return volumes.flatMap((volume) =>
    placesOf(volume).map((place) => ({ ...place, name: volume.name, sizeBytes: volume.sizeBytes })),
  );
}

function readVolumeSize(note: Note, path: Path, size: string | number): number {
  const sizeBytes = readSize(note, path, size);
  if (sizeBytes === 0) note(path, "a volume must hold something; expected at least 4KiB");
  if (sizeBytes !== null && sizeBytes % sectorBytes !== 0) {
    note(path, `${sizeBytes} bytes is not a multiple of 4 KiB`);
  }
  return sizeBytes ?? 0;
}

/** Which of the two kinds a volume is; what does not belong to its kind, or is missing of it, is noted. */
function isStandalone(note: Note, path: Path, volume: ClusterFile["volumes"][number]): boolean {
  const { primary, secondary, secondaries, node, array } = volume;
  const inGroup = primary !== undefined || secondary !== undefined || secondaries !== undefined;
  if (inGroup) {
    if (primary === undefined) note([...path, "primary"], "is missing; a volume with a secondary has a primary too");
    for (const [key, value] of Object.entries({ node, array }))
      if (value !== undefined) note([...path, key], "a volume has primary and secondary, or node and array; not both");
    return false;
  }
  if (node === undefined && array === undefined) {
    note([...path, "primary"], "is missing; expected { node, array }, or node and array beside name and size");
    return false;
  }
  if (node === undefined) note([...path, "node"], "is missing; expected the name of the array's node");
  if (array === undefined) note([...path, "array"], "is missing; expected the name of an array of the node");
  return node !== undefined && array !== undefined;
}

function buildSecondaries(
  note: Note,
  { file, nodes, path }: Pick<PlaceContext, "file" | "nodes" | "path">,
  { secondary, secondaries }: ClusterFile["volumes"][number],
): VolumePlace[] {
  if (secondary !== undefined && secondaries !== undefined) {
    note([...path, "secondaries"], "a volume has secondary, or secondaries when there are several; not both");
  }
  const at = (last: Path): PlaceContext => ({ file, nodes, path: [...path, ...last], role: "secondary" });
  if (secondaries === undefined) {
    return secondary === undefined ? [] : [buildPlace(note, at(["secondary"]), secondary)];
  }
  checkUnique(
    note,
    secondaries.map(({ node }, index) => ({ key: node, path: [...path, "secondaries", index, "node"] })),
  );
  return secondaries.map((place, index) => buildPlace(note, at(["secondaries", index]), place));
}

interface PlaceContext {
  readonly file: ClusterFile;
  readonly nodes: readonly NodeConfig[];
  readonly path: Path;
  /** The role that a node must start in to hold this side of a volume; null: any but intermediate. */
  readonly role: Exclude<NodeRole, "intermediate"> | null;
}

function buildPlace(
  note: Note,
  { file, nodes, path, role }: PlaceContext,
  place: { readonly node: string; readonly array: string },
): VolumePlace {
  const node = nodes.find((candidate) => candidate.name === place.node);
  const fits = (candidate: NodeConfig) => (role === null ? candidate.role !== "intermediate" : candidate.role === role);
  const fitting = nodes.filter(fits).map((candidate) => candidate.name);
  if (node === undefined) {
    note([...path, "node"], `unknown node ${quote(place.node)}; ${suggestName(place.node, fitting)}`);
  } else {
    if (!fits(node)) {
      const right = role === null ? "primary or secondary" : role;
      note(
        [...path, "node"],
        `${place.node} has role ${node.role}; expected a node of role ${right} (${listed(fitting)})`,
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

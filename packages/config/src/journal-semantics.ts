/** What the nodes of a file say of their journals: arrays that are theirs, names that are free on them. */
import { isName, type ArrayName } from "@waystation/contracts/ids";
import type { JournalVolumeConfig, VolumePlace } from "./cluster.js";
import { suggestName } from "./problems.js";
import { quote, type Note } from "./readers.js";
import { defaults, type ClusterFile } from "./schema.js";

/** The array that a node keeps its journals on; null with adapter `leveldb`. */
export function readJournalArray(note: Note, file: ClusterFile, node: string): ArrayName | null {
  const path = ["nodes", node, "journal", "array"];
  const journal = file.nodes[node]?.journal;
  const array = journal?.array;
  if ((journal?.adapter ?? defaults.journalAdapter) === "leveldb") {
    if (array !== undefined) note(path, "adapter leveldb needs no array; leave it out, or use adapter volume");
    return null;
  }
  const arrays = file.arrays.filter((candidate) => candidate.node === node).map((candidate) => candidate.name);
  if (array === undefined) {
    note(path, `is missing; adapter volume needs an array of ${node}: ${arrays.join(", ") || "it has none yet"}`);
    return null;
  }
  if (arrays.includes(array)) return array as ArrayName;
  note(path, `${node} has no array ${quote(array)}; ${suggestName(array, arrays)}`);
  return null;
}

interface NamedPlace extends VolumePlace {
  readonly name: string;
}

/** The volumes are named after their groups: no other volume of the array may have that name. */
export function checkJournalVolumes(
  note: Note,
  file: ClusterFile,
  volumes: readonly NamedPlace[],
  journalVolumes: readonly JournalVolumeConfig[],
): void {
  for (const { node, array, group, name } of journalVolumes) {
    const groupIndex = file.groups.findIndex((candidate) => candidate.name === group);
    if (isName(group) && !isName(name)) {
      note(
        ["groups", groupIndex, "name"],
        `${quote(name)} would be the name of its journal volume; use a shorter name`,
      );
    }
    const taken = volumes.some((volume) => volume.name === name && volume.node === node && volume.array === array);
    const index = file.volumes.findIndex((volume) => volume.name === name);
    if (!taken) continue;
    note(["volumes", index, "name"], `${quote(name)} is the name of the journal volume of ${group} on ${node}`);
  }
}

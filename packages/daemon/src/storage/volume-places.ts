/** Which volume of a node is where, and who uses it: what the cluster file says of it, and what the array does. */
import { Failure } from "@waystation/contracts/errors";
import type { NodeName } from "@waystation/contracts/ids";
import type { VolumeUse } from "@waystation/contracts/storage-front";
import type { Cluster } from "@waystation/config/cluster";
import { journalVolumesOf } from "@waystation/config/journal-volumes";
import { volumesOf } from "@waystation/config/load";
import type { VolumeSummary } from "@waystation/volumes/volumes";
import type { OpenArray } from "./array-report.js";

export interface VolumePlace {
  readonly on: OpenArray;
  readonly volume: VolumeSummary;
}

/** Hidden ones too: their names are taken. */
export function allPlaces(arrays: readonly OpenArray[]): VolumePlace[] {
  return arrays.flatMap((on) => on.volumes.list({ hidden: true }).map((volume) => ({ on, volume })));
}

/** A volume as operators may name it: what is hidden belongs to a pair. Throws `VOLUME_NOT_FOUND`. */
export function placeOf(arrays: readonly OpenArray[], name: string): VolumePlace {
  const place = allPlaces(arrays).find(({ volume }) => volume.name === name && !volume.isHidden);
  if (place !== undefined) return place;
  const names = arrays.flatMap(({ volumes }) => volumes.list().map((volume) => volume.name)).join(", ");
  const text = `no volume ${JSON.stringify(name)} on this node; it has: ${names || "none"}`;
  throw new Failure("VOLUME_NOT_FOUND", text);
}

/** Throws `UNKNOWN_ARRAY`. */
export function arrayNamed(arrays: readonly OpenArray[], name: string): OpenArray {
  const found = arrays.find(({ array }) => array.name === name);
  if (found !== undefined) return found;
  const names = arrays.map(({ array }) => array.name).join(", ");
  throw new Failure("UNKNOWN_ARRAY", `no array ${JSON.stringify(name)} on this node; it has: ${names || "none"}`);
}

export interface VolumeUses {
  of(name: string): VolumeUse;
  /** Throws `VOLUME_IN_USE` where a volume belongs to a group or to a journal, and says to which. */
  checkStandalone(name: string): void;
  /** The cluster file was read again. */
  follow(cluster: Cluster): void;
}

/** By the cluster file. */
export function volumeUses(cluster: Cluster, node: NodeName): VolumeUses {
  let owners = ownersIn(cluster, node);
  return {
    follow(next) {
      owners = ownersIn(next, node);
    },
    of: (name) => owners.get(name)?.use ?? "standalone",
    checkStandalone(name) {
      const owner = owners.get(name);
      if (owner === undefined) return;
      const text = `volume ${name} ${owner.text}: only volumes in no group can be copied, paired or deleted by command`;
      throw new Failure("VOLUME_IN_USE", text);
    },
  };
}

function ownersIn(cluster: Cluster, node: NodeName) {
  const owners = new Map<string, { readonly use: VolumeUse; readonly text: string }>();
  for (const { name, group } of volumesOf(cluster, node))
    owners.set(name, { use: "replicated", text: group === null ? "waits for a group (SMPL)" : `is in group ${group}` });
  for (const journal of journalVolumesOf(cluster))
    if (journal.node === node)
      owners.set(journal.name, { use: "journal", text: `holds the journal of group ${journal.group}` });
  return owners;
}

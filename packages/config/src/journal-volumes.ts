/** Which journals of a cluster lie on volumes: one volume per group, on the array that its node names. */
import type { VolumeName } from "@waystation/contracts/ids";
import type { GroupConfig, JournalVolumeConfig, NodeConfig, VolumeConfig, VolumePlace } from "./cluster.js";

/** What membership is decided by. */
interface Members {
  readonly nodes: readonly NodeConfig[];
  readonly volumes: readonly VolumeConfig[];
  readonly groups: readonly GroupConfig[];
}

/** Whether a node takes part in a group: as its relay, or by holding one of its volumes. */
export function isMember(volumes: readonly VolumeConfig[], group: GroupConfig, node: string): boolean {
  const holds = (volume: VolumeConfig) => placesOf(volume).some((place) => place.node === node);
  return group.relay === node || volumes.some((volume) => volume.group === group.name && holds(volume));
}

/** Everywhere that the volume is kept. */
export function placesOf({ primary, secondaries }: VolumeConfig): readonly VolumePlace[] {
  return [primary, ...secondaries];
}

/** How much the journal of a group may hold on a node. */
export function journalBytesOf(group: GroupConfig, node: string): number {
  return group.relay === node ? group.relayJournalBytes : group.secondaryJournalBytes;
}

export function journalVolumesOf({ nodes, volumes, groups }: Members): JournalVolumeConfig[] {
  return nodes.flatMap(({ name: node, journalArray: array }) => {
    if (array === null) return [];
    const own = groups.filter((group) => isMember(volumes, group, node));
    return own.map((group): JournalVolumeConfig => {
      const name = `journal-${group.name}` as VolumeName;
      return { node, array, group: group.name, name, sizeBytes: journalBytesOf(group, node) };
    });
  });
}

/** The volumes that the cluster file names on one array: created where they are new, opened where they are not open yet. */
import type { DurableBlockStore } from "@waystation/contracts/block-device";
import type { GroupName, VolumeName } from "@waystation/contracts/ids";
import type { ArrayConfig, Cluster } from "@waystation/config/cluster";
import { journalVolumesOf, placesOf } from "@waystation/config/journal-volumes";
import { volumesOf } from "@waystation/config/load";
import type { Volumes } from "@waystation/volumes/volumes";
import { daemonFailure } from "../errors.js";

export interface OpenStores {
  readonly stores: Map<VolumeName, DurableBlockStore>;
  /** The journal volumes, by group. */
  readonly journalStores: Map<GroupName, DurableBlockStore>;
}

export async function openConfiguredVolumes(
  volumes: Volumes,
  config: ArrayConfig,
  cluster: Cluster,
  { stores, journalStores }: OpenStores,
): Promise<void> {
  for (const volume of volumesOf(cluster, config.node)) {
    const { name, sizeBytes } = volume;
    const place = placesOf(volume).find(({ node }) => node === config.node);
    if (place?.array !== config.name || stores.has(name)) continue;
    stores.set(name, await openOrCreateVolume(volumes, { name, sizeBytes, array: config.name }));
  }
  for (const { node, array: place, group, name, sizeBytes } of journalVolumesOf(cluster)) {
    if (node !== config.node || place !== config.name || journalStores.has(group)) continue;
    journalStores.set(group, await openOrCreateVolume(volumes, { name, sizeBytes, array: config.name }));
  }
}

interface WantedVolume {
  readonly name: VolumeName;
  readonly sizeBytes: number;
  readonly array: string;
}

/** Rejects with `VOLUME_SIZE_CHANGED`. */
export async function ensureVolume(volumes: Volumes, { name, sizeBytes, array }: WantedVolume): Promise<void> {
  const existing = volumes.list().find((volume) => volume.name === name);
  if (existing === undefined) await volumes.create(name, sizeBytes);
  else if (existing.sizeBytes !== sizeBytes)
    throw daemonFailure(
      "VOLUME_SIZE_CHANGED",
      `volume ${name} has ${existing.sizeBytes} bytes on array ${array}, and ${sizeBytes} in the cluster file: volumes cannot be resized, put the old size back`,
    );
}

async function openOrCreateVolume(volumes: Volumes, wanted: WantedVolume): Promise<DurableBlockStore> {
  await ensureVolume(volumes, wanted);
  return volumes.open(wanted.name);
}

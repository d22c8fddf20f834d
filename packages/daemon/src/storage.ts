/**
 * What a node stores on: its arrays, the volumes and the journal volumes on them, created at the first start and opened
 * at every other one. An array that existed once is never created again: disks that are not mounted must not look like
 * a new array full of zeros.
 */
import { join } from "node:path";
import type { DurableBlockStore } from "@waystation/contracts/block-device";
import type { GroupName, NodeName, VolumeName } from "@waystation/contracts/ids";
import type { Log } from "@waystation/contracts/log";
import type { ArrayConfig, Cluster } from "@waystation/config/cluster";
import { journalVolumesOf } from "@waystation/config/journal-volumes";
import { arraysOf, diskPaths, volumesOf } from "@waystation/config/load";
import { openArray, type RaidArray } from "@waystation/raid/io/array";
import { createArray, inspectArray } from "@waystation/raid/io/create-array";
import { fileDisk } from "@waystation/raid/io/file-disk";
import type { ArrayStatus } from "@waystation/replication/status";
import { openVolumes, type Volumes } from "@waystation/volumes/volumes";
import { makeFolderDurably, readFileIfThere, writeFileDurably } from "./durable-file.js";
import { daemonFailure } from "./errors.js";

export interface Storage {
  readonly stores: ReadonlyMap<VolumeName, DurableBlockStore>;
  /** The journal volumes, by group. */
  readonly journalStores: ReadonlyMap<GroupName, DurableBlockStore>;
  arrays(): readonly ArrayStatus[];
  close(): Promise<void>;
}

interface NodeStorageOptions {
  readonly cluster: Cluster;
  readonly node: NodeName;
}

export async function openStorage(
  options: NodeStorageOptions & { readonly dataDirectory: string; readonly log: Log },
): Promise<Storage> {
  const { cluster, node, dataDirectory, log } = options;
  const arrays: RaidArray[] = [];
  const stores = new Map<VolumeName, DurableBlockStore>();
  const journalStores = new Map<GroupName, DurableBlockStore>();
  const close = async (): Promise<void> => {
    for (const array of arrays) await array.close();
  };
  try {
    for (const config of arraysOf(cluster, node)) {
      const array = await openOrCreateArray(config, dataDirectory, log);
      arrays.push(array);
      await openVolumesOn(array, config, cluster, { stores, journalStores });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { stores, journalStores, arrays: () => arrays.map(toStatus), close };
}

async function openOrCreateArray(config: ArrayConfig, dataDirectory: string, log: Log): Promise<RaidArray> {
  const { name, level, stripeUnitBytes: unitBytes, diskSizeBytes: diskBytes, diskCount } = config;
  const folder = join(dataDirectory, config.node, "arrays");
  const marker = join(folder, `${name}.json`);
  await makeFolderDurably(folder);
  const disks = diskPaths(config, dataDirectory).map((path) => fileDisk(path));
  const existed = (await readFileIfThere(marker)) !== null;
  const presence = await inspectArray(disks);
  if (presence !== "present" && existed)
    throw daemonFailure(
      "ARRAY_GONE",
      `array ${name} was created here, but none of its disks is found: are they mounted? (${disks.map(({ file }) => file).join(", ")}) To start it empty, remove ${marker}`,
    );
  if (presence !== "present") await createArray({ name, level, unitBytes, disks, diskBytes });
  if (!existed) await writeFileDurably(marker, `${JSON.stringify({ format: 1, level, diskCount, unitBytes })}\n`);
  return openArray({ disks, expect: { name, level, diskCount, unitBytes }, log });
}

async function openVolumesOn(
  array: RaidArray,
  config: ArrayConfig,
  cluster: Cluster,
  { stores, journalStores }: OpenStores,
): Promise<void> {
  const volumes = await openVolumes(array);
  for (const { name, sizeBytes, primary, secondary } of volumesOf(cluster, config.node)) {
    const place = primary.node === config.node ? primary : secondary;
    if (place?.array !== config.name) continue;
    stores.set(name, await openOrCreateVolume(volumes, { name, sizeBytes, array: config.name }));
  }
  for (const { node, array: place, group, name, sizeBytes } of journalVolumesOf(cluster)) {
    if (node !== config.node || place !== config.name) continue;
    journalStores.set(group, await openOrCreateVolume(volumes, { name, sizeBytes, array: config.name }));
  }
}

interface OpenStores {
  readonly stores: Map<VolumeName, DurableBlockStore>;
  readonly journalStores: Map<GroupName, DurableBlockStore>;
}

interface WantedVolume {
  readonly name: VolumeName;
  readonly sizeBytes: number;
  readonly array: string;
}

async function openOrCreateVolume(
  volumes: Volumes,
  { name, sizeBytes, array }: WantedVolume,
): Promise<DurableBlockStore> {
  const existing = volumes.list().find((volume) => volume.name === name);
  if (existing === undefined) await volumes.create(name, sizeBytes);
  else if (existing.sizeBytes !== sizeBytes)
    throw daemonFailure(
      "VOLUME_SIZE_CHANGED",
      `volume ${name} has ${existing.sizeBytes} bytes on array ${array}, and ${sizeBytes} in the cluster file: volumes cannot be resized, put the old size back`,
    );
  return volumes.open(name);
}

function toStatus(array: RaidArray): ArrayStatus {
  const { status, disks, lostBytes } = array.state();
  const problems = disks
    .filter((disk) => disk.state !== "active")
    .map(({ slot, file, reason }) => `disk ${slot} (${file ?? "not found"}): ${reason}`);
  if (lostBytes > 0) problems.push(`${lostBytes} bytes cannot be read until they are written again`);
  return { name: array.name, level: array.geometry.level, state: status, usableBytes: array.sizeBytes, problems };
}

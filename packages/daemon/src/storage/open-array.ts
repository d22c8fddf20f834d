/**
 * One array of a node: created at the first start, opened at every other one. An array that existed once is never created
 * again: disks that are not mounted must not look like a new array full of zeros.
 */
import { join } from "node:path";
import type { Log } from "@waystation/contracts/log";
import type { ArrayConfig } from "@waystation/config/cluster";
import { diskPaths, sparePaths } from "@waystation/config/load";
import { openArray, type RaidArray } from "@waystation/raid/io/array";
import { createArray } from "@waystation/raid/io/create-array";
import { inspectArray } from "@waystation/raid/io/inspect-disk";
import { fileDisk } from "@waystation/raid/io/file-disk";
import { makeFolderDurably, readFileIfThere, writeFileDurably } from "../durable-file.js";
import { daemonFailure } from "../errors.js";

export interface ArrayPlace {
  readonly dataDirectory: string;
  readonly log: Log;
}

export async function openOrCreateArray(config: ArrayConfig, { dataDirectory, log }: ArrayPlace): Promise<RaidArray> {
  const { name, level, stripeUnitBytes: unitBytes, diskSizeBytes: diskBytes, diskCount } = config;
  const folder = join(dataDirectory, config.node, "arrays");
  const marker = join(folder, `${name}.json`);
  await makeFolderDurably(folder);
  const disks = diskPaths(config, dataDirectory).map((path) => fileDisk(path));
  const spares = sparePaths(config, dataDirectory).map((path) => fileDisk(path));
  const existed = (await readFileIfThere(marker)) !== null;
  const presence = await inspectArray([...disks, ...spares]);
  if (presence !== "present" && existed)
    throw daemonFailure(
      "ARRAY_GONE",
      `array ${name} was created here, but none of its disks is found: are they mounted? (${disks.map(({ file }) => file).join(", ")}) To start it empty, remove ${marker}`,
    );
  const { checksums } = config;
  if (presence !== "present") await createArray({ name, level, unitBytes, disks, diskBytes, checksums });
  if (!existed) await writeFileDurably(marker, `${JSON.stringify({ format: 1, level, diskCount, unitBytes })}\n`);
  return openArray({ disks, spares, expect: { name, level, diskCount, unitBytes, checksums }, log });
}

/**
 * A node's data directory:
 *
 *     DATA/NODE/node.json              whose data this is; written first, never changed
 *     DATA/NODE/journals/GROUP/        one LevelDB per group; its lock keeps a second daemon out
 *                                      (a journal on a volume has its index here, and volume journal-GROUP on an array)
 *     DATA/NODE/arrays/ARRAY/disk-N/   one directory per disk, so that each may be its own mount
 *
 *     DATA/NODE/arrays/ARRAY.json      written once the array exists: it must never be created again
 *     DATA/NODE/journal-GROUP.json     the same for the journal of a group; beside it, not on the journals' own mount
 */
import { join } from "node:path";
import { reasonOf } from "@waystation/contracts/errors";
import { makeFolderDurably, readFileIfThere, writeFileDurably } from "./durable-file.js";
import { daemonFailure } from "./errors.js";

interface Identity {
  readonly format: 1;
  readonly cluster: string;
  readonly node: string;
}

export interface DataDirectoryOptions {
  readonly dataDirectory: string;
  readonly cluster: string;
  readonly node: string;
}

/** Creates the directory at the first start, and checks at every other one that it belongs to this node. */
export async function openDataDirectory({ dataDirectory, cluster, node }: DataDirectoryOptions): Promise<string> {
  const directory = join(dataDirectory, node);
  const wanted: Identity = { format: 1, cluster, node };
  try {
    await makeFolderDurably(directory);
    const path = join(directory, "node.json");
    const found = await readIdentity(path);
    if (found === null) await writeFileDurably(path, `${JSON.stringify(wanted)}\n`);
    else refuseForeign(directory, found, wanted);
  } catch (error) {
    if (error instanceof Error && "syscall" in error)
      throw daemonFailure(
        "DATA_DIRECTORY_UNUSABLE",
        `the data directory ${directory} cannot be used: ${error.message}`,
        error,
      );
    throw error;
  }
  return directory;
}

async function readIdentity(path: string): Promise<Identity | null> {
  const text = await readFileIfThere(path);
  if (text === null) return null;
  try {
    const value = JSON.parse(text) as Partial<Identity>;
    if (value.format === 1 && typeof value.cluster === "string" && typeof value.node === "string")
      return value as Identity;
  } catch (error) {
    throw daemonFailure("DATA_DIRECTORY_DAMAGED", damagedText(path, reasonOf(error)), error);
  }
  throw daemonFailure("DATA_DIRECTORY_DAMAGED", damagedText(path, "it is not of format 1"));
}

function damagedText(path: string, why: string): string {
  return `${path} is damaged (${why}): restore it from another copy, or move the directory away to start this node empty`;
}

function refuseForeign(directory: string, found: Identity, wanted: Identity): void {
  if (found.cluster === wanted.cluster && found.node === wanted.node) return;
  throw daemonFailure(
    "DATA_DIRECTORY_FOREIGN",
    `${directory} belongs to node ${found.node} of cluster ${found.cluster}, not to ${wanted.node} of ${wanted.cluster}: give another --data`,
  );
}

/**
 * Small files that are there whole or not at all, whatever happens: written aside, synced, renamed, folder synced. And
 * folders whose names are durable: what is synced in a folder is lost with the folder's own name.
 */
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname, resolve } from "node:path";

export async function writeFileDurably(path: string, text: string): Promise<void> {
  const aside = `${path}.new`;
  const file = await open(aside, "w");
  try {
    await file.writeFile(text);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(aside, path);
  await syncFolder(dirname(path));
}

/**
 * Makes a folder and what is missing above it. The folder that holds it is synced even if there was nothing to make: a
 * start that was killed may have made it, and not got any further.
 */
export async function makeFolderDurably(path: string): Promise<void> {
  const made = await mkdir(path, { recursive: true });
  const last = dirname(resolve(made ?? path));
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    await syncFolder(folder);
    if (folder === last) return;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Null when there is no such file. */
export async function readFileIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

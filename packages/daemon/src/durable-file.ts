/** Small files that are there whole or not at all, whatever happens: written aside, synced, renamed, folder synced. */
import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";

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
  const folder = await open(dirname(path), "r");
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

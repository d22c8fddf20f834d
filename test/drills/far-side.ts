/**
 * What an operator would look at on a volume after a takeover, by ordinary programs: a copy of the export by nbdcopy,
 * the journal of its file system replayed and nothing else repaired, then a full check, and every file's digest.
 */
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { run, succeed } from "../harness/programs.js";
import { digestOf, type FileSystemImage } from "./file-system-image.js";
import { liveFileDigest, liveFolder } from "./mounted-volume.js";

export interface FarSideVolume {
  readonly uri: string;
  readonly image: FileSystemImage;
  /** Live files 1..this were synced before the disaster. */
  readonly liveFiles: number;
}

/** Throws with what is wrong. Returns how many files were found as they should be. */
export async function checkFileSystem(folder: string, { uri, image, liveFiles }: FarSideVolume): Promise<number> {
  const copy = join(folder, "far-side.img");
  const files = join(folder, "far-side.files");
  await mkdir(files, { recursive: true });
  try {
    await succeed("nbdcopy", [uri, copy]);
    await checkConsistent(copy);
    // Ownership cannot always be restored, and is none of our business: files and their bytes are.
    await succeed("debugfs", ["-R", `rdump / ${files}`, copy]);
    const wrong = await wrongFiles(files, image.digests);
    for (let n = 1; n <= liveFiles; n++) {
      const path = join(liveFolder, String(n));
      if ((await digestAt(join(files, path))) !== liveFileDigest(n)) wrong.push(`${path} (synced before the disaster)`);
    }
    if (wrong.length > 0)
      throw new Error(`${uri}: ${wrong.length} files are missing or wrong: ${wrong.slice(0, 5).join(", ")}`);
    return image.digests.size + liveFiles;
  } finally {
    await rm(files, { recursive: true, force: true });
    await rm(copy, { force: true });
  }
}

async function checkConsistent(copy: string): Promise<void> {
  const replay = await run("e2fsck", ["-f", "-p", "-E", "journal_only", copy]);
  // 1: something was changed, here the replay.
  if (replay.exitCode > 1) throw new Error(`e2fsck could not replay the journal: ${replay.stdout}${replay.stderr}`);
  const check = await run("e2fsck", ["-f", "-n", copy]);
  if (check.exitCode !== 0) throw new Error(`e2fsck is not content after the replay: ${check.stdout}${check.stderr}`);
}

async function wrongFiles(root: string, digests: ReadonlyMap<string, string>): Promise<string[]> {
  const wrong: string[] = [];
  for (const [path, digest] of digests) if ((await digestAt(join(root, path))) !== digest) wrong.push(path);
  return wrong;
}

async function digestAt(path: string): Promise<string | null> {
  try {
    return digestOf(await readFile(path));
  } catch {
    return null;
  }
}

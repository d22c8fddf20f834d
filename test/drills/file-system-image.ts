/** An ext4 image with real files, several hundred of the checkout's own dependencies, and a digest of each. */
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { repositoryRoot } from "../harness/repository.js";
import { succeed } from "../harness/programs.js";
import { mebibyte } from "../harness/cluster-file.js";

export interface FileSystemImage {
  readonly path: string;
  /** Of each file, by its path below the root of the file system. */
  readonly digests: ReadonlyMap<string, string>;
}

/** Less than the volumes, whose ends belong to the dependent writes. */
export const imageBytes = 96 * mebibyte;
const filesPerImage = 400;
const fileBytesMax = 256 * 1024;

/** Makes one image per name in `folder`, each with files of its own. */
export async function makeImages(folder: string, names: readonly string[]): Promise<FileSystemImage[]> {
  const candidates = await dependencyFiles();
  const needed = filesPerImage * names.length;
  if (candidates.length < needed)
    throw new Error(`node_modules has ${candidates.length} files, the images need ${needed}: run 'npm ci' first`);
  // Evenly over all packages: sources, JSON, licenses, binaries, in deep and shallow folders.
  const stride = candidates.length / needed;
  const chosen = Array.from({ length: needed }, (_, i) => candidates[Math.floor(i * stride)] ?? "");
  const images: FileSystemImage[] = [];
  for (const [index, name] of names.entries()) {
    const files = chosen.filter((_, i) => i % names.length === index);
    images.push(await makeImage(join(folder, name), files));
  }
  return images;
}

async function makeImage(base: string, files: readonly string[]): Promise<FileSystemImage> {
  const root = join(repositoryRoot, "node_modules");
  const staged = `${base}.files`;
  const digests = new Map<string, string>();
  await mkdir(staged, { recursive: true });
  for (const file of files) {
    const path = relative(root, file);
    await cp(file, join(staged, path));
    digests.set(path, digestOf(await readFile(join(staged, path))));
  }
  const path = `${base}.ext4`;
  const extended = "nodiscard,lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0";
  await succeed("mke2fs", [
    "-q",
    "-t",
    "ext4",
    "-b",
    "4096",
    "-E",
    extended,
    "-d",
    staged,
    path,
    `${imageBytes / 1024}k`,
  ]);
  return { path, digests };
}

async function dependencyFiles(): Promise<string[]> {
  const root = join(repositoryRoot, "node_modules");
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const own = files.filter((file) => !relative(root, file).startsWith(".")).sort();
  const sizes = await Promise.all(own.map(async (file) => (await stat(file)).size));
  return own.filter((_, i) => (sizes[i] ?? 0) <= fileBytesMax);
}

export function digestOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

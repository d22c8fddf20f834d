/**
 * A copy of the built packages in a folder of its own, in which mutants live: the checkout is never touched. Third-party
 * packages are linked; ours are copied, with `node_modules/@waystation` pointing at the copies. A patch goes into the
 * sources, and each file that it touches is compiled again by itself, without a type check.
 */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import typescript from "typescript";
import { repositoryRoot } from "../harness/repository.js";

const ownScope = "@waystation";
const copiedFiles = ["package.json", "vitest.config.js", "tsconfig.base.json"];
/** The gRPC services are loaded from the protos. */
const copiedFolders = ["packages", "proto"];

export interface SourceCopy {
  readonly folder: string;
  /** Applies a patch, runs `action`, and puts everything back. Rejects when the patch does not apply. */
  mutated<T>(patchFile: string, action: () => Promise<T>): Promise<T>;
  remove(): Promise<void>;
}

export const patchFolder = join(repositoryRoot, "test", "mutants");

export function patchFileOf(mutant: string): string {
  return join(patchFolder, `${mutant}.patch`);
}

export async function makeSourceCopy(): Promise<SourceCopy> {
  const folder = await mkdtemp(join(tmpdir(), "waystation-mutants-"));
  for (const file of copiedFiles) await cp(join(repositoryRoot, file), join(folder, file));
  for (const part of copiedFolders) await cp(join(repositoryRoot, part), join(folder, part), { recursive: true });
  await linkModules(join(repositoryRoot, "node_modules"), join(folder, "node_modules"));
  return {
    folder,
    async mutated(patchFile, action) {
      const touched = filesOf(await readFile(patchFile, "utf8")).map((file) => join(folder, file));
      const before = await Promise.all(touched.flatMap((file) => [file, compiledPlace(file)]).map(remember));
      try {
        // Inside a checkout git would take the patch's paths from its root, and skip what is not below `folder`.
        const env = { ...process.env, GIT_CEILING_DIRECTORIES: dirname(folder) };
        await promisify(execFile)("git", ["apply", patchFile], { cwd: folder, env });
        for (const file of touched) await compile(file);
        return await action();
      } finally {
        for (const { file, content } of before) await writeFile(file, content);
      }
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function linkModules(from: string, to: string): Promise<void> {
  await mkdir(join(to, ownScope), { recursive: true });
  for (const name of await readdir(from))
    if (!name.startsWith(".") && name !== ownScope) await symlink(join(from, name), join(to, name));
  // Relative links, so that the same ones lead to the copies.
  for (const name of await readdir(join(from, ownScope)))
    await symlink(await readlink(join(from, ownScope, name)), join(to, ownScope, name));
}

/** The files that a patch changes, relative to the root. */
export function filesOf(patch: string): string[] {
  return [...patch.matchAll(/^\+\+\+ b\/(.+)$/gm)].map(([, file]) => file ?? "");
}

/** packages/<name>/src/x.ts -> packages/<name>/dist/x.js */
function compiledPlace(file: string): string {
  return file.replace("/src/", "/dist/").replace(/\.ts$/, ".js");
}

async function remember(file: string): Promise<{ readonly file: string; readonly content: Buffer }> {
  return { file, content: await readFile(file) };
}

async function compile(file: string): Promise<void> {
  const { target, module } = { target: typescript.ScriptTarget.ES2023, module: typescript.ModuleKind.ESNext };
  const compilerOptions = { target, module, verbatimModuleSyntax: true };
  const { outputText } = typescript.transpileModule(await readFile(file, "utf8"), { compilerOptions });
  await writeFile(compiledPlace(file), outputText);
}

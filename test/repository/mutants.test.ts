/** The mutants are kept applicable here, quickly; whether each is caught is what `npm run mutants` finds out. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { catalogue } from "../mutants/catalogue.js";
import { patchFileOf, patchFolder } from "../mutants/source-copy.js";
import { repositoryRoot } from "../harness/repository.js";

const powerPatchFolder = join(repositoryRoot, "test", "drills", "power", "mutants");

describe("the mutants", () => {
  it("are all in the catalogue, each once", async () => {
    const patches = (await readdir(patchFolder)).filter((file) => file.endsWith(".patch")).sort();
    expect(catalogue.map(({ name }) => `${name}.patch`).sort()).toEqual(patches);
  });

  it("apply to the present sources, and so do those of the power drill", async () => {
    const ofDrill = (await readdir(powerPatchFolder)).map((file) => join(powerPatchFolder, file));
    const failures: string[] = [];
    for (const patch of [...catalogue.map(({ name }) => patchFileOf(name)), ...ofDrill]) {
      await promisify(execFile)("git", ["apply", "--check", patch], { cwd: repositoryRoot }).catch((error: unknown) => {
        failures.push(error instanceof Error ? error.message : String(error));
      });
    }
    expect(failures).toEqual([]);
  });

  it("name tests that exist", () => {
    const files = catalogue.flatMap(({ catcher }) => (catcher.kind === "unit-tests" ? [catcher.file] : []));
    expect(files.filter((file) => !existsSync(join(repositoryRoot, file)))).toEqual([]);
  });
});

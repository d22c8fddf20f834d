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

describe("the mutants", () => {
  it("are all in the catalogue, each once", async () => {
    const patches = (await readdir(patchFolder)).filter((file) => file.endsWith(".patch")).sort();
    expect(catalogue.map(({ name }) => `${name}.patch`).sort()).toEqual(patches);
  });

  it("apply to the present sources", async () => {
    const failures: string[] = [];
    for (const { name } of catalogue) {
      const check = ["apply", "--check", patchFileOf(name)];
      await promisify(execFile)("git", check, { cwd: repositoryRoot }).catch((error: unknown) => {
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

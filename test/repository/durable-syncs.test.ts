/** The table of what power cuts must notice is as long as the product's list of syncs. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { durableSyncs, syncing } from "../drills/power/syncs.js";
import { repositoryRoot } from "../harness/repository.js";

const packages = ["raid", "journal", "daemon"];
/** Media of tests, which lose what is not synced by themselves. */
const forTests = /\.test\.ts$|conformance|lossy|faulty|volatile|memory|testing/;

async function filesThatSync(): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const name of packages) {
    const folder = join("packages", name, "src");
    for (const entry of await readdir(join(repositoryRoot, folder), { recursive: true })) {
      if (!entry.endsWith(".ts") || forTests.test(entry)) continue;
      const lines = (await readFile(join(repositoryRoot, folder, entry), "utf8")).split("\n");
      const code = lines.filter((line) => !/^\s*(\*|\/\/|\/\*)/.test(line));
      const count = code.filter((line) => syncing.test(line)).length;
      if (count > 0) found.set(join(folder, entry), count);
    }
  }
  return found;
}

describe("the power drill's table of syncs", () => {
  it("A3, B2: has a row for every sync in the product", async () => {
    const listed = (file: string): number => durableSyncs.filter((sync) => sync.file === file).length;
    const missing = [...(await filesThatSync())].filter(([file, count]) => listed(file) < count);
    expect(missing).toEqual([]);
  });

  it("names files that there are, and has a patch for each mutant", async () => {
    const patches = [
      ...(await readdir(join(repositoryRoot, "test", "mutants"))),
      ...(await readdir(join(repositoryRoot, "test", "drills", "power", "mutants"))),
    ];
    for (const { file, shownBy } of durableSyncs) {
      expect(await readFile(join(repositoryRoot, file), "utf8")).not.toBe("");
      if ("mutant" in shownBy) expect(patches).toContain(`${shownBy.mutant}.patch`);
    }
  });
});

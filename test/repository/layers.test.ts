/** The lint keeps the layers of docs/ARCHITECTURE.md: imports point down only, no cycles, pure cores stay pure. */
import { resolve } from "node:path";
import { ESLint } from "eslint";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");

/** The rules that the lint reports for a text as if it stood at `path`, or for the file there. */
async function reported(path: string, text?: string): Promise<string[]> {
  const eslint = new ESLint({ cwd: root, ignore: false });
  const results =
    text === undefined
      ? await eslint.lintFiles([path])
      : await eslint.lintText(text, { filePath: resolve(root, path) });
  return results.flatMap(({ messages }) => messages.map(({ ruleId }) => ruleId ?? "fatal"));
}

describe("the layer rules", () => {
  it("refuse an import that points up: replication of node", async () => {
    const text = 'import { createNode } from "@waystation/node/node";\nexport const up = createNode;\n';
    expect(await reported("packages/replication/src/limits.ts", text)).toContain("no-restricted-imports");
  });

  it("refuse siblings of one level: journal of raid", async () => {
    const text = 'import { openArray } from "@waystation/raid/array";\nexport const sideways = openArray;\n';
    expect(await reported("packages/journal/src/errors.ts", text)).toContain("no-restricted-imports");
  });

  it("refuse another package by a relative path", async () => {
    const text = 'import { isName } from "../../../packages/contracts/src/ids.js";\nexport const around = isName;\n';
    expect(await reported("packages/journal/src/errors.ts", text)).toContain("no-restricted-imports");
  });

  it("allow an import that points down", async () => {
    const text = 'import { isName } from "@waystation/contracts/ids";\nexport const down = isName;\n';
    expect(await reported("packages/journal/src/errors.ts", text)).not.toContain("no-restricted-imports");
  });

  it("refuse a cycle", async () => {
    expect(await reported("test/fixtures/layers/cycle-one.ts")).toContain("import-x/no-cycle");
  });

  it("refuse a clock, a promise or a node module in a pure core", async () => {
    const text =
      'import { readFileSync } from "node:fs";\nexport const impure = () => [Date.now(), Promise, readFileSync];\n';
    const rules = await reported("packages/replication/src/limits.ts", text);
    expect(rules.filter((rule) => rule === "no-restricted-globals")).toHaveLength(2);
    expect(rules).toContain("no-restricted-syntax");
  });

  it("refuse process below the services", async () => {
    const text = "export const home = process.env;\n";
    expect(await reported("packages/journal/src/errors.ts", text)).toContain("no-restricted-globals");
  });
});

/** docs/errors.md has a row for every code that the sources fail with, and for no other. */
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { refusalTexts } from "@waystation/replication/takeover-outcome";
import { termRefusalTexts } from "@waystation/replication/term-outcome";

const root = resolve(import.meta.dirname, "../..");
const sources = ["packages", "services"]
  .flatMap((kind) => readdirSync(resolve(root, kind)).map((name) => `${kind}/${name}/src`))
  .flatMap((folder) =>
    readdirSync(resolve(root, folder), { recursive: true }).map((path) => `${folder}/${String(path)}`),
  )
  .filter((path) => path.endsWith(".ts"))
  .filter((path) => !/\.test\.ts$|\/testing|\/generated\//.test(path))
  .map((path) => readFileSync(resolve(root, path), "utf8"));

function codesInSources(): Set<string> {
  const codes = new Set<string>([...Object.keys(refusalTexts), ...Object.keys(termRefusalTexts)]);
  for (const text of sources) {
    for (const [, list = ""] of text.matchAll(/[eE]rrorCodes = \[([^\]]*)\]/g))
      for (const [, code = ""] of list.replaceAll(/\/\/.*$/gm, "").matchAll(/"([A-Z][A-Z_]+)"/g)) codes.add(code);
    for (const [, code = ""] of text.matchAll(/new Failure\(\s*"([A-Z][A-Z_]+)"/g)) codes.add(code);
  }
  return codes;
}

function codesInDocs(): Set<string> {
  const text = readFileSync(resolve(root, "docs/errors.md"), "utf8");
  return new Set([...text.matchAll(/^\| `([A-Z][A-Z_]+)`/gm)].map(([, code = ""]) => code));
}

describe("docs/errors.md", () => {
  it("has a row for every code", () => {
    expect([...codesInSources()].filter((code) => !codesInDocs().has(code))).toEqual([]);
  });

  it("has no row for a code that nothing fails with", () => {
    expect([...codesInDocs()].filter((code) => !codesInSources().has(code))).toEqual([]);
  });
});

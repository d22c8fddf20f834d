import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { blockErrorCodes } from "@waystation/contracts/errors";
import { storageErrorCodes } from "@waystation/contracts/storage-front";
import { controlErrorCodes, rpcErrorCodes } from "./errors.js";
import { statusOfCode } from "./status-table.js";

const run = promisify(execFile);
const packageFolder = fileURLToPath(new URL("..", import.meta.url));
const generatedFolder = join(packageFolder, "src", "generated");

async function contents(folder: string): Promise<Record<string, string>> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
  return Object.fromEntries(files.map((file, index) => [file.slice(folder.length), texts[index] ?? ""]));
}

describe("the published protos", () => {
  it("F1: have generated types that are up to date (npm run proto:types)", async () => {
    const folder = await mkdtemp(join(tmpdir(), "waystation-proto-"));
    try {
      const manifest = JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8")) as {
        scripts: Record<string, string>;
      };
      const [command, ...options] = manifest.scripts["proto:types"]!.split(" ");
      const tool = fileURLToPath(import.meta.resolve("@grpc/proto-loader")).replace(/src\/index\.js$/, "bin/");
      const arguments_ = options.map((option) => (option.startsWith("--outDir=") ? `--outDir=${folder}` : option));
      await run("node", [join(tool, `${command}.js`), ...arguments_], { cwd: packageFolder });
      expect(await contents(folder)).toEqual(await contents(generatedFolder));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("have a comment on every message, field and value", async () => {
    const folder = fileURLToPath(new URL("../../../proto/waystation/v1/", import.meta.url));
    const files = (await readdir(folder)).filter((name) => name.endsWith(".proto"));
    expect(files).toHaveLength(4);
    for (const file of files) {
      const lines = (await readFile(join(folder, file), "utf8")).split("\n");
      const bare = lines.filter((line, index) => {
        const declares = /^(message|enum|service) |^ +(rpc |oneof |[\w. ]+ = \d+;)/.test(line);
        return declares && !lines[index - 1]?.trim().startsWith("//");
      });
      expect(bare, file).toEqual([]);
    }
  });
});

describe("the status table", () => {
  it("has exactly the codes of the block, control and storage ports and of this package", () => {
    expect(Object.keys(statusOfCode).sort()).toEqual(
      [...blockErrorCodes, ...controlErrorCodes, ...storageErrorCodes, ...rpcErrorCodes].sort(),
    );
  });

  it("has codes that docs/errors.md explains", async () => {
    const docs = await readFile(fileURLToPath(new URL("../../../docs/errors.md", import.meta.url)), "utf8");
    const missing = [...rpcErrorCodes, ...controlErrorCodes, ...storageErrorCodes].filter(
      (code) => !docs.includes(`| \`${code}\` `),
    );
    expect(missing).toEqual([]);
  });
});

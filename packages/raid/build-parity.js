// Compiles assembly/parity.ts to wasm/parity.wasm. Does nothing when the output was made from the same source by the same
// compiler: the stamp file holds a digest of both, since file times mean nothing after a checkout.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const here = import.meta.dirname;
const sourcePath = join(here, "assembly", "parity.ts");
const outputFolder = join(here, "wasm");
const outputPath = join(outputFolder, "parity.wasm");
const stampPath = join(outputFolder, "parity.stamp");
// Memory comes from the host; the runtime is a stub because the kernel allocates nothing.
const options = ["--runtime", "stub", "--importMemory", "--enable", "simd", "-O3", "--noAssert"];

const source = readFileSync(sourcePath, "utf8");
const compilerVersion = createRequire(import.meta.url)("assemblyscript/package.json").version;
const stamp = createHash("sha256")
  .update(JSON.stringify([source, options, compilerVersion]))
  .digest("hex");

if (existsSync(outputPath) && existsSync(stampPath) && readFileSync(stampPath, "utf8") === stamp) process.exit(0);

const { default: asc } = await import("assemblyscript/asc");
let wasm = null;
const { error, stderr } = await asc.main(["parity.ts", "--outFile", "parity.wasm", ...options], {
  readFile: (name) => (name === "parity.ts" ? source : null),
  writeFile: (name, contents) => {
    if (name === "parity.wasm") wasm = contents;
  },
  listFiles: () => [],
});
if (error || wasm === null) {
  console.error(`packages/raid: the parity kernel did not compile\n${stderr.toString()}`);
  process.exit(1);
}
mkdirSync(outputFolder, { recursive: true });
// Renamed into place, so that a build that is interrupted leaves no half a kernel behind.
writeFileSync(`${outputPath}.new`, wasm);
renameSync(`${outputPath}.new`, outputPath);
writeFileSync(stampPath, stamp);

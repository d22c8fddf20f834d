#!/usr/bin/env node
// `npx wayctl` in a checkout. Committed, so that npm can link it before the first build.
import { existsSync } from "node:fs";

const main = new URL("../dist/main.js", import.meta.url);
if (existsSync(main)) {
  await import(main.href);
} else {
  console.error("wayctl is not built yet: run `npm run build` in the checkout, then try again");
  process.exitCode = 1;
}

/** The process around `runWayctl`: arguments, output, clock, exit code. */
import { setTimeout as delay } from "node:timers/promises";
import { connectControl } from "@waystation/client/control-client";
import { connectStorage } from "@waystation/client/storage-client";
import { runWayctl } from "./program.js";

process.exitCode = await runWayctl(process.argv.slice(2), {
  connect: connectControl,
  connectStorage,
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
  wallMs: () => Date.now(),
  delay: async (delayMs) => {
    await delay(delayMs);
  },
  progress: process.stderr.isTTY
    ? { columns: process.stderr.columns, show: (text) => process.stderr.write(`\r\u001b[K${text}`) }
    : null,
});

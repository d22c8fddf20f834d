/** The process around `runWayctl`: arguments, output, clock, exit code. */
import { setTimeout as delay } from "node:timers/promises";
import { connectControl } from "@waystation/client/control-client";
import { runWayctl } from "./program.js";

process.exitCode = await runWayctl(process.argv.slice(2), {
  connect: connectControl,
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
  wallMs: () => Date.now(),
  delay: async (delayMs) => {
    await delay(delayMs);
  },
});

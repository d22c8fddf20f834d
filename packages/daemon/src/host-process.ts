/** The part of Node's `process` that a daemon lives in, behind the port that `runDaemon` takes. */
import type { HostProcess } from "./run-daemon.js";

export function hostProcess(process: NodeJS.Process): HostProcess {
  return {
    arguments: process.argv.slice(2),
    exit: (code) => process.exit(code),
    onStopSignal(callback) {
      process.on("SIGINT", callback);
      process.on("SIGTERM", callback);
    },
    onCrash(callback) {
      process.on("uncaughtException", callback);
      process.on("unhandledRejection", callback);
    },
    onInputEnd(callback) {
      process.stdin.on("end", callback);
      process.stdin.on("error", callback);
      process.stdin.resume();
    },
    writeError: (text) => void process.stderr.write(text),
  };
}

/**
 * `npm start`: runs every daemon of a cluster file as a child process on this machine, says when the cluster is ready,
 * and stops all of it cleanly on Ctrl-C. Exit codes: 0 stopped as asked, 1 a daemon could not start, 2 wrong usage.
 */
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Failure, reasonOf } from "@waystation/contracts/errors";
import { loadCluster } from "@waystation/config/load";
import { startChildren } from "./children.js";
import { nextSteps, nodeLine } from "./report.js";
import { waitUntilServed } from "./readiness.js";

const repository = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");

const usage = `Usage: npm start -- [--data DIR] [--cluster FILE]

Runs all daemons of the cluster on this machine. Ctrl-C stops them; starting again keeps the data.

  --data DIR       where the nodes keep their data (default: ./.waystation)
  --cluster FILE   the cluster file (default: deploy/local/cluster.yaml)
`;

function readArguments() {
  try {
    const options = { data: { type: "string" }, cluster: { type: "string" }, help: { type: "boolean" } } as const;
    return parseArgs({ options }).values;
  } catch (error) {
    process.stderr.write(`${reasonOf(error)}\n\n`);
    return null;
  }
}

async function main(): Promise<number> {
  const given = readArguments();
  if (given === null || given.help === true) {
    process.stderr.write(usage);
    return given === null ? 2 : 0;
  }
  const defaultFile = resolve(repository, "deploy/local/cluster.yaml");
  const clusterFile = resolve(given.cluster ?? defaultFile);
  const dataDirectory = resolve(given.data ?? resolve(repository, ".waystation"));
  const cluster = await loadCluster(clusterFile);

  const startedMs = performance.now();
  const children = startChildren({ repository, cluster, clusterFile, dataDirectory });
  const asked = { toStop: false };
  const stopped = new Promise<void>((resolve) => {
    const stop = (): void => {
      asked.toStop = true;
      resolve();
    };
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
  });

  const up = Promise.all(
    children.map(async (child) => {
      const summary = await child.ready;
      process.stdout.write(`${nodeLine(child.node, summary, performance.now() - startedMs)}\n`);
    }),
  );
  try {
    await Promise.race([up.then(() => waitUntilServed(cluster)), stopped]);
  } catch (error) {
    if (!asked.toStop) process.stderr.write(`waystation: ${reasonOf(error)}\n`);
    await Promise.all(children.map((child) => child.stop()));
    return asked.toStop ? 0 : 1;
  }
  if (!asked.toStop) {
    const started = { cluster, clusterFile: clusterFile === defaultFile ? null : clusterFile, dataDirectory };
    process.stdout.write(`waystation: ready\n${nextSteps(started)}`);
    for (const child of children) {
      void child.ended.then((how) => {
        if (asked.toStop) return;
        process.stdout.write(
          `waystation: ${child.node.name} ${how}; the others go on. Log: ${child.logFile}\n  start it again: ${child.command}\n`,
        );
      });
    }
  }
  await stopped;
  process.stdout.write("\nwaystation: stopping\n");
  await Promise.all(children.map((child) => child.stop()));
  process.stdout.write("waystation: stopped; the data is kept\n");
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  process.stderr.write(`waystation: ${error.message}\n`);
  process.exitCode = 1;
}
// The clients' idle connections must not keep a stopped launcher alive.
process.exit();

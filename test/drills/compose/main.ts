/**
 * `npm run drills`: disasters on the cluster in containers, one after another. Exit codes: 0 all passed, 1 one failed,
 * 2 wrong usage, 3 they could not run here (and standard output says why).
 */
import { parseArgs } from "node:util";
import { drillSettings, isServed, openCluster, type Cluster } from "./cluster.js";
import { openContainers, type Containers } from "./containers.js";
import { drills, type Drill } from "./drills.js";
import { findEngine } from "./engine.js";
import { renderReport, seconds } from "./report.js";
import { verifyNoCrash } from "./verify.js";
import { startWriter } from "./writer.js";

const usage = `Usage: npm run drills -- [--only NAME[,NAME]] [--times N] [--keep]

Runs disasters on the cluster of docker-compose.yml, in a compose project of its own. Uses the docker engine that is
there; when none is, and this is Debian and root, starts a private one and stops it afterwards.

  --only NAMES   ${drills.map(({ name }) => name).join(", ")}
  --times N      all of it so many times
  --keep         leave the containers as a failed drill left them
`;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

interface Request {
  readonly chosen: readonly Drill[];
  readonly times: number;
  readonly keep: boolean;
}

function readRequest(): Request | null {
  try {
    const { values } = parseArgs({
      options: { only: { type: "string" }, times: { type: "string" }, keep: { type: "boolean" } },
    });
    const names = values.only?.split(",") ?? drills.map(({ name }) => name);
    const times = Number(values.times ?? "1");
    const chosen = drills.filter(({ name }) => names.includes(name));
    if (chosen.length !== names.length || !Number.isInteger(times) || times < 1) return null;
    return { chosen, times, keep: values.keep ?? false };
  } catch {
    return null;
  }
}

/** A cluster for as many drills as it serves; each goes on with the chain where the last one stopped. */
interface Stage {
  readonly cluster: Cluster;
  lastWritten: number;
}

async function raise(containers: Containers): Promise<Stage> {
  const startMs = performance.now();
  await containers.compose("up", "-d");
  const cluster = openCluster(containers);
  await cluster.waitUntil("volumes open and the group protected", (view) => isServed(cluster, view));
  say(`cluster up after ${seconds(performance.now() - startMs)}`);
  return { cluster, lastWritten: 0 };
}

async function runDrill(drill: Drill, stage: Stage): Promise<boolean> {
  const startMs = performance.now();
  say(`\ndrill ${drill.name}: ${drill.title}`);
  const writer = startWriter(stage.cluster, stage.lastWritten);
  try {
    const report = await drill.run(stage.cluster, writer);
    await verifyNoCrash(stage.cluster);
    say(`${renderReport(report)}\n  PASSED in ${seconds(performance.now() - startMs)}`);
    return true;
  } catch (error) {
    await tellFailure(stage, error);
    return false;
  } finally {
    await writer.stop();
    stage.lastWritten = writer.acknowledged();
  }
}

async function tellFailure(stage: Stage, error: unknown): Promise<void> {
  say(`  FAILED: ${error instanceof Error ? error.message : String(error)}`);
  for (const service of stage.cluster.containers.services) {
    const log = await stage.cluster.containers.logOf(service).catch(() => "");
    const tail = log.trim().split("\n").slice(-12).join("\n    ");
    if (tail !== "") say(`  the end of ${service}'s log:\n    ${tail}`);
  }
}

/** How many failed. */
async function runAll(containers: Containers, { chosen, times, keep }: Request): Promise<number> {
  let failed = 0;
  let stage: Stage | null = null;
  for (const drill of Array.from({ length: times }, () => chosen).flat()) {
    stage ??= await raise(containers);
    const passed = await runDrill(drill, stage);
    if (!passed) failed += 1;
    if (!passed && keep) break;
    if (passed && !drill.endsInTakeover) continue;
    stage = null;
    await containers.remove();
  }
  return failed;
}

async function main(): Promise<number> {
  const request = readRequest();
  if (request === null) {
    process.stderr.write(usage);
    return 2;
  }
  const engine = await findEngine(process.cwd());
  if ("why" in engine) {
    say(`drills: NOT RUN: ${engine.why}`);
    return 3;
  }
  const containers = await openContainers({ engine, repository: process.cwd(), settings: drillSettings });
  const clear = async (): Promise<void> => {
    await containers.remove();
    await containers.close();
    await engine.stop();
  };
  process.once("SIGINT", () => void clear().finally(() => process.exit(130)));
  let failed = request.chosen.length * request.times;
  const count = failed;
  try {
    const startMs = performance.now();
    say(`drills: on ${engine.description}; building the images`);
    await containers.compose("build");
    // What an interrupted run may have left.
    await containers.remove();
    say(`images built after ${seconds(performance.now() - startMs)}`);
    failed = await runAll(containers, request);
    say(`\ndrills: ${count - failed} of ${count} passed in ${seconds(performance.now() - startMs)}`);
  } finally {
    if (failed === 0 || !request.keep) await clear();
  }
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();

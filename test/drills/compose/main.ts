/**
 * `npm run drills`: disasters on the cluster in containers, one after another. Exit codes: 0 all passed, 1 one failed,
 * 2 wrong usage, 3 they could not run here (and standard output says why).
 */
import { parseArgs } from "node:util";
import { repositoryRoot } from "../../harness/repository.js";
import { volumeNames } from "../hosts.js";
import { seconds } from "../recovery-report.js";
import { writeReference } from "../reference-data.js";
import { startWriter, type Writer } from "../writer.js";
import { isServed, waitForView } from "../world.js";
import { drillSettings, openCluster, type Cluster } from "./cluster.js";
import { openContainers, type Containers } from "./containers.js";
import { drills, type Drill } from "./drills.js";
import { findEngine } from "./engine.js";
import { renderReport } from "./report.js";
import { verifyNoCrash } from "./verify.js";

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

/** A cluster and its hosts, for as many drills as it serves; the hosts go on where the last drill stopped. */
interface Stage {
  readonly cluster: Cluster;
  readonly writer: Writer;
}

async function raise(containers: Containers): Promise<Stage> {
  const startMs = performance.now();
  await containers.compose("up", "-d");
  const cluster = openCluster(containers);
  await waitForView(cluster, "volumes open and the group protected", (view) => isServed(view));
  say(`cluster up after ${seconds(performance.now() - startMs)}`);
  for (const volume of volumeNames) {
    const client = await cluster.hosts.open("primary", volume);
    await writeReference(client, volume);
    client.close();
  }
  return { cluster, writer: startWriter(cluster.hosts) };
}

async function runDrill(drill: Drill, { cluster, writer }: Stage): Promise<boolean> {
  const startMs = performance.now();
  say(`\ndrill ${drill.name}: ${drill.title}`);
  try {
    writer.resume();
    const report = await drill.run(cluster, writer);
    await verifyNoCrash(cluster);
    say(`${renderReport(report)}\n  PASSED in ${seconds(performance.now() - startMs)}`);
    return true;
  } catch (error) {
    await tellFailure(cluster, error);
    return false;
  }
}

async function tellFailure({ containers }: Cluster, error: unknown): Promise<void> {
  say(`  FAILED: ${error instanceof Error ? error.message : String(error)}`);
  for (const service of containers.services) {
    const log = await containers.logOf(service).catch(() => "");
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
    if (passed && !drill.endsInTakeover) continue;
    await stage.writer.stop();
    stage = null;
    if (!passed && keep) break;
    await containers.remove();
  }
  await stage?.writer.stop();
  return failed;
}

async function main(): Promise<number> {
  const request = readRequest();
  if (request === null) {
    process.stderr.write(usage);
    return 2;
  }
  const engine = await findEngine(repositoryRoot);
  if ("why" in engine) {
    say(`drills: NOT RUN: ${engine.why}`);
    return 3;
  }
  const containers = await openContainers({ engine, repository: repositoryRoot, settings: drillSettings });
  const clear = async (): Promise<void> => {
    await containers.remove();
    await containers.close();
    await engine.stop();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      say("drills: interrupted; clearing up");
      void clear().finally(() => process.exit(130));
    });
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

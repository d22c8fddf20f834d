/**
 * The command line. Each command surveys the cluster or has one node act, prints text or JSON, and ends with an exit
 * code; nothing here reads the environment or ends the process.
 */
import { fileURLToPath } from "node:url";
import { Command, CommanderError } from "commander";
import { Failure, reasonOf } from "@waystation/contracts/errors";
import { storageErrorCodes } from "@waystation/contracts/storage-front";
import type { Cluster, GroupConfig } from "@waystation/config/cluster";
import { attestGroup, renderAttestation } from "./attest.js";
import { addArrayCommands } from "./commands/array.js";
import { addPairCommands } from "./commands/pair.js";
import { addVolumeCommands } from "./commands/volume.js";
import {
  createContext,
  parseDuration,
  parseNumber,
  type Context,
  type GlobalOptions,
  type WayctlPorts,
} from "./context.js";
import { exitCodes, wayctlFailure } from "./errors.js";
import { holdersOf, isSynced, viewGroup, type GroupView } from "./group-view.js";
import { listVolumes, renderArrays, renderGroup, renderNodes, renderVolumes } from "./render.js";
import { renderPairs } from "./storage-render.js";
import { surveyStorage } from "./storage-survey.js";
import { surveyCluster } from "./survey.js";
import { renderResult, takeOver, type TakeoverCommand } from "./takeover.js";

// `src` and `dist` lie at the same depth.
const localCluster = fileURLToPath(new URL("../../../deploy/local/cluster.yaml", import.meta.url));
const pollIntervalMs = 200;
/** The node is there and understood, and will not do it in the state that things are in. */
const refusals: ReadonlySet<string> = new Set([...storageErrorCodes, "NO_SPACE"]);

const helpText = `
Examples:
  wayctl status                              nodes, arrays, volumes, pairs, groups
  wayctl array --help                        disks, rebuilds, scrubs
  wayctl volume --help                       volumes in no group, snapshots, clones
  wayctl pair --help                         mirrors between arrays
  wayctl group show g1                       every stage of one group
  wayctl group wait g1 --synced              until the far side has everything
  wayctl group takeover g1                   make the secondaries primaries
  wayctl group takeover g1 --force --without secondary-b
  wayctl group attest g1                     whether relay and secondaries hold the same order
  wayctl --json status                       the same for programs
  wayctl --cluster site/cluster.yaml volume list

What only a node that does not answer could tell is shown as "-"; such a node is DEAD after 1.5 s.

Exit codes: 0 done; 1 failed; 2 wrong usage or configuration; 3 refused, or not reached in time.`;

/** Runs one command line (without node and script). Resolves with the exit code; never rejects. */
export async function runWayctl(argv: readonly string[], ports: WayctlPorts): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const program = createProgram(ports, (code) => (exitCode = code));
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    const code = error instanceof Failure ? error.code : "BUG";
    if (program.opts<GlobalOptions>().json) {
      ports.out(JSON.stringify({ error: { code, message: reasonOf(error) } }, null, 2));
    } else ports.err(`wayctl: ${reasonOf(error)} (${code})`);
    if (code === "USAGE" || code.startsWith("CONFIG_")) return exitCodes.usage;
    return refusals.has(code) ? exitCodes.refused : exitCodes.failed;
  }
}

function createProgram(ports: WayctlPorts, setExit: (code: number) => void): Command {
  const program = new Command("wayctl")
    .description("Shows and steers a Waystation cluster. It asks the nodes named in cluster.yaml, over gRPC.")
    .option("--cluster <file>", "the cluster's configuration", localCluster)
    .option("--json", "print JSON instead of text", false)
    .addHelpText("after", helpText)
    .showHelpAfterError("(wayctl --help shows how)")
    .exitOverride()
    .configureOutput({ writeOut: (text) => ports.out(text.trimEnd()), writeErr: (text) => ports.err(text.trimEnd()) });
  const context = createContext(ports, program, setExit);

  program
    .command("status")
    .description("nodes, arrays, volumes, pairs and groups, as each node says of itself")
    .action(() => showStatus(context));
  addArrayCommands(program, context);
  addVolumeCommands(program, context);
  addPairCommands(program, context);
  const group = program.command("group").description("consistency groups");
  group
    .command("show <group>")
    .description("the stages of one group, and whether it is protected")
    .action((name: string) => showGroup(context, name));
  group
    .command("wait <group>")
    .description("wait until a group has reached a state")
    .requiredOption("--synced", "every secondary has applied everything that was stamped, twice in a row")
    .option("--timeout <duration>", "give up after this long, with exit code 3", parseDuration, 60_000)
    .action(async (name: string, options: { readonly timeout: number }) => {
      setExit(await waitSynced(context, name, options.timeout));
    });
  group
    .command("takeover <group>")
    .description("make the secondaries of a group primaries, after the loss of the primary site")
    .option("--force", "go on although a single writer is not certain or something may be lost; prints the risk", false)
    .option("--without <node>", "give up this secondary; it needs a resync afterwards (repeatable)", collect, [])
    .option("--dry-run", "only tell what would happen, and who would be asked", false)
    .action(async (name: string, options: TakeoverOptions) => {
      setExit(await runTakeover(context, name, options));
    });
  group
    .command("attest <group>")
    .description("which order each node holds: number and root of a point, and whether they are the same")
    .option("--at <number>", "at this point, if it is one of the last few hundred", parseNumber)
    .action(async (name: string, { at }: { readonly at?: number }) => {
      setExit(await runAttest(context, name, at ?? null));
    });
  return program;
}

type TakeoverOptions = Pick<TakeoverCommand, "force" | "without" | "dryRun">;

const collect = (value: string, previous: readonly string[]): string[] => [...previous, value];

function groupNamed(cluster: Cluster, name: string): GroupConfig {
  const group = cluster.groups.find((candidate) => candidate.name === name);
  if (group !== undefined) return group;
  const names = cluster.groups.map((candidate) => candidate.name).join(", ");
  throw wayctlFailure("USAGE", `cluster ${cluster.name} has no group ${JSON.stringify(name)}; it has ${names}`);
}

async function showStatus({ ports, cluster, print }: Context): Promise<void> {
  const config = await cluster();
  const [answers, stored] = await Promise.all([
    surveyCluster(config, ports.connect),
    surveyStorage(config, ports.connectStorage),
  ]);
  const groups = config.groups.map((group) => viewGroup(config, group, answers));
  const volumes = listVolumes(config, answers, stored);
  const arrays = stored.flatMap(({ node, arrays: own }) => own.map((array) => ({ node: node.name, ...array })));
  const pairs = stored.flatMap(({ node, pairs: own }) => own.map((pair) => ({ node: node.name, ...pair })));
  const nodes = answers.map(({ node, status, problem }) => ({
    name: node.name,
    site: node.site,
    role: node.role,
    state: status === null ? "dead" : "up",
    problem,
    status,
  }));
  const text = [
    `cluster ${config.name}`,
    renderNodes(answers, ports.wallMs()),
    renderArrays(config, answers, stored),
    renderVolumes(volumes),
    ...(pairs.length === 0 ? [] : [renderPairs(pairs)]),
    ...groups.map(renderGroup),
  ].join("\n\n");
  print({ cluster: config.name, nodes, arrays, volumes, pairs, groups }, text);
}

async function viewNamed({ ports, cluster }: Context, name: string): Promise<GroupView> {
  const config = await cluster();
  const group = groupNamed(config, name);
  return viewGroup(config, group, await surveyCluster(config, ports.connect));
}

async function showGroup(context: Context, name: string): Promise<void> {
  const view = await viewNamed(context, name);
  context.print(view, renderGroup(view));
}

async function waitSynced(context: Context, name: string, timeoutMs: number): Promise<number> {
  const { ports, print } = context;
  const startedMs = ports.wallMs();
  let before: number | null = null;
  for (;;) {
    const view = await viewNamed(context, name);
    const { synced, stamped, why } = isSynced(view);
    if (synced && stamped === before) {
      print({ synced, ...view }, `group ${name} is synced at ${stamped ?? "-"}`);
      return exitCodes.ok;
    }
    // Two polls at the same number: hosts have paused, and nothing is under way.
    before = synced ? stamped : null;
    if (ports.wallMs() - startedMs >= timeoutMs) {
      print(
        { synced: false, why, ...view },
        `group ${name} is not synced after ${timeoutMs} ms: ${why || "still written"}`,
      );
      return exitCodes.refused;
    }
    await ports.delay(pollIntervalMs);
  }
}

async function runAttest({ ports, cluster, print }: Context, name: string, at: number | null): Promise<number> {
  const config = await cluster();
  const report = await attestGroup({ cluster: config, group: groupNamed(config, name), at }, ports.connect);
  print(report, renderAttestation(report));
  return report.agree ? exitCodes.ok : exitCodes.refused;
}

async function runTakeover(
  { ports, cluster, print, json }: Context,
  name: string,
  { force, without, dryRun }: TakeoverOptions,
): Promise<number> {
  const config = await cluster();
  const group = groupNamed(config, name);
  const { secondaries } = holdersOf(config, group);
  const stranger = without.find((node) => !secondaries.includes(node));
  if (stranger !== undefined) {
    throw wayctlFailure("USAGE", `--without ${stranger}: the secondaries of ${name} are ${secondaries.join(", ")}`);
  }
  const say = json() ? () => {} : ports.out;
  const report = await takeOver({ cluster: config, group, force, without, dryRun }, { connect: ports.connect, say });
  print(report, renderResult(report));
  return report.result.outcome === "taken-over" ? exitCodes.ok : exitCodes.refused;
}

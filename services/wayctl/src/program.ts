/**
 * The command line. Each command surveys the cluster or has one node act, prints text or JSON, and ends with an exit
 * code; nothing here reads the environment or ends the process.
 */
import { fileURLToPath } from "node:url";
import { Command, CommanderError } from "commander";
import { Failure, reasonOf } from "@waystation/contracts/errors";
import { storageErrorCodes } from "@waystation/contracts/storage-front";
import { addArrayCommands } from "./commands/array.js";
import { addGroupCommands } from "./commands/group.js";
import { addPairCommands } from "./commands/pair.js";
import { addVolumeCommands } from "./commands/volume.js";
import { createContext, type Context, type GlobalOptions, type WayctlPorts } from "./context.js";
import { exitCodes } from "./errors.js";
import { renderGroup } from "./group-render.js";
import { viewGroup } from "./group-view.js";
import { listVolumes, renderArrays, renderNodes, renderVolumes } from "./render.js";
import { renderPairs } from "./storage-render.js";
import { surveyStorage } from "./storage-survey.js";
import { surveyCluster } from "./survey.js";

// `src` and `dist` lie at the same depth.
const localCluster = fileURLToPath(new URL("../../../deploy/local/cluster.yaml", import.meta.url));
/** Of commands to a group: what the state of the group or of one of its nodes does not allow. */
const groupRefusals = ["GROUP_STATE", "UNKNOWN_BRANCH", "BRANCH_FAILED", "NO_RELAY", "RELOAD_REFUSED"];
/** The node is there and understood, and will not do it in the state that things are in. */
const refusals: ReadonlySet<string> = new Set([...storageErrorCodes, "NO_SPACE", ...groupRefusals]);

const helpText = `
Examples:
  wayctl status                              nodes, arrays, volumes, pairs, groups
  wayctl array --help                        disks, rebuilds, scrubs
  wayctl volume --help                       volumes in no group, snapshots, clones
  wayctl pair --help                         mirrors between arrays
  wayctl group --help                        suspend, resync, take over, swap, and back
  wayctl group show g1                       every stage of one group, and what is due
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
  addGroupCommands(program, context);
  return program;
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

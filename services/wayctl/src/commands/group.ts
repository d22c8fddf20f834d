/** `wayctl group show|wait|takeover|swap|direct|return|members`: how a group stands, and who has which role in it. */
import type { Command } from "commander";
import type { ControlClient, TakeoverProgress, TermChangeRequest } from "@waystation/client/control-client";
import { attestGroup, renderAttestation } from "../attest.js";
import { parseDuration, parseNumber, type Context } from "../context.js";
import { coordinate, renderResult, type CoordinationReport } from "../coordinate.js";
import { exitCodes, wayctlFailure } from "../errors.js";
import { renderGroup } from "../group-render.js";
import { isSynced, type GroupRole } from "../group-view.js";
import { reloadEverywhere } from "../reload.js";
import type { NodeAnswer } from "../survey.js";
import { groupNamed, surveyGroup, type SurveyedGroup } from "../survey-group.js";
import { waitForPair } from "../wait-pair.js";
import { addGroupPairCommands } from "./group-pair.js";

const pollIntervalMs = 200;

const helpText = `
Pair states: SMPL no pair, COPY initial copy or resync, PAIR in step, PSUS suspended by command, PSUE by a failure, PFUL the
relay's journal is filling up, PFUS it was full, SSWS taken over.

Examples:
  wayctl group show g1                       every stage, how each leg stands, and what is due
  wayctl group suspend g1                    split all pairs at one number
  wayctl group resync g1 --wait              copy what differs, and pair again
  wayctl group takeover g1 --dry-run         what a takeover would do and lose now
  wayctl group swap g1 --wait                hosts to the far side, the copy to this one; the same again leads back
  wayctl group direct g1                     the relay is lost: pair the ends without it; 'return' leads back
  wayctl group members g1                    volumes and secondaries as cluster.yaml says now, on-line
  wayctl group branches g1                   what was kept before a swap overwrote it`;

const termChanges = {
  swap: "make the secondaries primaries and the primaries secondaries; taken over first if they were not",
  direct: "go on without the relay: one of the primaries takes its role",
  return: "back to the relay of the configuration",
  members: "volumes and secondaries as cluster.yaml says now; all nodes read it again",
} as const satisfies Record<TermChangeRequest["cause"], string>;

/** Who is asked to coordinate, in this order: a node that keeps its volumes' place knows most. */
const coordinators: Readonly<Record<TermChangeRequest["cause"], readonly GroupRole[]>> = {
  swap: ["secondary", "primary"],
  direct: ["primary", "secondary"],
  return: ["primary", "secondary"],
  members: ["primary", "secondary"],
};

interface TakeoverOptions {
  readonly force: boolean;
  readonly without: readonly string[];
  readonly dryRun: boolean;
}

interface TermOptions {
  readonly force: boolean;
  readonly dryRun: boolean;
  readonly wait: boolean;
  readonly timeout: number;
}

export function addGroupCommands(program: Command, context: Context): void {
  const group = program.command("group").description("consistency groups").addHelpText("after", helpText);
  group
    .command("show <group>")
    .description("the stages of one group, how its pairs stand, whether it is protected, and what is due")
    .action((name: string) => showGroup(context, name));
  group
    .command("wait <group>")
    .description("wait until a group has reached a state")
    .requiredOption("--synced", "every secondary has applied everything that was stamped, twice in a row")
    .option("--timeout <duration>", "give up after this long, with exit code 3", parseDuration, 60_000)
    .action(async (name: string, options: { readonly timeout: number }) => {
      context.setExit(await waitSynced(context, name, options.timeout));
    });
  group
    .command("takeover <group>")
    .description("make the secondaries of a group primaries, after the loss of the primary site")
    .option("--force", "go on although a single writer is not certain or something may be lost; prints the risk", false)
    .option("--without <node>", "give up this secondary; it needs a resync afterwards (repeatable)", collect, [])
    .option("--dry-run", "only tell what would happen, and who would be asked", false)
    .action(async (name: string, options: TakeoverOptions) => {
      context.setExit(await takeOver(context, name, options));
    });
  for (const cause of Object.keys(termChanges) as TermChangeRequest["cause"][]) {
    group
      .command(`${cause} <group>`)
      .description(termChanges[cause])
      .option("--force", "go on although somebody who should agree cannot be asked; prints the risk", false)
      .option("--dry-run", "only tell what would happen, and who would be asked", false)
      .option("--wait", "until everything is copied and the group is paired", false)
      .option(
        "--timeout <duration>",
        "with --wait: give up after this long, with exit code 3",
        parseDuration,
        86_400_000,
      )
      .action((name: string, options: TermOptions) => changeTerm(context, { name, cause, ...options }));
  }
  addGroupPairCommands(group, context);
  group
    .command("attest <group>")
    .description("which order each node holds: number and root of a point, and whether they are the same")
    .option("--at <number>", "at this point, if it is one of the last few hundred", parseNumber)
    .action((name: string, { at }: { readonly at?: number }) => attest(context, name, at ?? null));
}

const collect = (value: string, previous: readonly string[]): string[] => [...previous, value];

async function showGroup(context: Context, name: string): Promise<void> {
  const { view } = await surveyGroup(context, name);
  context.print(view, renderGroup(view));
}

async function waitSynced(context: Context, name: string, timeoutMs: number): Promise<number> {
  const { ports, print } = context;
  const startedMs = ports.wallMs();
  let before: number | null = null;
  for (;;) {
    const { view } = await surveyGroup(context, name);
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

async function attest(context: Context, name: string, at: number | null): Promise<void> {
  const cluster = await context.cluster();
  const report = await attestGroup({ cluster, group: groupNamed(cluster, name), at }, context.ports.connect);
  context.print(report, renderAttestation(report));
  context.setExit(report.agree ? exitCodes.ok : exitCodes.refused);
}

/** The nodes with one of the roles, those of the first role first, each once. */
function nodesOf({ view, answers }: SurveyedGroup, roles: readonly GroupRole[]): NodeAnswer[] {
  const names = roles.flatMap((role) => view.members.filter((member) => member.role === role).map(({ node }) => node));
  return [...new Set(names)].flatMap((name) => answers.find(({ node }) => node.name === name) ?? []);
}

async function takeOver(context: Context, name: string, { force, without, dryRun }: TakeoverOptions): Promise<number> {
  const surveyed = await surveyGroup(context, name);
  const secondaries = nodesOf(surveyed, ["secondary"]);
  const names = secondaries.map(({ node }): string => node.name);
  const stranger = without.find((node) => !names.includes(node));
  if (stranger !== undefined) {
    throw wayctlFailure("USAGE", `--without ${stranger}: the secondaries of ${name} are ${names.join(", ")}`);
  }
  const report = await undertake(context, {
    what: `${dryRun ? "dry run of a " : ""}takeover of ${name}`,
    candidates: secondaries.filter(({ node }) => !without.includes(node.name)),
    run: (client) => client.takeover({ group: name, force, without, dryRun }),
  });
  context.print(report, renderResult(report));
  return report.result.outcome === "refused" ? exitCodes.refused : exitCodes.ok;
}

async function changeTerm(
  context: Context,
  { name, cause, force, dryRun, wait, timeout }: TermOptions & { name: string; cause: TermChangeRequest["cause"] },
): Promise<void> {
  const surveyed = await surveyGroup(context, name);
  if (cause === "members" && !dryRun) await reloadEverywhere(context, surveyed.answers);
  const report = await undertake(context, {
    what: `${dryRun ? "dry run of " : ""}'${cause}' of ${name}`,
    candidates: nodesOf(surveyed, coordinators[cause]),
    run: (client) => client.changeTerm({ group: name, cause, force, dryRun }),
  });
  const { outcome, epoch } = report.result;
  // What has left the group by now is its hosts' again.
  if (cause === "members" && outcome === "term-begun") await reloadEverywhere(context, surveyed.answers);
  if (outcome === "term-begun" && wait) {
    if (!context.json()) context.ports.out(renderResult(report));
    return waitForPair(context, { name, sinceEpoch: epoch.number, timeoutMs: timeout });
  }
  const hint = outcome === "term-begun" ? `\ndata is being copied: wayctl group show ${name}` : "";
  context.print(report, `${renderResult(report)}${hint}`);
  context.setExit(outcome === "refused" ? exitCodes.refused : exitCodes.ok);
}

interface Attempt {
  readonly what: string;
  readonly candidates: readonly NodeAnswer[];
  readonly run: (client: ControlClient) => AsyncIterable<TakeoverProgress>;
}

async function undertake(context: Context, attempt: Attempt): Promise<CoordinationReport> {
  const { ports, json } = context;
  const { name } = await context.cluster();
  const nodes = attempt.candidates.map(({ node }) => node.name).join(", ");
  const otherwise = `start one of ${nodes} (wayctl --cluster FILE status shows the nodes of ${name})`;
  return coordinate({ ...attempt, otherwise }, { connect: ports.connect, say: json() ? () => {} : ports.out });
}

/** `wayctl group suspend|resync|branches`: commands that the node with the role carries out by itself. */
import type { Command } from "commander";
import type { GroupCommand } from "@waystation/client/control-client";
import { formatAddress } from "../address.js";
import { parseDuration, type Context } from "../context.js";
import { wayctlFailure } from "../errors.js";
import type { BranchView } from "../group-view.js";
import type { NodeAnswer } from "../survey.js";
import { surveyGroup, type SurveyedGroup } from "../survey-group.js";
import { formatTable } from "../table.js";
import { waitForPair } from "../wait-pair.js";

interface ResyncOptions {
  readonly full: boolean;
  readonly wait: boolean;
  readonly timeout: number;
}

interface BranchOptions {
  readonly drop?: string;
  readonly node?: string;
}

export function addGroupPairCommands(group: Command, context: Context): void {
  group
    .command("suspend <group>")
    .description("split all pairs at one number (PSUS); hosts go on, and what they write is logged")
    .action((name: string) => suspend(context, name));
  group
    .command("resync <group>")
    .description("copy what differs to the secondaries, and pair again")
    .option("--full", "compare everything, whatever logs and bitmaps say", false)
    .option("--wait", "until everything is copied and the group is paired", false)
    .option("--timeout <duration>", "with --wait: give up after this long, with exit code 3", parseDuration, 86_400_000)
    .action((name: string, options: ResyncOptions) => resync(context, name, options));
  group
    .command("branches <group>")
    .description("what nodes keep of volumes as they were before a swap overwrote them")
    .option("--drop <branch>", "give the space of this one back")
    .option("--node <node>", "of this node, where several have one of that name")
    .action((name: string, options: BranchOptions) => listOrDropBranches(context, name, options));
}

async function suspend(context: Context, name: string): Promise<void> {
  const surveyed = await surveyGroup(context, name);
  const relay = relayOf(surveyed);
  await command(context, relay, name, { kind: "suspend" });
  context.print(
    { group: name, relay: relay.node.name, suspended: true },
    `group ${name} is being suspended by ${relay.node.name}: all secondaries stop at one number; 'wayctl group resync ${name}' pairs again`,
  );
}

async function resync(context: Context, name: string, { full, wait, timeout }: ResyncOptions): Promise<void> {
  const surveyed = await surveyGroup(context, name);
  const relay = relayOf(surveyed);
  await command(context, relay, name, { kind: "resync", full });
  if (wait) return waitForPair(context, { name, sinceEpoch: 0, timeoutMs: timeout });
  context.print(
    { group: name, relay: relay.node.name, full, begun: true },
    `group ${name} is being resynchronised by ${relay.node.name}: 'wayctl group show ${name}' shows how far it is`,
  );
}

/** The node whose relay role is the group's now. Throws `NO_RELAY`, with what is due instead. */
function relayOf({ config, view, answers }: SurveyedGroup): NodeAnswer {
  const name = view.term?.relay ?? config.relay;
  const answer = answers.find(({ node }) => node.name === name);
  const acts = view.members.some(({ node, role, alive }) => node === name && role === "relay" && alive);
  if (answer !== undefined && acts) return answer;
  const problem = answer?.status === null ? `is DEAD (${answer.problem})` : "does not act as its relay";
  const due = view.due === null ? "" : `; due: ${view.due.command || view.due.why}`;
  throw wayctlFailure("NO_RELAY", `group ${config.name}: ${name} ${problem}, and only the relay can do this${due}`);
}

async function command({ ports }: Context, { node }: NodeAnswer, group: string, given: GroupCommand): Promise<void> {
  const client = ports.connect(formatAddress(node.grpc.connect));
  try {
    await client.command(group, given);
  } finally {
    client.close();
  }
}

async function listOrDropBranches(context: Context, name: string, { drop, node }: BranchOptions): Promise<void> {
  const surveyed = await surveyGroup(context, name);
  const { branches } = surveyed.view;
  if (drop === undefined) return context.print({ group: name, branches }, renderBranches(name, branches));
  const isMeant = ({ volume, name: branch }: BranchView) => drop === branch || drop === exportOf(volume, branch);
  const found = branches.filter((branch) => isMeant(branch) && (node === undefined || branch.node === node));
  const holders = [...new Set(found.map((branch) => branch.node))];
  const [holder, another] = holders;
  if (holder === undefined) {
    const known = branches.map((branch) => `${branch.node}/${branch.name}`).join(", ") || "there is none";
    throw wayctlFailure(
      "USAGE",
      `group ${name} has no branch ${drop}${node === undefined ? "" : ` on ${node}`}: ${known}`,
    );
  }
  if (another !== undefined) {
    throw wayctlFailure("USAGE", `${holders.join(", ")} have a branch ${drop}: say which with --node`);
  }
  const answer = surveyed.answers.find((candidate) => candidate.node.name === holder);
  if (answer !== undefined) await command(context, answer, name, { kind: "drop-branch", branch: drop });
  context.print(
    { group: name, node: holder, dropped: drop },
    `branch ${drop} of group ${name} on ${holder} is dropped`,
  );
}

function renderBranches(name: string, branches: readonly BranchView[]): string {
  if (branches.length === 0) return `group ${name} keeps no branches`;
  const rows = branches.map(({ node, volume, name: branch }) => [node, volume, branch, exportOf(volume, branch)]);
  return formatTable([["NODE", "VOLUME", "BRANCH", "EXPORT (read-only)"], ...rows]);
}

/** The name under which its node shows it to hosts. */
function exportOf(volume: string, branch: string): string {
  return `${volume}@${branch}`;
}

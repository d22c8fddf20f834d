/** `wayctl array ...`: what arrays are made of and how they are, scrubs, rebuilds, and taking disks out and in. */
import { type Command, InvalidArgumentError } from "commander";
import type { ArrayReport, ScrubReport } from "@waystation/contracts/storage-front";
import { parseDuration, type Context } from "../context.js";
import { exitCodes } from "../errors.js";
import { activitiesOf } from "../progress.js";
import { renderArray, renderArrayList, renderScrub } from "../storage-render.js";
import { findArray, surveyStorage, withStorage, type Target } from "../storage-survey.js";
import { watchUntil } from "../watch.js";

const waitMs = 24 * 3_600_000;

const helpText = `
ARRAY is the array's name, or NODE/NAME where several nodes have one of that name.

Examples:
  wayctl array list
  wayctl array show primary-a/array-a         its disks, what is being repaired, what the last scrub found
  wayctl array scrub primary-a/array-a --wait read everything, put right what is wrong, report it
  wayctl array fail array-a 2                 take disk 2 out of service
  wayctl array replace array-a 2 --wait       there is a new disk at its place: rebuild it
  wayctl array rebuild array-a --wait         onto a spare, or a disk that came back

Scrubs and rebuilds go on at the node, whether or not anybody waits. Exit codes with --wait: 0 all is well; 1 something
could not be put right; 3 refused, nothing to rebuild onto, or not over in time.`;

interface WaitOptions {
  readonly wait: boolean;
  readonly timeout: number;
}

export function addArrayCommands(program: Command, context: Context): void {
  const array = program.command("array").description("arrays of disks").addHelpText("after", helpText);
  array
    .command("list")
    .description("every array of every node, and what it is doing")
    .action(() => listArrays(context));
  array
    .command("show <array>")
    .description("one array in full: its disks, rebuilds, scrubs")
    .action((name: string) => showArray(context, name));
  waiting(array.command("scrub <array>"))
    .description("read all of an array, and put right what is wrong")
    .action((name: string, options: WaitOptions) => scrubArray(context, name, options));
  waiting(array.command("rebuild <array>"))
    .description("rebuild what can be rebuilt: onto a spare, or onto a disk that came back")
    .action((name: string, options: WaitOptions) => rebuildArray(context, name, options));
  array
    .command("fail")
    .argument("<array>")
    .argument("<slot>", "the disk's slot", parseSlot)
    .description("take a disk out of service, if the array goes on without it")
    .action((name: string, slot: number) => failDisk(context, name, slot));
  waiting(array.command("replace").argument("<array>").argument("<slot>", "the disk's slot", parseSlot))
    .description("take the disk that is now at the slot's place, and rebuild it")
    .action((name: string, slot: number, options: WaitOptions) => replaceDisk(context, name, { ...options, slot }));
}

function waiting(command: Command): Command {
  return command
    .option("--wait", "wait until it is over, with a progress bar", false)
    .option(
      "--timeout <duration>",
      "with --wait: stop waiting after this long, with exit code 3",
      parseDuration,
      waitMs,
    );
}

function parseSlot(text: string): number {
  if (!/^\d{1,4}$/.test(text))
    throw new InvalidArgumentError(`"${text}" is no slot: wayctl array show lists them, from 0.`);
  return Number(text);
}

async function listArrays({ ports, cluster, print }: Context): Promise<void> {
  const config = await cluster();
  const answers = await surveyStorage(config, ports.connectStorage);
  const arrays = config.arrays.map(({ node, name }) => {
    const answer = answers.find((candidate) => candidate.node.name === node);
    const report = answer?.arrays.find((candidate) => candidate.name === name) ?? null;
    return { node, array: name, alive: answer?.answers ?? false, report };
  });
  print({ arrays }, renderArrayList(arrays));
}

async function showArray(context: Context, name: string): Promise<void> {
  const target = findArray(await context.cluster(), name);
  const report = await withStorage(context, target.node, (client) => client.array(target.name));
  context.print({ node: target.node.name, ...report }, renderArray(target.node.name, report));
}

async function scrubArray(context: Context, name: string, { wait, timeout }: WaitOptions): Promise<void> {
  const target = findArray(await context.cluster(), name);
  const { label, show } = naming(target);
  await withStorage(context, target.node, async (client) => {
    const run = await client.scrub(target.name);
    if (!wait) {
      context.print({ run }, `scrub ${run} of ${label} has begun; ${show} tells how far it is`);
      return;
    }
    const report = await watchUntil<ArrayReport, ScrubReport>(context, {
      reports: client.watchArray(target.name),
      resultOf: ({ lastScrub }) => (lastScrub !== null && lastScrub.run >= run ? lastScrub : null),
      progressOf: ({ scrub }) => scrub && { label: `scrubbing ${label}`, progress: scrub.progress },
      timeoutMs: timeout,
    });
    if (report === null) return notInTime(context, `scrub ${run} of ${label}`, timeout);
    context.print(report, renderScrub(label, report));
    const isWell = report.failure === "" && report.unrepairableBlocks === 0;
    context.setExit(isWell ? exitCodes.ok : exitCodes.failed);
  });
}

async function rebuildArray(context: Context, name: string, options: WaitOptions): Promise<void> {
  const target = findArray(await context.cluster(), name);
  const { label, show } = naming(target);
  await withStorage(context, target.node, async (client) => {
    await client.rebuild(target.name);
    if (options.wait) return waitRebuilt(context, { target, reports: client.watchArray(target.name), ...options });
    context.print({ started: true }, `${label} rebuilds what it can; ${show} tells how far it is`);
  });
}

async function failDisk(context: Context, name: string, slot: number): Promise<void> {
  const target = findArray(await context.cluster(), name);
  const { label } = naming(target);
  await withStorage(context, target.node, (client) => client.failDisk(target.name, slot));
  context.print({ failed: slot }, `disk ${slot} of ${label} is out of service`);
}

async function replaceDisk(
  context: Context,
  name: string,
  { slot, ...options }: WaitOptions & { readonly slot: number },
): Promise<void> {
  const target = findArray(await context.cluster(), name);
  const { label, show } = naming(target);
  await withStorage(context, target.node, async (client) => {
    await client.replaceDisk(target.name, slot);
    if (options.wait) return waitRebuilt(context, { target, reports: client.watchArray(target.name), ...options });
    context.print({ replaced: slot }, `disk ${slot} of ${label} is being rebuilt; ${show} tells how far it is`);
  });
}

interface WaitForRebuild extends WaitOptions {
  readonly target: Target;
  readonly reports: AsyncIterable<ArrayReport>;
}

async function waitRebuilt(context: Context, { target, reports, timeout }: WaitForRebuild): Promise<void> {
  const { label } = naming(target);
  const report = await watchUntil<ArrayReport, ArrayReport>(context, {
    reports,
    // Degraded with nothing under way: there was nothing to rebuild onto, or it was given up.
    resultOf: (seen) => (seen.health === "rebuilding" ? null : seen),
    progressOf: (seen) => activitiesOf(seen)[0] ?? null,
    timeoutMs: timeout,
  });
  if (report === null) return notInTime(context, `the rebuild of ${label}`, timeout);
  context.print({ node: target.node.name, ...report }, renderArray(target.node.name, report));
  context.setExit(report.health === "optimal" ? exitCodes.ok : exitCodes.refused);
}

function notInTime(context: Context, what: string, timeoutMs: number): void {
  context.print({ over: false }, `${what} is not over after ${timeoutMs} ms; it goes on`);
  context.setExit(exitCodes.refused);
}

function naming({ node, name }: Target): { readonly label: string; readonly show: string } {
  return { label: `${node.name}/${name}`, show: `wayctl array show ${node.name}/${name}` };
}

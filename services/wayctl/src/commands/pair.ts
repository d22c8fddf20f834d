/** `wayctl pair ...`: mirror pairs between volumes of unlike arrays (SPEC A5-A10). */
import { type Command, InvalidArgumentError } from "commander";
import type { PairCommand, PairDeletion, PairReport, PairState } from "@waystation/contracts/storage-front";
import type { StorageClient } from "@waystation/client/storage-client";
import { parseDuration, type Context } from "../context.js";
import { exitCodes } from "../errors.js";
import { renderPair, renderPairs } from "../storage-render.js";
import {
  findLostSecondary,
  findPair,
  findStorage,
  findVolume,
  surveyStorage,
  withStorage,
  type FoundPair,
} from "../storage-survey.js";
import { watchUntil } from "../watch.js";

const waitMs = 24 * 3_600_000;
const states: readonly PairState[] = ["COPY", "PAIR", "PSUS", "PSUE"];

const helpText = `
PVOL is the volume that hosts write, SVOL its mirror; NODE/NAME where several nodes have a volume of that name. SVOL may be
left out where PVOL has one mirror only.

States: COPY being copied, PAIR in sync, PSUS split by an operator, PSUE suspended by a failure.

Examples:
  wayctl pair create db db-copy --wait      mirror db to db-copy, with an on-line initial copy
  wayctl pair split db db-copy              db-copy keeps what it has, and may be written
  wayctl pair resync db --quick             mirror again: only what changed is copied, behind the hosts' backs
  wayctl pair restore db --wait             copy what db-copy has to db
  wayctl pair wait db --timeout 10m         until nothing is being copied any more
  wayctl pair delete db db-copy             both volumes stay

Copies go on at the node, whether or not anybody waits. With --wait a pair that is suspended by a failure, or not there in
time, ends with exit code 3.`;

interface WaitOptions {
  readonly state?: PairState;
  readonly timeout: number;
}

interface CopyOptions {
  readonly quick: boolean;
  readonly wait: boolean;
  readonly timeout: number;
}

/** The commands that set a copy going, or end one, with the state that they lead to. */
const copies = {
  split: {
    description: "let the S-VOL keep what it has; updates are recorded from now on",
    quick: "the S-VOL can be used at once, what is missing is copied behind",
    leadsTo: "PSUS",
    run: (client: StorageClient, command: PairCommand) => client.splitPair(command),
  },
  resync: {
    description: "copy the recorded regions to the S-VOL, and mirror again",
    quick: "hosts see the new state at once, the copy goes on behind",
    leadsTo: "PAIR",
    run: (client: StorageClient, command: PairCommand) => client.resyncPair(command),
  },
  restore: {
    description: "copy the recorded regions from the S-VOL to the P-VOL, and mirror again; hosts see them at once",
    quick: null,
    leadsTo: "PAIR",
    run: (client: StorageClient, { primary, secondary }: PairCommand) => client.restorePair({ primary, secondary }),
  },
} as const;

export function addPairCommands(program: Command, context: Context): void {
  const pair = program.command("pair").description("mirror pairs of volumes").addHelpText("after", helpText);
  pair
    .command("list")
    .description("every pair, and how it is")
    .action(() => listPairs(context));
  pair
    .command("show <pvol> [svol]")
    .description("one pair in full")
    .action((primary: string, secondary?: string) => showPair(context, primary, secondary));
  waiting(pair.command("create <pvol> <svol>"))
    .description("mirror a volume to another one of the same size; what that one held is lost")
    .action((primary: string, secondary: string, options: Omit<CopyOptions, "quick">) =>
      createPair(context, { primary, secondary }, options),
    );
  for (const name of ["split", "resync", "restore"] as const) {
    const { description, quick } = copies[name];
    const command = waiting(pair.command(`${name} <pvol> [svol]`)).description(description);
    if (quick !== null) command.option("--quick", quick, false);
    command.action((primary: string, secondary: string | undefined, options: Partial<CopyOptions>) =>
      copyPair(context, name, { primary, secondary, quick: false, wait: false, timeout: waitMs, ...options }),
    );
  }
  pair
    .command("delete <pvol> <svol>")
    .description("end a pair; both volumes stay")
    .option("--force", "also where that leaves one side half copied, or where the P-VOL's node is gone for good", false)
    .action((primary: string, secondary: string, { force }: { readonly force: boolean }) =>
      deletePair(context, { primary, secondary, force }),
    );
  pair
    .command("wait <pvol> [svol]")
    .description("wait until nothing is being copied any more; with --state, until that is reached too")
    .option("--state <state>", `one of ${states.join(", ")}`, parseState)
    .option("--timeout <duration>", "give up after this long, with exit code 3", parseDuration, waitMs)
    .action(async (primary: string, secondary: string | undefined, options: WaitOptions) => {
      const { state = null, timeout } = options;
      await waitForPair(context, await find(context, primary, secondary), { state, timeout });
    });
}

function waiting(command: Command): Command {
  return command
    .option("--wait", "wait until everything is copied, with a progress bar", false)
    .option(
      "--timeout <duration>",
      "with --wait: stop waiting after this long, with exit code 3",
      parseDuration,
      waitMs,
    );
}

function parseState(text: string): PairState {
  const state = states.find((candidate) => candidate === text.toUpperCase());
  if (state === undefined) throw new InvalidArgumentError(`use one of ${states.join(", ")}.`);
  return state;
}

async function find(context: Context, primary: string, secondary?: string): Promise<FoundPair> {
  return findPair(await findStorage(context), primary, secondary);
}

async function listPairs({ ports, cluster, print }: Context): Promise<void> {
  const answers = await surveyStorage(await cluster(), ports.connectStorage);
  const pairs = answers.flatMap(({ node, pairs: own }) => own.map((pair) => ({ node: node.name, ...pair })));
  print({ pairs }, renderPairs(pairs));
}

async function showPair(context: Context, primary: string, secondary?: string): Promise<void> {
  const { node, pair } = await find(context, primary, secondary);
  context.print({ node: node.name, ...pair }, renderPair(node.name, pair));
}

async function createPair(
  context: Context,
  names: { readonly primary: string; readonly secondary: string },
  options: Omit<CopyOptions, "quick">,
): Promise<void> {
  const answers = await findStorage(context);
  const primary = findVolume(answers, names.primary);
  // A bare name means a volume of the P-VOL's own node first.
  const own = answers.filter(({ node }) => node.name === primary.node.name);
  const isOwn = own.some(({ volumes }) => volumes.some(({ name }) => name === names.secondary));
  const secondary = findVolume(isOwn ? own : answers, names.secondary);
  const secondaryNode = secondary.node.name === primary.node.name ? "" : secondary.node.name;
  const pair = { primary: primary.name, secondary: secondary.name };
  await withStorage(context, primary.node, (client) => client.createPair({ ...pair, secondaryNode }));
  const label = `${primary.node.name}/${primary.name} ${secondary.node.name}/${secondary.name}`;
  if (!options.wait) return context.print({ ...pair, secondaryNode }, `pair ${label}: the initial copy has begun`);
  await waitForPair(context, await find(context, `${primary.node.name}/${primary.name}`, names.secondary), {
    state: "PAIR",
    timeout: options.timeout,
  });
}

async function copyPair(
  context: Context,
  name: keyof typeof copies,
  { primary, secondary, quick, wait, timeout }: CopyOptions & { primary: string; secondary: string | undefined },
): Promise<void> {
  const found = await find(context, primary, secondary);
  const { pair, node } = found;
  const command = { primary: pair.primary, secondary: pair.secondary, quick };
  await withStorage(context, node, (client) => copies[name].run(client, command));
  if (wait) return waitForPair(context, found, { state: copies[name].leadsTo, timeout });
  const done = name === "split" ? "is split" : `is being ${name === "resync" ? "resynchronised" : "restored"}`;
  context.print(command, `pair ${labelOf(found)} ${done}`);
}

async function deletePair(context: Context, { primary, secondary, force }: PairDeletion): Promise<void> {
  const answers = await surveyStorage(await context.cluster(), context.ports.connectStorage);
  const lost = force ? findLostSecondary(answers, primary, secondary) : null;
  if (lost !== null) {
    const names = { primary: lost.primary, secondary: lost.name };
    await withStorage(context, lost.node, (client) => client.deletePair({ ...names, force }));
    const text = `${lost.node.name}/${lost.name} is its hosts' again, as it is, and no copy of ${lost.primary} any more`;
    return context.print({ deleted: names }, text);
  }
  const found = findPair(answers, primary, secondary);
  const names = { primary: found.pair.primary, secondary: found.pair.secondary };
  await withStorage(context, found.node, (client) => client.deletePair({ ...names, force }));
  context.print({ deleted: names }, `pair ${labelOf(found)} is deleted; both volumes stay`);
}

async function waitForPair(
  context: Context,
  found: FoundPair,
  { state, timeout }: { readonly state: PairState | null; readonly timeout: number },
): Promise<void> {
  const { node, pair } = found;
  const names = { primary: pair.primary, secondary: pair.secondary };
  const report = await withStorage(context, node, (client) =>
    watchUntil<PairReport, PairReport>(context, {
      reports: client.watchPair(names),
      resultOf: (seen) => (isThere(seen, state) || seen.state === "PSUE" ? seen : null),
      progressOf: (seen) => seen.progress && { label: `copying ${labelOf(found)}`, progress: seen.progress },
      timeoutMs: timeout,
    }),
  );
  if (report === null) {
    const wanted = state === null ? "at rest" : state;
    context.print(
      { over: false },
      `pair ${labelOf(found)} is not ${wanted} after ${timeout} ms; what is under way goes on`,
    );
    return context.setExit(exitCodes.refused);
  }
  context.print({ node: node.name, ...report }, renderPair(node.name, report));
  const isWell = isThere(report, state) && (report.state !== "PSUE" || state === "PSUE");
  context.setExit(isWell ? exitCodes.ok : exitCodes.refused);
}

/** In the state, if one is wanted, and with nothing being copied, unless copying is what is waited for. */
function isThere({ state, progress }: PairReport, wanted: PairState | null): boolean {
  if (wanted === "COPY") return state === "COPY";
  return progress === null && (wanted === null ? state !== "COPY" : state === wanted);
}

function labelOf({ node, pair }: FoundPair): string {
  const { primary, secondary, secondaryNode } = pair;
  return `${node.name}/${primary} ${secondaryNode === "" ? node.name : secondaryNode}/${secondary}`;
}

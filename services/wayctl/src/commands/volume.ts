/** `wayctl volume ...`: volumes at all their places, and making and deleting those that are in no group. */
import { type Command, InvalidArgumentError } from "commander";
import { readSizeBytes } from "@waystation/config/quantities";
import type { CopyOrder, SnapshotOrder } from "@waystation/contracts/storage-front";
import type { Context } from "../context.js";
import { listVolumes, renderVolumes } from "../render.js";
import { findArray, findStorage, findVolume, surveyStorage, withStorage, type Target } from "../storage-survey.js";
import { surveyCluster } from "../survey.js";

const helpText = `
VOLUME and ARRAY are names, or NODE/NAME where several nodes have one of that name. Only volumes in no group are made and
deleted here: those of groups stand in cluster.yaml.

Examples:
  wayctl volume list
  wayctl volume create scratch --array primary-a/array-a --size 10GiB
  wayctl volume snapshot scratch scratch-monday    what it holds now, read-only
  wayctl volume clone scratch-monday scratch-test  the same, writable
  wayctl volume delete scratch-test`;

export function addVolumeCommands(program: Command, context: Context): void {
  const volume = program.command("volume").description("volumes").addHelpText("after", helpText);
  volume
    .command("list")
    .description("every volume at each of its places, and its NBD address")
    .action(() => showVolumes(context));
  volume
    .command("create <name>")
    .description("make a volume that is in no group; it reads as zeros")
    .requiredOption("--array <array>", "the array that will hold it")
    .requiredOption("--size <size>", 'its size, a multiple of 4 KiB: "10GiB", "512MiB"', parseSize)
    .option("--thin", "take space as it is written; a write may then find no room", false)
    .action((name: string, options: CreateOptions) => createVolume(context, name, options));
  volume
    .command("delete <volumes...>")
    .description("end the sessions on volumes, and give their space back, one after the other")
    .action((names: readonly string[]) => deleteVolumes(context, names));
  volume
    .command("snapshot <volume> <name>")
    .description("keep what a volume holds now, read-only, under another name")
    .option("--unreserved", "keep no room free for overwriting the volume: a write may then find none", false)
    .action((origin: string, name: string, { unreserved }: SnapshotOptions) =>
      snapshotVolume(context, { origin, name, unreserved }),
    );
  volume
    .command("clone <snapshot> <name>")
    .description("make a writable volume that holds what a snapshot holds; it takes space as it is written")
    .action((origin: string, name: string) => cloneVolume(context, { origin, name }));
}

interface SnapshotOptions {
  readonly unreserved: boolean;
}

interface CreateOptions {
  readonly array: string;
  readonly size: number;
  readonly thin: boolean;
}

function parseSize(text: string): number {
  const bytes = readSizeBytes(text);
  if (bytes === null) throw new InvalidArgumentError('use a size such as "10GiB", "512MiB" or a number of bytes.');
  return bytes;
}

async function showVolumes({ ports, cluster, print }: Context): Promise<void> {
  const config = await cluster();
  const [answers, stored] = await Promise.all([
    surveyCluster(config, ports.connect),
    surveyStorage(config, ports.connectStorage),
  ]);
  const volumes = listVolumes(config, answers, stored);
  print({ volumes }, renderVolumes(volumes));
}

async function createVolume(
  context: Context,
  name: string,
  { array, size: sizeBytes, thin }: CreateOptions,
): Promise<void> {
  const target = findArray(await context.cluster(), array);
  const order = { name, array: target.name, sizeBytes, thin };
  await withStorage(context, target.node, (client) => client.createVolume(order));
  context.print({ node: target.node.name, ...order }, `made ${target.node.name}/${name}`);
}

async function find(context: Context, name: string): Promise<Target> {
  return findVolume(await findStorage(context), name);
}

async function deleteVolumes(context: Context, names: readonly string[]): Promise<void> {
  const targets: Target[] = [];
  for (const name of names) targets.push(await find(context, name));
  const deleted: string[] = [];
  for (const { node, name } of targets) {
    await withStorage(context, node, (client) => client.deleteVolume(name));
    deleted.push(`${node.name}/${name}`);
  }
  context.print({ deleted }, `deleted ${deleted.join(", ")}`);
}

async function snapshotVolume(context: Context, order: SnapshotOrder): Promise<void> {
  const { node, name: origin } = await find(context, order.origin);
  const { name } = order;
  await withStorage(context, node, (client) => client.snapshotVolume({ ...order, origin }));
  context.print(
    { node: node.name, name, origin, kind: "snapshot" },
    `made ${node.name}/${name}, a snapshot of ${origin}`,
  );
}

async function cloneVolume(context: Context, order: CopyOrder): Promise<void> {
  const { node, name: origin } = await find(context, order.origin);
  const { name } = order;
  await withStorage(context, node, (client) => client.cloneVolume({ origin, name }));
  context.print({ node: node.name, name, origin, kind: "clone" }, `made ${node.name}/${name}, a clone of ${origin}`);
}

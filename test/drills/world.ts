/**
 * Where a drill is played: on local processes or in containers. A drill does its harm, gives its commands through wayctl as
 * an operator would, and looks at what wayctl shows; so the same drill runs in both.
 */
import type { TakeoverProgress, TakeoverResult } from "@waystation/client/control-client";
import type { TestNode } from "../harness/cluster-file.js";
import { waitUntil } from "../harness/wait.js";
import type { CommandResult } from "../harness/wayctl.js";
import { homes, volumeNames, type Hosts, type Side } from "./hosts.js";

export interface Fault {
  heal(): Promise<void>;
}

export interface World {
  readonly hosts: Hosts;
  /** Runs it to its end, whatever its exit code. */
  wayctl(...args: readonly string[]): Promise<CommandResult>;
  /** At once, and for good until they are started. */
  kill(nodes: readonly TestNode[]): Promise<void>;
  start(nodes: readonly TestNode[]): Promise<void>;
  /** The link between two nodes is gone. */
  cut(a: TestNode, b: TestNode): Promise<Fault>;
  /** Nothing passes between two nodes any more, and nobody is told. */
  stall(a: TestNode, b: TestNode): Promise<Fault>;
  /** The link is so slow that a copy over it takes a while. */
  narrow(a: TestNode, b: TestNode): Promise<Fault>;
  /** Journals, disks and all that a node has. It must not run; when it is started, it is an empty machine. */
  lose(node: TestNode): Promise<void>;
}

/** What `wayctl --json status` shows, as far as drills look at it. */
export interface ClusterView {
  readonly nodes: readonly { readonly name: string; readonly state: "up" | "dead" }[];
  readonly volumes: readonly { readonly volume: string; readonly node: string; readonly access: string | null }[];
  readonly groups: readonly GroupView[];
}

interface GroupView {
  /** How the group's pairs stand: `PAIR`, `COPY`, ... */
  readonly pair: string | null;
  readonly protected: boolean | null;
  readonly protectedDetail: string;
  readonly members: readonly {
    readonly node: string;
    readonly role: string;
    readonly phase: string | null;
    readonly lagWrites: number | null;
  }[];
}

export interface CommandReport {
  readonly coordinator: string;
  readonly steps: readonly TakeoverProgress[];
  readonly result: TakeoverResult;
}

export const group = "g1";
const syncedTimeout = "90s";
const waitOptions = { deadlineMs: 60_000, pollMs: 100 };
const refused = 3;

/** Of a link that was narrowed: what may be under way on it passes before a peer is taken for silent. */
export const narrowBytesPerSecond = 4_000_000;

/** Only what it prints when it succeeds. */
export async function succeed(world: Pick<World, "wayctl">, ...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await world.wayctl(...args);
  if (exitCode !== 0) throw new Error(`wayctl ${args.join(" ")} ended with ${exitCode}: ${stdout}${stderr}`);
  return stdout;
}

export async function viewOf(world: Pick<World, "wayctl">): Promise<ClusterView> {
  return JSON.parse(await succeed(world, "--json", "status")) as ClusterView;
}

/** Rejects with what is missing, and the status as it was then. */
export async function waitForView(world: World, what: string, holds: (view: ClusterView) => boolean): Promise<void> {
  try {
    await waitUntil(what, async () => holds(await viewOf(world)), waitOptions);
  } catch (error) {
    throw new Error(`in vain: ${what}\n${(await world.wayctl("status")).stdout}`, { cause: error });
  }
}

export function isDead({ nodes }: ClusterView, node: TestNode): boolean {
  return nodes.some(({ name, state }) => name === node && state === "dead");
}

/** Hosts can write to every volume at that side. */
export function isOpen({ volumes }: ClusterView, side: Side): boolean {
  return volumeNames.every((name) =>
    volumes.some(
      ({ volume, node, access }) => volume === name && node === homes[name][side] && access === "read-write",
    ),
  );
}

/** And every write is protected. */
export function isServed(view: ClusterView, side: Side = "primary"): boolean {
  return isOpen(view, side) && view.groups.every((each) => each.protected === true);
}

export async function waitSynced(world: World): Promise<void> {
  await succeed(world, "group", "wait", group, "--synced", "--timeout", syncedTimeout);
}

/** Commands that begin a term, in which nodes have other roles. */
export type TermCommand = "swap" | "direct" | "return" | "members";

/** `wayctl group COMMAND g1 ...`: a command that tells its steps. A refusal is a result. */
export async function order(
  world: World,
  command: TermCommand | "takeover",
  ...args: readonly string[]
): Promise<CommandReport> {
  const { exitCode, stdout, stderr } = await world.wayctl("--json", "group", command, group, ...args);
  if (exitCode !== 0 && exitCode !== refused)
    throw new Error(`wayctl group ${command} ${args.join(" ")} ended with ${exitCode}: ${stdout}${stderr}`);
  return JSON.parse(stdout) as CommandReport;
}

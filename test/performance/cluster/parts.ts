/** The parts of the bench, one after another, and their tables. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measureBacklogTakeover } from "./backlog-takeover.js";
import { measureCopying } from "./copying.js";
import { measureEndurance } from "./endurance.js";
import { measureFarLag } from "./far-lag.js";
import { measureFarLink } from "./far-link.js";
import { goalsOf, type Results } from "./goals.js";
import { keyLoads, type Load } from "./loads.js";
import { measureManyVolumes } from "./many-volumes.js";
import { adapters, ownTarget, withOwnCluster } from "./own-cluster.js";
import { withPeers } from "./peers.js";
import { measureRecovery, type RecoveryTime } from "./recovery.js";
import * as report from "./report.js";
import { measureDurability, measureSpeed, medianCells, ratioOf, type DurabilityRow, type SpeedCell } from "./speed.js";
import type { Effort, Target } from "./target.js";

export const parts = ["speed", "syncs", "memory", "recovery", "lag", "backlog", "copy", "link", "volumes"] as const;
export type Part = (typeof parts)[number];

export interface Plan {
  readonly only: readonly Part[];
  readonly loads: readonly Load[];
  /** How long each load of the parts lasts that look for what grows. */
  readonly memorySeconds: number;
  readonly backlogMiB: number;
  readonly say: (line: string) => void;
}

export interface Measured extends Results {
  readonly durability: readonly DurabilityRow[];
  readonly recovery: readonly RecoveryTime[];
}

export async function measure(plan: Plan, effort: Effort): Promise<Measured> {
  const { only, say } = plan;
  const wants = (part: Part): boolean => only.includes(part);
  const nothing = Promise.resolve([]);
  const speed = await measureBesidePeers(plan, effort);
  const perAdapter = await inTurn(adapters, async (adapter) => {
    const long = { ...effort, seconds: plan.memorySeconds };
    const endurance = wants("memory")
      ? await measureEndurance(adapter, long, ({ phase, seconds }) =>
          say(`${adapter}: ${phase}: ${seconds.toFixed(1)} s`),
        )
      : [];
    const recovery = wants("recovery") ? await measureRecovery(adapter, effort) : null;
    const farLags = await (wants("lag")
      ? withMirror(effort, (mirror) => measureFarLag(adapter, mirror, long))
      : nothing);
    if (wants("lag")) say(`${adapter}: lag measured`);
    const backlogs = wants("backlog") ? [await measureBacklogTakeover(adapter, { MiB: plan.backlogMiB }, effort)] : [];
    if (wants("backlog")) say(`${adapter}: takeover with a backlog measured`);
    const farLinks = wants("link") ? [await measureFarLink(adapter, effort)] : [];
    if (wants("link")) say(`${adapter}: long link measured`);
    return { endurance, recovery, farLags, backlogs, farLinks };
  });
  return {
    ...speed,
    endurance: perAdapter.flatMap(({ endurance }) => endurance),
    recovery: perAdapter.flatMap(({ recovery }) => recovery?.recovery ?? []),
    takeovers: perAdapter.flatMap(({ recovery }) => (recovery === null ? [] : [recovery.takeover])),
    farLags: perAdapter.flatMap(({ farLags }) => farLags),
    backlogs: perAdapter.flatMap(({ backlogs }) => backlogs),
    farLinks: perAdapter.flatMap(({ farLinks }) => farLinks),
    copies: await (wants("copy") ? measureCopying(effort) : nothing),
    volumes: await (wants("volumes") ? measureManyVolumes(effort) : nothing),
  };
}

async function inTurn<T, R>(all: readonly T[], act: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const one of all) results.push(await act(one));
  return results;
}

/** The parts in which targets take turns. */
async function measureBesidePeers({ only, loads, say }: Plan, effort: Effort) {
  let rounds: readonly (readonly SpeedCell[])[] = [];
  let durability: readonly DurabilityRow[] = [];
  const sayCell = (round: number, { load, target, perSecond }: SpeedCell): void =>
    say(`round ${round + 1}: ${load}: ${target}: ${perSecond.toFixed(0)} per s`);
  if (only.includes("speed") || only.includes("syncs")) {
    await withTargets(effort, async (targets, disk) => {
      if (only.includes("speed")) rounds = await measureSpeed({ targets, disk, loads }, effort, sayCell);
      if (only.includes("syncs"))
        durability = await measureDurability(targets, [keyLoads.smallWriteFlush, keyLoads.smallWrite], effort);
    });
  }
  return { rounds, durability };
}

/** Two clusters of ours and the peers, all up at once, so that rounds can take turns; only one is under load. */
function withTargets(effort: Effort, body: (targets: readonly Target[], disk: Target) => Promise<void>): Promise<void> {
  const { areaBytes, abort } = effort;
  // Small journals: what is measured is the state that lasts, in which space is used again.
  const shape = { relayJournal: "1GiB", secondaryJournal: "1GiB" };
  return inFolder((folder) =>
    withPeers({ folder, areaBytes, abort }, ({ nbdkit, mirror, disk }) =>
      withOwnCluster({ adapter: "leveldb", areaBytes, shape, abort }, (level) =>
        withOwnCluster({ adapter: "volume", areaBytes, shape, abort }, (volume) =>
          body([ownTarget("leveldb", level), mirror, ownTarget("volume", volume), nbdkit], disk),
        ),
      ),
    ),
  );
}

function withMirror<T>({ areaBytes, abort }: Effort, body: (mirror: Target) => Promise<T>): Promise<T> {
  return inFolder((folder) => withPeers({ folder, areaBytes, abort }, ({ mirror }) => body(mirror)));
}

async function inFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "waystation-bench-"));
  try {
    return await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function tablesOf(measured: Measured): string {
  const { rounds, durability, endurance, recovery, takeovers } = measured;
  const { farLags, backlogs, copies, farLinks, volumes } = measured;
  const sections: string[] = [];
  const add = (title: string, body: string): void => void sections.push(`\n## ${title}\n\n${body}`);
  if (rounds.length > 0) {
    const cells = medianCells(rounds);
    const ratio = (load: string, ours: string, other: string) => ratioOf(rounds, { load, ours, peer: other });
    add(`Speed: medians of ${rounds.length} rounds`, report.speedTable(cells, ratio));
    add("Processor time", report.processorTable(cells));
  }
  if (durability.length > 0) add("What waits for the medium", report.durabilityTable(durability));
  if (endurance.length > 0) add("Memory, and the far leg's lag", report.enduranceTable(endurance));
  if (takeovers.length > 0) add("Recovery and takeover", report.recoveryTable(recovery, takeovers));
  if (farLags.length > 0) add("The far leg under writes to both volumes", report.farLagTable(farLags));
  if (backlogs.length > 0) add("Takeover with a journal to drain", report.backlogTable(backlogs));
  if (copies.length > 0) add("Copying", report.copyTable(copies));
  if (farLinks.length > 0) add("A far leg of 50 ms and 1 Gb/s", report.farLinkTable(farLinks));
  if (volumes.length > 0) add("Among many volumes", report.volumesTable(volumes));
  const goals = goalsOf(measured);
  if (goals.length > 0) add("Goals", report.goalTable(goals));
  return sections.join("");
}

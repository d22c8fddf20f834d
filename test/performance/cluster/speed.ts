/**
 * Speed: every load on every target, in rounds that take turns (A B C D A B C D), so that what else the machine does hits
 * all alike. Ratios are taken within a round, and the median of the rounds is what is told.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { LoadFigures } from "./fio.js";
import type { Load } from "./loads.js";
import { countDurableCalls, processorMs } from "./process-figures.js";
import { median } from "./statistics.js";
import { runLoad, type Effort, type Target } from "./target.js";

export interface SpeedCell extends LoadFigures {
  readonly load: string;
  readonly target: string;
  /** Per I/O, by daemon. Whatever the load sets off counts, down to the far side's applying it. */
  readonly processorUs: Readonly<Record<string, number>>;
}

export interface SpeedPlan {
  readonly targets: readonly Target[];
  /** One write and its sync at a time, whatever the depth: a yardstick for the loads with a flush. */
  readonly disk: Target;
  readonly loads: readonly Load[];
}

/** The cells of one round after the other. */
export async function measureSpeed(
  { targets, disk, loads }: SpeedPlan,
  effort: Effort,
  onCell: (round: number, cell: SpeedCell) => void,
): Promise<SpeedCell[][]> {
  const rounds: SpeedCell[][] = [];
  for (let round = 0; round < effort.rounds; round++) {
    const cells: SpeedCell[] = [];
    for (const load of loads) {
      // Every other round backwards, so that none always comes after the same one.
      const all = load.flush ? [...targets, disk] : targets;
      for (const target of round % 2 === 0 ? all : [...all].reverse()) {
        const cell = await measureCell(target, load, effort);
        cells.push(cell);
        onCell(round, cell);
      }
    }
    rounds.push(cells);
  }
  return rounds;
}

async function measureCell(target: Target, load: Load, effort: Effort): Promise<SpeedCell> {
  const before = await processorTimes(target);
  const figures = await runLoad(target, load, effort);
  await target.settle();
  const after = await processorTimes(target);
  const processorUs: Record<string, number> = {};
  for (const [name, ms] of after)
    processorUs[name] = ((ms - (before.get(name) ?? 0)) * 1000) / Math.max(1, figures.count);
  return { load: load.name, target: target.name, ...figures, processorUs };
}

async function processorTimes({ processes }: Target): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  for (const [name, pid] of processes) times.set(name, await processorMs(pid));
  return times;
}

/** The median round of each load on each target. */
export function medianCells(rounds: readonly (readonly SpeedCell[])[]): SpeedCell[] {
  const all = rounds.flat();
  const first = rounds[0] ?? [];
  return first.map((cell) => {
    const same = all.filter(({ load, target }) => load === cell.load && target === cell.target);
    const of = (pick: (cell: SpeedCell) => number): number => median(same.map(pick));
    const names = Object.keys(cell.processorUs);
    return {
      load: cell.load,
      target: cell.target,
      perSecond: of((each) => each.perSecond),
      count: of((each) => each.count),
      p50Us: of((each) => each.p50Us),
      p99Us: of((each) => each.p99Us),
      flushP50Us: of((each) => each.flushP50Us),
      flushP99Us: of((each) => each.flushP99Us),
      processorUs: Object.fromEntries(names.map((name) => [name, of((each) => each.processorUs[name] ?? 0)])),
    };
  });
}

/** How many times as fast `ours` is as `peer`: the median of the rounds' ratios; null where either was not measured. */
export function ratioOf(
  rounds: readonly (readonly SpeedCell[])[],
  { load, ours, peer }: { readonly load: string; readonly ours: string; readonly peer: string },
): number | null {
  const ratios = rounds.flatMap((cells) => {
    const find = (target: string) => cells.find((cell) => cell.load === load && cell.target === target);
    const [a, b] = [find(ours), find(peer)];
    return a === undefined || b === undefined || b.perSecond === 0 ? [] : [a.perSecond / b.perSecond];
  });
  return ratios.length === 0 ? null : median(ratios);
}

export interface DurabilityRow {
  readonly load: string;
  readonly target: string;
  readonly daemon: string;
  readonly syncsPer1000: number;
  readonly durableWritesPer1000: number;
}

/** Counting starts a moment before the load: perf takes that long to attach. */
const attachMs = 300;

/** Syncs per 1000 writes of each daemon; empty where they cannot be counted. */
export async function measureDurability(
  targets: readonly Target[],
  loads: readonly Load[],
  effort: Effort,
): Promise<DurabilityRow[]> {
  const rows: DurabilityRow[] = [];
  for (const load of loads) {
    for (const target of targets) {
      const counts = [...target.processes].map(([daemon, pid]) => ({ daemon, ...countDurableCalls(pid) }));
      await delay(attachMs);
      const { count } = await runLoad(target, load, effort);
      await target.settle();
      for (const { daemon, done } of counts) {
        const calls = await done();
        if (calls === null) continue;
        const per1000 = (calls_: number): number => (calls_ * 1000) / Math.max(1, count);
        const durableWritesPer1000 = target.ours ? per1000(calls.durableWrites) : 0;
        const syncsPer1000 = per1000(calls.syncs);
        rows.push({ load: load.name, target: target.name, daemon, syncsPer1000, durableWritesPer1000 });
      }
    }
  }
  return rows;
}

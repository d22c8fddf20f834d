/**
 * What a drill found: RPO in writes that hosts know of, RTO by phase, and the checks that were made. As a table for people,
 * and as JSON for whoever adds runs up.
 */
import { appendFile } from "node:fs/promises";
import type { TakeoverProgress } from "@waystation/client/control-client";

export interface Phase {
  readonly name: string;
  readonly tookMs: number;
}

export interface RecoveryReport {
  readonly drill: string;
  /** One after another, from the disaster on. What comes after the first host write is not RTO. */
  readonly phases: readonly Phase[];
  /** Hosts were told of 1..this. */
  readonly acknowledged: number;
  /** Exactly the writes 1..this were found. */
  readonly found: number;
  /** What the system itself said of the loss. */
  readonly said: string;
  readonly checks: readonly string[];
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

export function describePhases(phases: readonly Phase[]): string {
  return phases.map(({ name, tookMs }) => `${name} ${seconds(tookMs)}`).join(", ");
}

/** The phases of a command that tells its steps; the time of each is until the next began. */
export function phasesOf(steps: readonly Pick<TakeoverProgress, "phase" | "elapsedMs">[]): Phase[] {
  const phases = new Map<string, number>();
  steps.forEach((step, index) => {
    const next = steps[index + 1];
    if (next === undefined) return;
    phases.set(step.phase, (phases.get(step.phase) ?? 0) + next.elapsedMs - step.elapsedMs);
  });
  return [...phases].map(([name, tookMs]) => ({ name, tookMs }));
}

export function sumMs(phases: readonly Phase[]): number {
  return phases.reduce((sum, { tookMs }) => sum + tookMs, 0);
}

export function lostWrites({ acknowledged, found }: Pick<RecoveryReport, "acknowledged" | "found">): number {
  return Math.max(0, acknowledged - found);
}

/** The phase that ends the time without service. */
export const firstHostWrite = "first host write";

/** The phases up to the first host write, and what came afterwards. */
function splitPhases({ phases }: RecoveryReport): { readonly rto: readonly Phase[]; readonly then: readonly Phase[] } {
  const served = phases.findIndex(({ name }) => name === firstHostWrite);
  const count = served < 0 ? phases.length : served + 1;
  return { rto: phases.slice(0, count), then: phases.slice(count) };
}

/** Title and text, in order. */
export function recoveryRows(report: RecoveryReport): (readonly [string, string])[] {
  const { acknowledged, found, said, checks } = report;
  const { rto, then } = splitPhases(report);
  return [
    ["RPO", `${lostWrites(report)} writes (acknowledged 1..${acknowledged}, found exactly 1..${found}; said: ${said})`],
    ["RTO", seconds(sumMs(rto))],
    ...rto.map(({ name, tookMs }) => [`  ${name}`, seconds(tookMs)] as const),
    ...then.map(({ name, tookMs }) => [`then: ${name}`, seconds(tookMs)] as const),
    ...checks.map((check) => ["checked", check] as const),
  ];
}

export function recoveryTable(report: RecoveryReport): string {
  const rows = recoveryRows(report);
  const width = Math.max(...rows.map(([title]) => title.length));
  return `drill: ${report.drill}\n${rows.map(([title, text]) => `  ${title.padEnd(width)}  ${text}\n`).join("")}`;
}

/** As one line of JSON at the end of the file that `DRILL_REPORTS` names, if it names one. */
export async function appendReport(report: RecoveryReport): Promise<void> {
  const path = process.env["DRILL_REPORTS"];
  if (path === undefined) return;
  const line = { ...report, lostWrites: lostWrites(report), rtoMs: sumMs(splitPhases(report).rto) };
  await appendFile(path, `${JSON.stringify(line)}\n`);
}

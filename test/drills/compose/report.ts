/** What a drill found, as lines for people: RPO, RTO by phase, what was checked. */
import type { TakeoverProgress } from "@waystation/client/control-client";
import type { TakeoverReport } from "./cluster.js";
import type { ChainAudit } from "./dependent-writes.js";
import type { Writer } from "./writer.js";

export interface DrillReport {
  /** Title and text, in order. */
  readonly lines: readonly (readonly [string, string])[];
}

export interface Phase {
  readonly name: string;
  readonly tookMs: number;
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

export function describePhases(phases: readonly Phase[]): string {
  return phases.map(({ name, tookMs }) => `${name} ${seconds(tookMs)}`).join(", ");
}

/** The takeover's own phases; the time of each is until the next began. */
export function takeoverPhases({ steps }: TakeoverReport): Phase[] {
  const phases = new Map<string, number>();
  steps.forEach((step: TakeoverProgress, index) => {
    const next = steps[index + 1];
    if (next === undefined) return;
    phases.set(step.phase, (phases.get(step.phase) ?? 0) + next.elapsedMs - step.elapsedMs);
  });
  return [...phases].map(([name, tookMs]) => ({ name, tookMs }));
}

export function describeRpo(audit: ChainAudit, writer: Writer): string {
  return `${audit.lost} acknowledged writes lost (acknowledged 1..${writer.acknowledged()}, found exactly 1..${audit.found})`;
}

export function describeFailures(writer: Writer): string {
  const counts = new Map<string, number>();
  for (const { code } of writer.failures()) counts.set(code, (counts.get(code) ?? 0) + 1);
  return counts.size === 0 ? "none failed" : [...counts].map(([code, count]) => `${count} x ${code}`).join(", ");
}

export function describeComparison(audit: ChainAudit, against: string): string {
  return `${audit.blocksCompared} blocks of 4 KiB, all of both volumes, ${against}: no difference`;
}

export function renderReport({ lines }: DrillReport): string {
  const width = Math.max(...lines.map(([title]) => title.length));
  return lines.map(([title, text]) => `  ${title.padEnd(width)}  ${text}`).join("\n");
}

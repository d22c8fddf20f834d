/** What a drill found, as lines for people: RPO, RTO by phase, what was checked. */
import type { TakeoverProgress } from "@waystation/client/control-client";
import { mebibyte } from "../../harness/cluster-file.js";
import type { TakeoverReport } from "./cluster.js";
import type { Verdict } from "./verify.js";
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

export function describeRpo({ acknowledged, found }: Verdict): string {
  return `0 acknowledged writes lost (acknowledged 1..${acknowledged}, found exactly 1..${found})`;
}

export function describeFailures(writer: Writer): string {
  const counts = [...writer.failures()].map(([kind, count]) => `${count} x ${kind}`);
  return counts.length === 0 ? "none failed" : counts.join(", ");
}

export function describeComparison({ comparedBytes }: Verdict, against: string): string {
  return `all ${comparedBytes / mebibyte} MiB compared with ${against}: no difference`;
}

export function renderReport({ lines }: DrillReport): string {
  const width = Math.max(...lines.map(([title]) => title.length));
  return lines.map(([title, text]) => `  ${title.padEnd(width)}  ${text}`).join("\n");
}

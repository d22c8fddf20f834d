/** What a drill found, as lines for people: RPO, RTO by phase, what was checked. */
import { mebibyte } from "../../harness/cluster-file.js";
import type { Verdict } from "./verify.js";

export interface DrillReport {
  /** Title and text, in order. */
  readonly lines: readonly (readonly [string, string])[];
}

export function describeRpo({ acknowledged, found }: Verdict): string {
  return `0 acknowledged writes lost (acknowledged 1..${acknowledged}, found exactly 1..${found})`;
}

export function describeComparison({ comparedBytes }: Verdict, against: string): string {
  return `all ${comparedBytes / mebibyte} MiB compared with ${against}: no difference`;
}

export function renderReport({ lines }: DrillReport): string {
  const width = Math.max(...lines.map(([title]) => title.length));
  return lines.map(([title, text]) => `  ${title.padEnd(width)}  ${text}`).join("\n");
}

/**
 * Waits for work that goes on at a node: reads its reports until one of them says that it is over, and shows a bar
 * meanwhile, if there is a terminal to show it on.
 */
import type { WorkProgress } from "@waystation/contracts/storage-front";
import type { Context } from "./context.js";
import { formatBar } from "./progress.js";

export interface Watch<Report, Result> {
  readonly reports: AsyncIterable<Report>;
  /** Null while it is not over. */
  readonly resultOf: (report: Report) => Result | null;
  readonly progressOf: (report: Report) => { readonly label: string; readonly progress: WorkProgress } | null;
  readonly timeoutMs: number;
}

/** Null when the time was up before. The work goes on then. */
export async function watchUntil<Report, Result>(
  { ports, json }: Context,
  { reports, resultOf, progressOf, timeoutMs }: Watch<Report, Result>,
): Promise<Result | null> {
  const line = json() ? null : ports.progress;
  const startedMs = ports.wallMs();
  try {
    for await (const report of reports) {
      const result = resultOf(report);
      if (result !== null) return result;
      if (ports.wallMs() - startedMs >= timeoutMs) return null;
      const progress = progressOf(report);
      if (progress !== null) line?.show(formatBar(progress.label, progress.progress, line.columns));
    }
    return null;
  } finally {
    line?.show("");
  }
}

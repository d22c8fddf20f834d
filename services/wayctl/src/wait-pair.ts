/** Waits until a group is paired again after a resync or a change of term, with a bar for how far the copy is. */
import type { WorkProgress } from "@waystation/contracts/storage-front";
import type { Context } from "./context.js";
import { exitCodes } from "./errors.js";
import { renderGroup } from "./group-render.js";
import { viewGroup, type GroupView } from "./group-view.js";
import { surveyCluster } from "./survey.js";
import { watchUntil } from "./watch.js";

const pollIntervalMs = 500;

export interface PairWait {
  readonly name: string;
  /** The term that was begun; what an older one says is not listened to. 0: any. */
  readonly sinceEpoch: number;
  readonly timeoutMs: number;
}

export async function waitForPair(context: Context, { name, sinceEpoch, timeoutMs }: PairWait): Promise<void> {
  const view = await watchUntil<GroupView, GroupView>(context, {
    reports: polls(context, name),
    resultOf: (seen) => ((seen.term?.epoch ?? 0) >= sinceEpoch && isOver(seen) ? seen : null),
    progressOf,
    timeoutMs,
  });
  if (view === null) {
    const text = `group ${name} is not paired after ${timeoutMs} ms; the copy goes on`;
    context.print({ paired: false }, text);
    return context.setExit(exitCodes.refused);
  }
  const paired = view.pair === "PAIR" || view.pair === "PFUL";
  context.print({ paired, ...view }, renderGroup(view));
  context.setExit(paired ? exitCodes.ok : exitCodes.refused);
}

/** Paired; or suspended again, or taken over, and then nobody would see it paired. */
function isOver({ pair }: GroupView): boolean {
  return pair !== null && pair !== "COPY" && pair !== "SMPL";
}

async function* polls({ ports, cluster }: Context, name: string): AsyncIterable<GroupView> {
  const file = await cluster();
  const group = file.groups.find((candidate) => candidate.name === name);
  for (; group !== undefined; await ports.delay(pollIntervalMs)) {
    yield viewGroup(file, group, await surveyCluster(file, ports.connect));
  }
}

function progressOf({ group, copy }: GroupView): { readonly label: string; readonly progress: WorkProgress } | null {
  if (copy === null) return null;
  const { doneBytes, totalBytes, bytesPerSecond } = copy;
  const remainingMs = bytesPerSecond <= 0 ? null : ((totalBytes - doneBytes) / bytesPerSecond) * 1000;
  return { label: `copying ${group}`, progress: { doneBytes, totalBytes, bytesPerSecond, remainingMs } };
}

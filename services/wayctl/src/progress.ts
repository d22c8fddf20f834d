/** How far a piece of work is, as a bar for a terminal and as words for tables. Pure. */
import type { ArrayReport, WorkProgress } from "@waystation/contracts/storage-front";
import { formatAge, formatBytes } from "./table.js";

const barColumnsMax = 40;
const barColumnsMin = 8;

/** "rebuilding disk 2  [########--------]  43%  120 MiB/s  3 min left", cut to the terminal's width. */
export function formatBar(label: string, progress: WorkProgress, columns: number): string {
  const figures = `${percentOf(progress).padStart(4)}  ${rateOf(progress)}  ${remainderOf(progress)}`;
  const room = columns - label.length - figures.length - 7;
  const width = Math.min(barColumnsMax, room);
  const filled = Math.round(width * shareOf(progress));
  const bar = width < barColumnsMin ? "" : `[${"#".repeat(filled)}${"-".repeat(width - filled)}]  `;
  return `${label}  ${bar}${figures}`.slice(0, Math.max(0, columns - 1));
}

/** "43%, 120 MiB/s, 3 min left". */
export function describeProgress(progress: WorkProgress): string {
  return `${percentOf(progress)}, ${rateOf(progress)}, ${remainderOf(progress)}`;
}

/** What an array is doing beside its service, one line each; none when it does nothing. */
export function activitiesOf({ disks, scrub }: ArrayReport): { readonly label: string; progress: WorkProgress }[] {
  const rebuilds = disks.flatMap(({ slot, progress }) =>
    progress === null ? [] : [{ label: `rebuilding disk ${slot ?? "?"}`, progress }],
  );
  return scrub === null ? rebuilds : [...rebuilds, { label: "scrubbing", progress: scrub.progress }];
}

function shareOf({ doneBytes, totalBytes }: WorkProgress): number {
  return totalBytes === 0 ? 0 : Math.min(1, Math.max(0, doneBytes / totalBytes));
}

/** Rounded down: 100% only when it is all done. */
function percentOf(progress: WorkProgress): string {
  return `${Math.floor(shareOf(progress) * 100)}%`;
}

function rateOf({ bytesPerSecond }: WorkProgress): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

function remainderOf({ remainingMs }: WorkProgress): string {
  return remainingMs === null ? "time left unknown" : `${formatAge(remainingMs)} left`;
}

/** Arrays, scrubs and pairs as text for people. `-` stands for what no live node could tell. */
import type { ArrayReport, PairReport, ScrubReport } from "@waystation/contracts/storage-front";
import { activitiesOf, describeProgress } from "./progress.js";
import { formatAge, formatBytes, formatTable } from "./table.js";

export interface ArrayRow {
  readonly node: string;
  readonly array: string;
  readonly alive: boolean;
  readonly report: ArrayReport | null;
}

export function renderArrayList(rows: readonly ArrayRow[]): string {
  const cells = rows.map(({ node, array, alive, report }) => {
    const place = alive ? node : `${node} (DEAD)`;
    if (report === null) return [place, array, "-", "-", "-", "-", "-", ""];
    const members = report.disks.filter(({ slot }) => slot !== null);
    const active = members.filter(({ health }) => health === "active").length;
    return [
      place,
      array,
      report.level,
      report.health,
      `${active}/${members.length}`,
      formatBytes(report.usableBytes),
      formatBytes(report.freeBytes),
      doingOf(report),
    ];
  });
  return formatTable([["NODE", "ARRAY", "LEVEL", "STATE", "DISKS", "USABLE", "FREE", ""], ...cells]);
}

/** "rebuilding disk 2: 43%, 120 MiB/s, 3 min left; scrubbing: 5%, ..." */
export function doingOf(report: ArrayReport): string {
  return activitiesOf(report)
    .map(({ label, progress }) => `${label}: ${describeProgress(progress)}`)
    .join("; ");
}

/** One line for each thing that is not as it should be. */
export function problemsOf({ disks, lostBytes }: ArrayReport): string[] {
  const absent = disks.filter(({ health }) => health === "absent");
  const lines = absent.map(({ slot, file, reason }) => `disk ${slot ?? "?"} (${file ?? "not found"}): ${reason}`);
  if (lostBytes > 0) lines.push(`${lostBytes} bytes cannot be read until they are written again`);
  return lines;
}

export function renderArray(node: string, report: ArrayReport): string {
  const { name, level, health, disks, stripeUnitBytes, checksums, lostBytes } = report;
  const rows = disks.map(({ slot, health: state, file, repairedBlocks, progress, reason }) => [
    slot === null ? "-" : String(slot),
    state,
    String(repairedBlocks),
    file ?? "not found",
    progress === null ? reason : describeProgress(progress),
  ]);
  const members = disks.filter(({ slot }) => slot !== null).length;
  const { usableBytes, freeBytes, reservedBytes } = report;
  const reserved = reservedBytes === 0 ? "" : `, ${formatBytes(reservedBytes)} kept free for volumes with snapshots`;
  const space = `${formatBytes(usableBytes)} usable, ${formatBytes(freeBytes)} free${reserved}`;
  const lines = [
    `array ${node}/${name}  ${level} over ${members}, stripe unit ${formatBytes(stripeUnitBytes)}, checksums ${checksums ? "on" : "off"}`,
    `state ${health}  ${space}`,
    ...(lostBytes > 0 ? [`${lostBytes} bytes cannot be read until they are written again`] : []),
    formatTable([["SLOT", "STATE", "REPAIRED", "DISK", ""], ...rows]),
  ];
  if (report.scrub !== null) lines.push(`scrub ${report.scrub.run}: ${describeProgress(report.scrub.progress)}`);
  if (report.lastScrub !== null) lines.push(renderScrub(`${node}/${name}`, report.lastScrub));
  return lines.join("\n");
}

export function renderScrub(array: string, report: ScrubReport): string {
  const { run, startedWallMs, endedWallMs, scannedBytes, repairedBlocks, unrepairableBlocks, findings } = report;
  const took = formatAge(endedWallMs - startedWallMs);
  const found = `${repairedBlocks} blocks put right, ${unrepairableBlocks} that could not be`;
  const lines = [`scrub ${run} of ${array}: ${formatBytes(scannedBytes)} in ${took}, ${found}`];
  if (report.failure !== "") lines.push(`it ended early: ${report.failure}`);
  if (findings.length > 0) {
    const rows = findings.map(({ disk, offsetBytes, kind, repaired }) => [
      String(offsetBytes),
      kind,
      repaired ? "put right" : "LOST",
      disk,
    ]);
    lines.push(formatTable([["OFFSET", "WHAT", "", "DISK"], ...rows]));
  }
  return lines.join("\n");
}

export function renderPairs(pairs: readonly (PairReport & { readonly node: string })[]): string {
  const rows = pairs.map((pair) => [
    `${pair.node}/${pair.primary}`,
    secondaryOf(pair.node, pair),
    pair.state,
    pair.dirtyRegions === 0 ? "-" : formatBytes(pair.dirtyRegions * pair.regionBytes),
    shortlyOf(pair),
  ]);
  return formatTable([["P-VOL", "S-VOL", "STATE", "DIFFERS", ""], ...rows]);
}

export function renderPair(node: string, pair: PairReport): string {
  const { primary, state, direction, detail, dirtyRegions, regions, regionBytes, progress } = pair;
  const arrow = direction === "forward" ? "->" : "<-";
  const lines = [
    `pair ${node}/${primary} ${arrow} ${secondaryOf(node, pair)}  ${state}`,
    `${dirtyRegions} of ${regions} regions of ${formatBytes(regionBytes)} differ or may differ`,
  ];
  if (detail !== "") lines.push(detail);
  if (progress !== null) lines.push(`copying: ${describeProgress(progress)}`);
  return lines.join("\n");
}

function secondaryOf(node: string, { secondary, secondaryNode }: PairReport): string {
  return `${secondaryNode === "" ? node : secondaryNode}/${secondary}`;
}

function shortlyOf({ direction, detail, progress }: PairReport): string {
  const copying =
    progress === null ? "" : `${direction === "reverse" ? "restoring" : "copying"}: ${describeProgress(progress)}`;
  return [detail, copying].filter((part) => part !== "").join("; ");
}

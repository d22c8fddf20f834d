/** The results as Markdown tables. */
import type { BacklogTakeover } from "./backlog-takeover.js";
import type { CopySpeed } from "./copying.js";
import type { EndurancePhase } from "./endurance.js";
import type { FarLag } from "./far-lag.js";
import type { FarLinkFigures } from "./far-link.js";
import type { Goal } from "./goals.js";
import type { VolumesFigures } from "./many-volumes.js";
import type { RecoveryTime, TakeoverTime } from "./recovery.js";
import type { DurabilityRow, SpeedCell } from "./speed.js";
import { median, most } from "./statistics.js";

type Cell = string | number;

export function table(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly Cell[]): string => `| ${cells.join(" | ")} |\n`;
  return line(header) + line(header.map((_, i) => (i === 0 ? "---" : "---:"))) + rows.map(line).join("");
}

const peersOf = ["mirror", "nbdkit"] as const;

/** One row per load and target; the ratios are those of the medians' rounds, as `ratio` gives them. */
export function speedTable(
  cells: readonly SpeedCell[],
  ratio: (load: string, target: string, peer: string) => number | null,
): string {
  const rows = cells.map(({ load, target, perSecond, p50Us, p99Us, flushP99Us }) => [
    load,
    target,
    perSecond.toFixed(0),
    p50Us.toFixed(0),
    p99Us.toFixed(0),
    flushP99Us === 0 ? "" : flushP99Us.toFixed(0),
    ...peersOf.map((peer) => (target === peer ? "" : (ratio(load, target, peer)?.toFixed(2) ?? ""))),
  ]);
  return table(["load", "target", "I/O per s", "p50 us", "p99 us", "flush p99 us", "/ mirror", "/ nbdkit"], rows);
}

export function processorTable(cells: readonly SpeedCell[]): string {
  const rows = cells
    .filter(({ processorUs }) => Object.keys(processorUs).length > 0)
    .map(({ load, target, processorUs }) => {
      const parts = Object.entries(processorUs).map(([name, us]) => `${name} ${us.toFixed(0)}`);
      const sum = Object.values(processorUs).reduce((a, b) => a + b, 0);
      return [load, target, sum.toFixed(0), parts.join(", ")];
    });
  return table(["load", "target", "CPU us per I/O", "by daemon"], rows);
}

export function durabilityTable(rows: readonly DurabilityRow[]): string {
  return table(
    ["load", "target", "daemon", "fdatasyncs per 1000", "O_DSYNC writes per 1000"],
    rows.map(({ load, target, daemon, syncsPer1000, durableWritesPer1000 }) => [
      load,
      target,
      daemon,
      syncsPer1000.toFixed(0),
      durableWritesPer1000.toFixed(0),
    ]),
  );
}

export function enduranceTable(phases: readonly EndurancePhase[]): string {
  const rows = phases.map(({ adapter, phase, seconds, writesPerSecond, residentMiB, lag }) => {
    const resident = Object.entries(residentMiB).map(([node, mib]) => `${node} ${mib.toFixed(0)}`);
    const lags = lag.flatMap(({ seconds: each }) => Object.values(each));
    const journal = most(lag.map(({ journalMiB }) => journalMiB));
    return [
      adapter,
      phase,
      seconds.toFixed(1),
      writesPerSecond?.toFixed(0) ?? "",
      resident.join(", "),
      `${median(lags).toFixed(2)} / ${most(lags).toFixed(2)}`,
      journal.toFixed(0),
    ];
  });
  return table(
    ["adapter", "phase", "s", "writes per s", "MiB resident, most", "lag s, median / most", "journal MiB, most"],
    rows,
  );
}

export function recoveryTable(recovery: readonly RecoveryTime[], takeovers: readonly TakeoverTime[]): string {
  const killed = recovery.map(({ adapter, node, readyMs, protectedMs, syncedMs }) => [
    adapter,
    `${node} killed under load, started again`,
    readyMs.toFixed(0),
    protectedMs.toFixed(0),
    syncedMs.toFixed(0),
  ]);
  const taken = takeovers.map(({ adapter, takeoverMs, openMs }) => [
    adapter,
    "takeover of an idle group",
    takeoverMs.toFixed(0),
    openMs.toFixed(0),
    "",
  ]);
  return table(["adapter", "what", "done ms", "writable (protected) ms", "synced ms"], [...killed, ...taken]);
}

export function farLagTable(lags: readonly FarLag[]): string {
  const rows = lags.map(({ adapter, load, perSecond, mirrorPerSecond, lagWritesMax, lagSecondsMax, lagSlope }) => [
    adapter,
    load,
    perSecond.toFixed(0),
    (perSecond / mirrorPerSecond).toFixed(2),
    lagWritesMax,
    lagSecondsMax.toFixed(2),
    lagSlope.toFixed(1),
  ]);
  return table(
    ["adapter", "load", "writes per s", "/ mirror", "lag writes, most", "lag s, most", "lag grows by, writes per s"],
    rows,
  );
}

export function backlogTable(backlogs: readonly BacklogTakeover[]): string {
  const rows = backlogs.map(({ adapter, backlogMiB, takeoverMs, openMs, arrayMs }) => [
    adapter,
    backlogMiB.toFixed(0),
    takeoverMs.toFixed(0),
    openMs.toFixed(0),
    arrayMs.toFixed(0),
  ]);
  return table(["adapter", "MiB to drain", "takeover ms", "open for hosts ms", "as much to an array ms"], rows);
}

export function copyTable(copies: readonly CopySpeed[]): string {
  const rows = copies.map(({ what, ms, nbdcopyMs }) => [
    what,
    ms.toFixed(0),
    nbdcopyMs.toFixed(0),
    (nbdcopyMs / ms).toFixed(2),
  ]);
  return table(["copy", "ms", "nbdcopy ms", "/ nbdcopy"], rows);
}

export function farLinkTable(links: readonly FarLinkFigures[]): string {
  const rates = ({ linkRate, tcpRate, undelayedRate, farLegRate, underLoadRate }: FarLinkFigures): Cell[] =>
    [linkRate, tcpRate, undelayedRate, farLegRate, underLoadRate].map((rate) => (rate / 1e6).toFixed(0));
  const latencies = ({ shortP50Us, shortP99Us, longP50Us, longP99Us }: FarLinkFigures): Cell[] => [
    `${shortP50Us.toFixed(0)} / ${shortP99Us.toFixed(0)}`,
    `${longP50Us.toFixed(0)} / ${longP99Us.toFixed(0)}`,
  ];
  return table(
    [
      ...["adapter", "link MB/s", "plain TCP", "far leg, no delay", "far leg", "far leg, hosts writing"],
      ...["write p50 / p99 us, short link", "long link"],
    ],
    links.map((link) => [link.adapter, ...rates(link), ...latencies(link)]),
  );
}

export function volumesTable(figures: readonly VolumesFigures[]): string {
  const rows = figures.map(({ volumes, bytes, messages, processorUs }) => {
    const daemons = Object.entries(processorUs).map(([node, us]) => `${node} ${us.toFixed(0)}`);
    const sum = Object.values(processorUs).reduce((a, b) => a + b, 0);
    return [
      volumes,
      `${bytes.near.toFixed(0)} / ${bytes.far.toFixed(0)}`,
      `${messages.near.toFixed(2)} / ${messages.far.toFixed(2)}`,
      sum.toFixed(0),
      daemons.join(", "),
    ];
  });
  return table(["volumes", "bytes near / far", "messages near / far", "CPU us per write", "by daemon"], rows);
}

export function goalTable(goals: readonly Goal[]): string {
  return table(
    ["goal", "wanted", "found", ""],
    goals.map(({ what, wanted, found, reached }) => [
      what,
      wanted,
      found < 10 ? found.toFixed(2) : found.toFixed(0),
      reached ? "reached" : "MISSED",
    ]),
  );
}

/** Small tables for terminals: columns as wide as their widest cell, two spaces apart, no lines drawn. */

/** Columns whose cells all look like numbers are aligned to the right. The first row is the heading. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const columnCount = Math.max(0, ...rows.map((row) => row.length));
  const columns = Array.from({ length: columnCount }, (_, index) => rows.map((row) => row[index] ?? ""));
  const padded = columns.map((cells) => {
    const width = Math.max(...cells.map((cell) => cell.length));
    const right = cells.slice(1).every((cell) => /^(-|\d[\d.,]*)$/.test(cell));
    return cells.map((cell) => (right ? cell.padStart(width) : cell.padEnd(width)));
  });
  return rows
    .map((_, row) =>
      padded
        .map((cells) => cells[row])
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number(value.toFixed(1))} ${units[unit] ?? ""}`;
}

/** "3 s", "12 min", "5 h", "2 d". */
export function formatAge(ageMs: number): string {
  const steps = [
    { name: "d", ms: 86_400_000 },
    { name: "h", ms: 3_600_000 },
    { name: "min", ms: 60_000 },
  ];
  const step = steps.find(({ ms }) => ageMs >= 2 * ms) ?? { name: "s", ms: 1_000 };
  return `${Math.max(0, Math.floor(ageMs / step.ms))} ${step.name}`;
}

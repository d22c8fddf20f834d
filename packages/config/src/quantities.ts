/** Sizes, durations and addresses as people write them. Each reader returns null for what it cannot read. */
import type { Address } from "./cluster.js";

const sizeUnits: Readonly<Record<string, number>> = {
  "": 1,
  "B": 1,
  "KiB": 2 ** 10,
  "MiB": 2 ** 20,
  "GiB": 2 ** 30,
  "TiB": 2 ** 40,
};
const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Bytes of `64KiB`, `1.5GiB`, `"4096"` or 4096: whole, not negative, exact as a number. */
export function readSizeBytes(value: string | number): number | null {
  const match = /^([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]*)$/.exec(String(value));
  const unit = match === null ? undefined : sizeUnits[match[2] ?? ""];
  if (unit === undefined) return null;
  const bytes = Number(match?.[1]) * unit;
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** Milliseconds of `500ms`, `10s`, `2m`, `1h`; whole, at most a day. A bare number has no unit and is refused. */
export function readDurationMs(value: string): number | null {
  const match = /^([0-9]+(?:\.[0-9]+)?) ?(ms|s|m|h)$/.exec(value);
  const unit = match === null ? undefined : durationUnits[match[2] ?? ""];
  if (unit === undefined) return null;
  const ms = Number(match?.[1]) * unit;
  return Number.isSafeInteger(ms) && ms <= 86_400_000 ? ms : null;
}

/** Milliseconds of `90m`, `12h`, `30d`; whole, at most a year. */
export function readPeriodMs(value: string): number | null {
  const match = /^([0-9]+(?:\.[0-9]+)?) ?(m|h|d)$/.exec(value);
  const unit = match === null ? undefined : { ...durationUnits, d: 86_400_000 }[match[2] ?? ""];
  if (unit === undefined) return null;
  const ms = Number(match?.[1]) * unit;
  return Number.isSafeInteger(ms) && ms <= 366 * 86_400_000 ? ms : null;
}

/** The share that `80%` is: 0.8. From 1% to 99%, as full figures. */
export function readShare(value: string): number | null {
  const match = /^([1-9][0-9]?) ?%$/.exec(value);
  return match === null ? null : Number(match[1]) / 100;
}

/** `host:port`, IPv6 in brackets, port 1 to 65535. */
export function readAddress(value: string): Address | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})$/.exec(value);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port < 1 || port > 65_535 ? null : { host, port };
}

/** `host:port`, as sockets and URLs want it. */
export function formatAddress(address: Address): string {
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** The largest unit that divides `bytes`, else a rounded figure: `1GiB`, `192KiB`, `1.3GiB`. */
export function formatSize(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let [amount, step] = [bytes, 0];
  while (amount >= 1024 && step < units.length - 1) [amount, step] = [amount / 1024, step + 1];
  const shown = Number.isInteger(amount) ? String(amount) : amount.toFixed(1);
  return `${shown}${units[step] ?? "B"}`;
}

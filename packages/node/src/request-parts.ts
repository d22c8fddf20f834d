/** What all volume fronts do with a request before it reaches what stores it: check its range, split it when large. */
import { within } from "@waystation/contracts/byte-range";
import { Failure } from "@waystation/contracts/errors";

interface SizedVolume {
  readonly name: string;
  readonly sizeBytes: number;
}

/** Null when the range lies within the volume. */
export function rangeFailure(
  { name, sizeBytes }: SizedVolume,
  offsetBytes: number,
  lengthBytes: number,
): Failure | null {
  if (within({ offsetBytes, lengthBytes }, sizeBytes)) return null;
  const what = `${lengthBytes} bytes at ${offsetBytes}`;
  return new Failure("OUT_OF_RANGE", `${what} leave volume ${name}, which has ${sizeBytes} bytes`);
}

/** All parts at once; the windows below hold back what is too much. Fails with the first failure, after all ended. */
export async function inParts(
  lengthBytes: number,
  partBytes: number,
  part: (at: number, length: number) => Promise<void>,
): Promise<void> {
  const parts: Promise<void>[] = [];
  for (let at = 0; at < lengthBytes; at += partBytes) parts.push(part(at, Math.min(partBytes, lengthBytes - at)));
  for (const outcome of await Promise.allSettled(parts)) if (outcome.status === "rejected") throw outcome.reason;
}

/**
 * Reads single values and notes what is wrong with them. A value that cannot be read is noted here once, and comes
 * back as null, so that the checks that follow leave it alone.
 */
import { isName, nameRule } from "@waystation/contracts/ids";
import type { Path } from "./problems.js";
import { readDurationMs, readSizeBytes } from "./quantities.js";

export type Note = (path: Path, message: string) => void;

export function checkName(note: Note, path: Path, name: string): void {
  if (!isName(name)) note(path, `${quote(name)} is not a name; expected ${nameRule}`);
}

export function checkUnique(note: Note, items: readonly { readonly key: string; readonly path: Path }[]): void {
  const firsts = new Set<string>();
  for (const { key, path } of items) {
    if (firsts.has(key)) note(path, `${quote(key)} is there twice; expected another`);
    firsts.add(key);
  }
}

export function readSize(note: Note, path: Path, value: string | number): number | null {
  const bytes = readSizeBytes(value);
  if (bytes === null)
    note(path, `${quote(value)} is not a size; expected one such as "1GiB", "64KiB" or a number of bytes`);
  return bytes;
}

export function readDuration(note: Note, path: Path, value: string): number | null {
  const ms = readDurationMs(value);
  if (ms === null) note(path, `${quote(value)} is not a duration; expected one such as "500ms", "10s" or "2m"`);
  return ms;
}

export function listed(names: readonly string[]): string {
  return names.length === 0 ? "there is none" : names.join(", ");
}

export function quote(value: string | number): string {
  return JSON.stringify(value);
}

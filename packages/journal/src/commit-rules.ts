/** What every commit must keep to, checked where it enters, in every adapter. Breaking it is a bug of the caller. */
import assert from "node:assert/strict";
import { hasPayload, type JournalCommit } from "@waystation/contracts/journal";

/**
 * `highest` is the highest sequence that the journal has held since its last cut, trimmed or not: a number that was
 * used is never used again, except after a cut below it.
 */
export function assertCommit(change: JournalCommit, highest: number): void {
  let previous = change.cutAfter === undefined ? highest : Math.min(highest, change.cutAfter);
  for (const record of change.records ?? []) {
    const { sequence, kind, lengthBytes, payload } = record;
    if (sequence <= previous) assert.fail(`a journal record out of order: ${sequence} after ${previous}`);
    if (payload.length !== (hasPayload(kind) ? lengthBytes : 0)) {
      assert.fail(`journal record ${sequence}: ${kind} of ${lengthBytes} bytes with a payload of ${payload.length}`);
    }
    previous = sequence;
  }
}

/** What `highest` is after the commit. */
export function highestAfter(change: JournalCommit, highest: number): number {
  const cut = change.cutAfter === undefined ? highest : Math.min(highest, change.cutAfter);
  return change.records?.at(-1)?.sequence ?? cut;
}

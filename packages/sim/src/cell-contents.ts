/**
 * What the cells of one volume hold, as far as anybody may know: what is durable, and what was written since. A crash
 * leaves each cell with one of those. What a disk is made of (`disk.ts`), and what an array is measured by
 * (`array-medium.ts`).
 */
import assert from "node:assert/strict";
import type { BlockWrite } from "@waystation/contracts/block-device";
import { cellBytes } from "./cell.js";

/** One cell's bytes; null is zeros. */
export type Content = Uint8Array | null;

export interface CellState {
  durable: Content;
  /** Written and not durable, oldest first; the last is what readers see. */
  readonly pending: { readonly batch: number; readonly content: Content }[];
}

export interface CellContents {
  readonly cells: ReadonlyMap<number, CellState>;
  /** Makes one write visible; returns the cells it touched. */
  show(write: BlockWrite, batch: number): number[];
  /** What the batch wrote to these cells is durable. */
  readonly settle: (touched: readonly number[], batch: number) => void;
  /** What a reader sees. */
  readonly visible: (cell: number) => Content;
  durable(cell: number): Content;
  /** All zeros again. */
  clear(): void;
}

export function createCellContents(sizeBytes: number): CellContents {
  const cells = new Map<number, CellState>();
  const stateOf = (cell: number): CellState => {
    let state = cells.get(cell);
    if (state === undefined) cells.set(cell, (state = { durable: null, pending: [] }));
    return state;
  };
  const visible = (cell: number): Content => {
    const state = cells.get(cell);
    if (state === undefined) return null;
    const last = state.pending.at(-1);
    return last === undefined ? state.durable : last.content;
  };

  return {
    cells,
    visible,
    durable: (cell) => cells.get(cell)?.durable ?? null,
    clear: () => {
      cells.clear();
    },
    show(write, batch) {
      const { offsetBytes, lengthBytes } = write;
      assert(
        offsetBytes >= 0 && lengthBytes >= 0 && offsetBytes + lengthBytes <= sizeBytes,
        "a store write out of range",
      );
      assert(write.data === null || write.data.length === lengthBytes, "a store write whose data has another length");
      const data = write.data === null ? null : Uint8Array.from(write.data);
      const touched: number[] = [];
      const endBytes = offsetBytes + lengthBytes;
      for (let cell = Math.floor(offsetBytes / cellBytes); cell * cellBytes < endBytes; cell++) {
        const startBytes = cell * cellBytes - offsetBytes;
        const whole = startBytes >= 0 && startBytes + cellBytes <= lengthBytes;
        const content = whole
          ? (data?.subarray(startBytes, startBytes + cellBytes) ?? null)
          : mixed(visible(cell), data, { startBytes, lengthBytes });
        stateOf(cell).pending.push({ batch, content });
        touched.push(cell);
      }
      return touched;
    },
    settle(touched, batch) {
      for (const cell of touched) {
        const state = stateOf(cell);
        const index = state.pending.findLastIndex((version) => version.batch === batch);
        const version = state.pending[index];
        if (version === undefined) continue; // a later batch over the same cell was durable first
        state.durable = version.content;
        state.pending.splice(0, index + 1);
      }
    },
  };
}

/** A cell of which only a part is overwritten. `startBytes`: where the cell begins within the write; may be negative. */
function mixed(
  old: Content,
  data: Uint8Array | null,
  place: { readonly startBytes: number; readonly lengthBytes: number },
): Uint8Array {
  const content = old === null ? new Uint8Array(cellBytes) : Uint8Array.from(old);
  const from = Math.max(0, -place.startBytes);
  const to = Math.min(cellBytes, place.lengthBytes - place.startBytes);
  if (data === null) content.fill(0, from, to);
  else content.set(data.subarray(place.startBytes + from, place.startBytes + to), from);
  return content;
}

import { describe, expect, it } from "vitest";
import type { Cell } from "../core/geometry.js";
import { createCellLocks } from "./cell-locks.js";

const cells = (...numbers: number[]): Cell[] => numbers as Cell[];

/** Notes in which order things are granted. */
function tracker() {
  const granted: string[] = [];
  const track = async (name: string, lock: Promise<() => void>): Promise<() => void> => {
    const release = await lock;
    granted.push(name);
    return release;
  };
  return { granted, track };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

describe("locks of cells", () => {
  it("keep a repair out of a round's cells, and rounds out of a repair's", async () => {
    const [locks, { granted, track }] = [createCellLocks(), tracker()];
    const round = await track("round", locks.lockForRound(cells(1, 2)));
    const repairing = track("repair", locks.lockForRepair(cells(2, 3)));
    const apart = await track("apart", locks.lockForRepair(cells(4)));
    await settle();
    expect(granted).toEqual(["round", "apart"]);
    round();
    const repair = await repairing;
    const next = track("next", locks.lockForRound(cells(3)));
    await settle();
    expect(granted).toEqual(["round", "apart", "repair"]);
    repair();
    (await next)();
    apart();
  });

  it("let a repair in between rounds that never end", async () => {
    const [locks, { granted, track }] = [createCellLocks(), tracker()];
    const first = await track("first", locks.lockForRound(cells(1)));
    const repairing = track("repair", locks.lockForRepair(cells(1)));
    const second = track("second", locks.lockForRound(cells(1)));
    await settle();
    first();
    (await repairing)();
    (await second)();
    expect(granted).toEqual(["first", "repair", "second"]);
  });

  it("let one repair at a time at a cell, and rounds share theirs", async () => {
    const [locks, { granted, track }] = [createCellLocks(), tracker()];
    const [a, b] = [await track("a", locks.lockForRound(cells(1))), await track("b", locks.lockForRound(cells(1)))];
    const repairs = [track("c", locks.lockForRepair(cells(1))), track("d", locks.lockForRepair(cells(1)))];
    a();
    await settle();
    expect(granted).toEqual(["a", "b"]);
    b();
    await settle();
    expect(granted).toEqual(["a", "b", "c"]);
    (await repairs[0]!)();
    (await repairs[1]!)();
  });

  it("let rounds be shut out altogether, by one who holds cells", async () => {
    const [locks, { granted, track }] = [createCellLocks(), tracker()];
    const round = await track("round", locks.lockForRound(cells(1)));
    const repair = await track("repair", locks.lockForRepair(cells(2)));
    const lockout = track("lockout", locks.lockOutRounds());
    const next = track("next", locks.lockForRound(cells(3)));
    await settle();
    expect(granted).toEqual(["round", "repair"]);
    round();
    const release = await lockout;
    await settle();
    expect(granted).toEqual(["round", "repair", "lockout"]);
    release();
    (await next)();
    repair();
  });

  it("keep reconstructing reads and writes in place apart, and let no reader in before a writer that waits", async () => {
    const [locks, { granted, track }] = [createCellLocks(), tracker()];
    const reader = await track("reader", locks.lockForReading(1 as Cell));
    const writing = track("writer", locks.lockForWriting(cells(1)));
    const late = track("late reader", locks.lockForReading(1 as Cell));
    await settle();
    expect(granted).toEqual(["reader"]);
    reader();
    (await writing)();
    (await late)();
    expect(granted).toEqual(["reader", "writer", "late reader"]);
  });

  it("let one write in place at a time to a cell: a repair is one, and judges all of a row", async () => {
    const [locks, { granted, track }] = [createCellLocks(), tracker()];
    const first = await track("first", locks.lockForWriting(cells(1, 2)));
    const second = track("second", locks.lockForWriting(cells(2, 3)));
    (await track("apart", locks.lockForWriting(cells(3))))();
    await settle();
    expect(granted).toEqual(["first", "apart"]);
    first();
    (await second)();
    expect(granted).toEqual(["first", "apart", "second"]);
  });
});

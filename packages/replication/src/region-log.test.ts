/** B8: intent and region log together are, durably and at any time, a superset of what the far side may lack. */
import { endOf, type ByteRange } from "@waystation/contracts/byte-range";
import { compareOrigin, noOrigin } from "@waystation/contracts/ids";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Marks } from "./marks.js";
import {
  createRegionLog,
  recordedRegions,
  recordingMarks,
  type CoveringOrigin,
  type MarkChange,
  type RegionLog,
} from "./region-log.js";
import { at, volA } from "./testing/fixture.js";
import type { MarkValue, OriginNumber } from "./vocabulary.js";
import { createWriteIntent, type IntentChange, type WriteIntent } from "./write-intent.js";

const unitBytes = 16;
const unitsMax = 8;
const regionBytes = 32;
const sizeBytes = 80 * unitBytes - 5;

function applyTo(marks: Map<string, MarkValue>, change: MarkChange): void {
  for (const [name, value] of change) {
    if (value === undefined) marks.delete(name);
    else marks.set(name, JSON.parse(JSON.stringify(value)) as MarkValue);
  }
}

function regionsOf(range: ByteRange, bytes = regionBytes): number[] {
  const regions: number[] = [];
  for (let region = Math.floor(range.offsetBytes / bytes); region * bytes < endOf(range); region++)
    regions.push(region);
  return regions;
}

function covers(marks: Marks, range: ByteRange): boolean {
  const { runs } = recordedRegions(marks, volA, { regionBytes, unitBytes });
  return regionsOf(range).every((region) => runs.some(([first, count]) => region >= first && region < first + count));
}

/** What the primary keeps of one volume, with what a crash would leave of it. */
class Volume {
  readonly durable = new Map<string, MarkValue>();
  readonly live = new Map<string, MarkValue>();
  readonly committing: { readonly change: MarkChange; readonly intent: IntentChange | null }[] = [];
  intent: WriteIntent;
  log: RegionLog;
  validated: OriginNumber = noOrigin;

  constructor() {
    [this.intent, this.log] = this.open();
  }

  private open(): [WriteIntent, RegionLog] {
    const recovered = [...this.durable.keys()]
      .filter((key) => key.startsWith("intent/"))
      .map((key) => Number(key.slice(13)));
    return [
      createWriteIntent({ unitBytes, unitsMax, recovered }),
      createRegionLog({ volume: volA, sizeBytes, regionBytes, marks: this.durable }),
    ];
  }

  crash(): void {
    this.committing.length = 0;
    this.live.clear();
    for (const [name, value] of this.durable) this.live.set(name, value);
    [this.intent, this.log] = this.open();
  }

  commit(change: MarkChange, intent: IntentChange | null = null): void {
    if (change.size === 0) return;
    applyTo(this.live, change);
    this.committing.push({ change, intent });
  }

  commitIntent(): void {
    const intent = this.intent.takeChange(this.validated);
    if (intent === null) return;
    const change: MarkChange = new Map();
    for (const unit of intent.added) change.set(`intent/${volA}/${unit}`, true);
    for (const unit of intent.removed) change.set(`intent/${volA}/${unit}`, undefined);
    for (const { unit, last } of intent.folded)
      this.log.note({ offsetBytes: unit * unitBytes, lengthBytes: unitBytes }, last, change);
    this.commit(change, intent);
  }

  makeDurable(): void {
    const oldest = this.committing.shift();
    if (oldest === undefined) return;
    applyTo(this.durable, oldest.change);
    if (oldest.intent !== null) this.intent.confirm(oldest.intent);
  }

  farValidated(origin: OriginNumber): void {
    this.validated = origin;
    const change: MarkChange = new Map();
    this.log.validated(origin, change);
    this.commit(change);
  }

  beginRun(): void {
    const change: MarkChange = new Map();
    this.log.beginRun(change);
    for (const unit of this.intent.handOver(this.validated))
      this.log.addToRun({ offsetBytes: unit * unitBytes, lengthBytes: unitBytes }, change);
    this.commit(change);
  }
}

interface Write {
  readonly range: ByteRange;
  started: boolean;
  ended: boolean;
  /** Null: went to the array alone. */
  origin: CoveringOrigin;
}

const range = fc.record({
  offsetBytes: fc.integer({ min: 0, max: 70 * unitBytes }),
  lengthBytes: fc.integer({ min: 1, max: 3 * unitBytes }),
});
const command = fc.oneof(
  { weight: 6, arbitrary: range.map((wanted) => ({ kind: "enter" as const, wanted })) },
  { weight: 4, arbitrary: fc.constant({ kind: "commit" as const }) },
  { weight: 4, arbitrary: fc.constant({ kind: "durable" as const }) },
  { weight: 6, arbitrary: fc.nat().map((pick) => ({ kind: "end" as const, pick })) },
  { weight: 2, arbitrary: fc.nat().map((pick) => ({ kind: "validate" as const, pick })) },
  { weight: 1, arbitrary: fc.constant({ kind: "crash" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "alone" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "copy" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "copied" as const }) },
);

describe("region log (B8, PROTOCOL 5)", () => {
  it("B8: intent UNION region log holds every region that the far side may lack, on disk, at every step", () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 150, size: "max" }), (commands) => {
        const volume = new Volume();
        let incarnation = 1;
        let n = 0;
        let alone = false;
        /** Begun by writes of the past; lacking until a copy run took them over and ended. */
        let writes: Write[] = [];
        let running: Write[] | null = null;
        const startReady = (): void => {
          for (const write of writes) {
            if (write.started || !volume.intent.isDurable(write.range)) continue;
            write.started = true;
            write.origin = alone ? null : at(incarnation, ++n);
          }
        };
        for (const step of commands) {
          switch (step.kind) {
            case "enter":
              writes.push({ range: step.wanted, started: false, ended: false, origin: noOrigin });
              volume.intent.enter(step.wanted);
              break;
            case "commit":
              volume.commitIntent();
              break;
            case "durable":
              volume.makeDurable();
              break;
            case "end": {
              const open = writes.filter(({ started, ended }) => started && !ended);
              const write = open[step.pick % Math.max(1, open.length)];
              if (write === undefined) break;
              write.ended = true;
              // One that went to the array alone before the run began is the run's.
              const isRuns = write.origin === null && running?.includes(write) === true;
              volume.intent.exit(write.range, isRuns ? noOrigin : write.origin);
              // The far side may be quicker than the array.
              if (write.origin !== null && compareOrigin(write.origin, volume.validated) <= 0)
                writes = writes.filter((each) => each !== write);
              break;
            }
            case "validate": {
              if (alone || running !== null || n === 0) break;
              const validated = at(incarnation, 1 + (step.pick % n));
              if (compareOrigin(validated, volume.validated) < 0) break;
              volume.farValidated(validated);
              writes = writes.filter(
                ({ origin, ended }) => !ended || origin === null || compareOrigin(origin, validated) > 0,
              );
              break;
            }
            case "crash":
              // What was under way is not known to have ended; it stays lacking, and under way it is no more.
              volume.crash();
              writes = writes.filter(({ started }) => started);
              for (const write of writes) Object.assign(write, { ended: true, origin: null });
              // As an origin that goes on from its marks: alone, until a copy run takes all of it over.
              alone = true;
              running = null;
              break;
            case "alone":
              if (running !== null) break;
              // What is under way ends at the array alone.
              for (const write of writes) if (write.started && !write.ended) write.origin = null;
              alone = true;
              break;
            case "copy":
              if (running !== null) break;
              volume.beginRun();
              while (volume.committing.length > 0) volume.makeDurable();
              running = writes.filter(({ started }) => started);
              if (alone) [incarnation, n, alone] = [incarnation + 1, 0, false];
              break;
            case "copied": {
              if (running?.every(({ ended }) => ended) !== true) break;
              const change: MarkChange = new Map();
              volume.log.endRun(change);
              volume.commit(change);
              const done = new Set(running);
              // What began with a number before the run and ended in it is in the stream as well: the far side has it.
              writes = writes.filter((write) => !done.has(write));
              running = null;
              break;
            }
          }
          startReady();
          for (const write of writes) if (write.started) expect(covers(volume.durable, write.range)).toBe(true);
        }
      }),
      { numRuns: 120 },
    );
  });
});

function newLog(marks: Marks = new Map(), bytes = regionBytes): RegionLog {
  return createRegionLog({ volume: volA, sizeBytes, regionBytes: bytes, marks });
}

describe("the generations of a region log", () => {
  const region = (index: number): ByteRange => ({ offsetBytes: index * regionBytes, lengthBytes: regionBytes });

  it("PROTOCOL 5: a generation is cleared only when its tag was validated everywhere, and then all of it", () => {
    const log = newLog();
    const change: MarkChange = new Map();
    log.note(region(1), at(1, 5), change);
    log.note(region(2), at(1, 9), change);
    log.validated(at(1, 8), change);
    expect(log.dirtyCount()).toBe(2);
    // It stands still since: what is noted now waits for a number of its own.
    log.note(region(3), at(1, 12), change);
    log.validated(at(1, 9), change);
    expect(log.dirtyCount()).toBe(1);
    log.validated(at(1, 12), change);
    expect(log.dirtyCount()).toBe(0);
    const marks = new Map<string, MarkValue>();
    applyTo(marks, change);
    expect(newLog(marks).dirtyCount()).toBe(0);
  });

  it("B8: what no number covers waits for the end of a copy run, whatever is validated", () => {
    const log = newLog();
    const change: MarkChange = new Map();
    log.note(region(1), null, change);
    log.validated(at(9, 9), change);
    log.note(region(1), at(9, 10), change);
    log.validated(at(9, 10), change);
    expect(log.dirtyCount()).toBe(1);
    log.beginRun(change);
    expect(log.nextInRun(0)).toEqual({ first: 1, count: 1 });
    log.validated(at(9, 99), change);
    expect(log.runCount()).toBe(1);
    log.note(region(4), at(10, 1), change);
    log.endRun(change);
    expect([log.runCount(), log.dirtyCount()]).toEqual([0, 1]);
  });

  it("recovers generations, tags and the run from its marks", () => {
    const log = newLog();
    const change: MarkChange = new Map();
    log.note(region(1), at(1, 5), change);
    log.beginRun(change);
    log.addToRun({ offsetBytes: 33 * regionBytes - 1, lengthBytes: 2 }, change);
    log.note(region(7), at(1, 6), change);
    const marks = new Map<string, MarkValue>();
    applyTo(marks, change);
    const again = newLog(marks);
    expect([again.nextInRun(0), again.nextInRun(2), again.nextInRun(34)]).toEqual([
      { first: 1, count: 1 },
      { first: 32, count: 2 },
      null,
    ]);
    again.validated(at(1, 6), new Map());
    expect([again.runCount(), again.dirtyCount()]).toEqual([3, 3]);
    expect(again.addToRun(region(32), new Map())).toBe(false);
    expect(again.addToRun(region(31), new Map())).toBe(true);
    expect(recordingMarks(marks, volA).sort()).toEqual([...marks.keys()].sort());
  });

  it("B8: kept in regions of another size, it is carried over without losing one", () => {
    const marks = new Map<string, MarkValue>();
    const change: MarkChange = new Map();
    newLog().note({ offsetBytes: 3 * regionBytes, lengthBytes: 1 }, at(1, 5), change);
    applyTo(marks, change);
    for (const bytes of [16, 128]) {
      const converted = newLog(marks, bytes);
      const conversion: MarkChange = new Map();
      converted.convert(conversion);
      const after = new Map(marks);
      applyTo(after, conversion);
      const { runs } = recordedRegions(after, volA, { regionBytes: bytes, unitBytes });
      expect(runs).toEqual(bytes === 16 ? [[6, 2]] : [[0, 1]]);
      expect(newLog(after, bytes).dirtyCount()).toBe(bytes === 16 ? 2 : 1);
    }
  });

  it("counts no region beyond the end of its volume", () => {
    const log = newLog();
    log.beginRun(new Map());
    log.addToRun({ offsetBytes: 0, lengthBytes: 4096 }, new Map());
    expect(log.nextInRun(0)).toEqual({ first: 0, count: Math.ceil(sizeBytes / regionBytes) });
  });
});

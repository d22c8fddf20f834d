/**
 * A secondary's part in copy runs (PROTOCOL 9; B10): joins the run that the relay orders, keeps the image at its base until
 * its end has passed the gate, and goes back to that image if a takeover wants it. Step by step, with what a crash finds:
 *
 *     volumes brought to where the run begins   nothing: the relay orders it again
 *     duty durable, and with it the jump        joined. The image at `base` is what the volumes hold, or the pre-images make
 *     `end` durable, before a validate above it joined, and the end known
 *     gated durable, once the gate is there     the image at `base` is of no use to anyone any more; pre-images go
 *     duty gone, once `end` is applied          whole volumes, as before the run
 *
 * Going back: pre-images stored, in any order, any number of times -> duty gone and all stages at `base`, one commit. Dying
 * before that commit the duty and the pre-images are there, and it is done again from the start.
 */
import type { Failure } from "@waystation/contracts/errors";
import { noSequence } from "@waystation/contracts/ids";
import type { Applier } from "./applier.js";
import {
  dutyMark,
  isJoined,
  isOver,
  keepsImages,
  newDuty,
  pointBefore,
  readDuty,
  reachOf,
  stagesAt,
} from "./copy-duty.js";
import type { CopyDuty, Standing } from "./copy-duty.js";
import type { Desk } from "./effects.js";
import { limits } from "./limits.js";
import { markNames, type Marks } from "./marks.js";
import type { GroupVolume } from "./membership.js";
import type { CopyOrder, RegionRuns } from "./messages.js";
import { createPreImages, type PreImageJournal } from "./pre-images.js";
import { recordedRegions, recordingMarks } from "./region-log.js";
import type { JournalRecord, MarkValue, Sequence } from "./vocabulary.js";

export interface CopyPart {
  start(): void;
  /** As it is durable. */
  duty(): CopyDuty | null;
  /**
   * Takes part in the run, durably, then calls back; a later call replaces one that has not come so far. `cannot`: something
   * is in the way that people must remove, and it is to be tried again later.
   */
  join(order: CopyOrder, then: () => void, cannot: (why: string) => void): void;
  /** Forgets a join that has not come to its end. */
  leave(): void;
  /** The order has changed: its end is known. Durable before anything that is committed later. */
  setEnd(order: CopyOrder): void;
  /** Looks whether the run is over, or whoever waited may go on. */
  drain(): void;
  beforeStore(records: readonly JournalRecord[], then: (failure: Failure | null) => void): void;
  isStuck(): boolean;
  /** Goes back to the image at the base of the run, then calls back. */
  goBack(then: () => void): void;
  /** The run, if there is one, ends with what is applied now; then calls back. */
  finish(then: () => void): void;
  /** False while the volumes hold a mixture, or nothing of use. */
  isWhole(): boolean;
  reach(sequence: Sequence): ReturnType<typeof reachOf>;
  /** Where the volumes differ from the image at `base`, as far as this node knows. */
  divergence(): readonly RegionRuns[];
  /** What stands in the way; empty when nothing does. */
  trouble(): string;
}

export interface CopyPartOptions {
  readonly desk: Desk;
  readonly marks: Marks;
  readonly volumes: readonly GroupVolume[];
  readonly regionBytes: number;
  readonly preImages: PreImageJournal;
  readonly applier: () => Applier;
  readonly standing: () => Omit<Standing, "duty">;
  /** The gate as the relay told it; the applier's may be further, in a run. */
  readonly toldGate: () => Sequence;
  /** All stages are here now, durably. */
  readonly onMoved: (sequence: Sequence) => void;
  /** A run was joined, durably; what was said of the volumes before is over. */
  readonly onJoined: () => void;
  /** Whether the volumes are whole may have changed. */
  readonly onChange: () => void;
}

interface Joining {
  readonly attempt: number;
  readonly order: CopyOrder;
  readonly then: () => void;
  readonly cannot: (why: string) => void;
}

export function createCopyPart(options: CopyPartOptions): CopyPart {
  const { desk, volumes, applier, onChange } = options;
  const names = volumes.map(({ name }) => name);
  let duty = readDuty(options.marks);
  const preImages = createPreImages(desk, options.preImages, volumes);
  const units = { regionBytes: options.regionBytes, unitBytes: limits.intentUnitBytes };
  let divergence = names
    .map((name) => recordedRegions(options.marks, name, units))
    .filter(({ runs }) => runs.length > 0);
  /** What this node logged as a primary: it goes when the run has ended. */
  const recordings = names.flatMap((name) => recordingMarks(options.marks, name));
  let attempt = 0;
  let closing: "" | "gating" | "ending" = "";
  let keeping: ((failure: Failure | null) => void) | null = null;
  let dropDue = false;
  let goingBack = false;
  let branchFailure = "";

  const standing = (): Standing => ({ ...options.standing(), duty });

  const dropPreImages = (): void => {
    // A batch that is being kept comes to its end first.
    if (keeping !== null && !preImages.isFull()) {
      dropDue = true;
      return;
    }
    const go = keeping;
    keeping = null;
    dropDue = false;
    preImages.abandon();
    preImages.drop();
    go?.(null);
  };

  const change = (next: CopyDuty, then: () => void): void => {
    desk.commit({ marks: new Map([[markNames.copy, dutyMark(next)]]) }, () => {
      duty = next;
      then();
    });
  };

  /** A takeover can come to `end` or beyond now, and no more to `base`. */
  const gate = (held: CopyDuty, then: () => void): void => {
    closing = "gating";
    change({ ...held, gated: true }, () => {
      closing = "";
      dropPreImages();
      then();
    });
  };

  const end = (then: () => void): void => {
    closing = "ending";
    const marks = new Map<string, MarkValue | undefined>(recordings.map((name) => [name, undefined]));
    marks.set(markNames.copy, undefined);
    desk.commit({ marks }, () => {
      closing = "";
      duty = null;
      divergence = [];
      recordings.length = 0;
      dropPreImages();
      onChange();
      then();
    });
  };

  const makeBranches = (wanted: CopyDuty, index: number, then: (made: CopyDuty | string) => void): void => {
    const volume = names[index];
    if (volume === undefined) {
      branchFailure = "";
      return then({ ...wanted, branch: "" });
    }
    desk.branch(volume, wanted.branch, (failure) => {
      if (failure === null) return makeBranches(wanted, index + 1, then);
      branchFailure =
        `${volume} holds writes that no other node has, and they could not be kept as ${wanted.branch}: ${failure.message}. ` +
        "Free space, or drop a branch";
      then(branchFailure);
    });
  };

  /** Calls on only while nobody has begun another join, or has left. */
  const step = (joining: Joining, then: () => void) => (): void => {
    if (joining.attempt === attempt) then();
  };

  const bringTo = (point: Sequence, then: () => void): void => {
    if (point > applier().gate()) applier().setGate(point);
    applier().whenApplied(point, then);
  };

  /** What must be so before anything is overwritten in a run: branches made, and pre-images begun. */
  const prepare = (wanted: CopyDuty, joining: Joining, then: (prepared: CopyDuty) => void): void => {
    const beginImages = (made: CopyDuty): void => {
      if (!keepsImages(made) || made.images !== "") return then(made);
      const begun = { ...made, images: made.copyId };
      preImages.begin(
        begun.images,
        step(joining, () => then(begun)),
      );
    };
    if (wanted.branch === "") return beginImages(wanted);
    makeBranches(wanted, 0, (made) => {
      if (joining.attempt !== attempt) return;
      if (typeof made === "string") joining.cannot(made);
      else beginImages(made);
    });
  };

  const take = (joining: Joining, next: CopyDuty): void => {
    const { order, then } = joining;
    const marks = new Map<string, MarkValue | undefined>([
      [markNames.copy, dutyMark(next)],
      [markNames.resyncDue, undefined],
    ]);
    const taken = (): void => {
      duty = next;
      options.onJoined();
      onChange();
      step(joining, then)();
    };
    if (!order.nodes.includes(options.standing().self)) return desk.commit({ marks }, taken);
    applier().halt(() => {
      if (joining.attempt !== attempt) return applier().goOn();
      for (const [name, value] of stagesAt(order.begin)) marks.set(name, value);
      // What is above was not applied and comes no more, or comes again: as it was, or as a copy.
      const cutAfter = next.unknown ? noSequence : applier().applied();
      desk.commit({ cutAfter, marks }, () => {
        applier().resumeAt(order.begin);
        options.onMoved(order.begin);
        taken();
      });
    });
  };

  const join = (order: CopyOrder, then: () => void, cannot: (why: string) => void): void => {
    const joining: Joining = { attempt: ++attempt, order, then, cannot };
    const held = duty;
    if (held !== null && isJoined(order, held)) {
      return prepare(held, joining, (prepared) => {
        if (prepared === held) return then();
        change(prepared, step(joining, then));
      });
    }
    const again = step(joining, () => join(order, then, cannot));
    if (held !== null && isOver(held, order.base)) {
      const whole = Math.max(order.base, held.end ?? noSequence) as Sequence;
      return bringTo(whole, () => finish(again));
    }
    const point = pointBefore(order, standing());
    if (point !== null && applier().applied() < point) return bringTo(point, again);
    prepare(newDuty(order, standing()), joining, (prepared) => take(joining, prepared));
  };

  const finish = (then: () => void): void => {
    if (duty === null) return then();
    if (!duty.gated) return gate(duty, () => finish(then));
    end(then);
  };

  return {
    start() {
      if (!keepsImages(duty)) return preImages.drop();
      if (duty.images === "" || preImages.isOf(duty.images)) return;
      desk.log(
        "error",
        `the pre-images of ${duty.images} are gone: there is no way back to ${duty.base} until the copy has ended`,
      );
      duty = { ...duty, blank: true };
      change(duty, () => {});
    },
    duty: () => duty,
    join,
    leave() {
      attempt += 1;
    },
    setEnd(order) {
      if (duty?.copyId !== order.copyId || duty.end === order.end) return;
      change({ ...duty, end: order.end }, () => {});
    },
    drain() {
      if (preImages.isFull()) {
        if (dropDue) dropPreImages();
        else preImages.retry();
      }
      if (duty === null || closing !== "" || goingBack) return;
      if (!duty.gated && isOver(duty, options.toldGate())) gate(duty, () => {});
      else if (duty.gated && duty.end !== null && applier().applied() >= duty.end) end(() => {});
    },
    beforeStore(records, then) {
      if (!keepsImages(duty)) return then(null);
      keeping = then;
      preImages.keep(records, (failure) => {
        keeping = null;
        if (dropDue) dropPreImages();
        then(failure);
      });
    },
    isStuck: () => preImages.isFull(),
    goBack(then) {
      applier().halt(() => {
        const held = duty;
        if (held === null) return then();
        preImages.abandon();
        keeping = null;
        goingBack = true;
        onChange();
        const putBack = (done: (failure: Failure | null) => void): void => {
          // Of a run in which nothing was overwritten yet there are none.
          if (preImages.isOf(held.images)) preImages.restore(done);
          else done(null);
        };
        putBack((failure) => {
          if (failure !== null) {
            // Everything is kept still: started again, this node goes back once its array is repaired.
            desk.log("error", `the image at ${held.base} could not be put back: ${failure.message}`);
            return;
          }
          const marks = new Map<string, MarkValue | undefined>([...stagesAt(held.base), [markNames.copy, undefined]]);
          desk.commit({ cutAfter: held.base, marks }, () => {
            duty = null;
            goingBack = false;
            applier().resumeAt(held.base);
            options.onMoved(held.base);
            preImages.drop();
            onChange();
            then();
          });
        });
      });
    },
    finish,
    isWhole: () => !goingBack && (duty === null || (!duty.mixed && (!duty.blank || duty.gated))),
    reach: (sequence) => reachOf(duty, sequence),
    divergence: () => divergence,
    trouble() {
      if (branchFailure !== "") return branchFailure;
      if (!preImages.isFull()) return "";
      const { usedBytes, capacityBytes } = preImages.usage();
      return (
        `the copy waits: ${usedBytes} of ${capacityBytes} bytes are taken by what it overwrites, and the image at ` +
        `${duty?.base ?? 0} must stay whole. A larger journal.preImages makes room`
      );
    },
  };
}

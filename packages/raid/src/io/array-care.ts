/**
 * Keeps an open array's disks in order (SPEC A2): puts right what they fail to give, takes spares for those that go,
 * rebuilds those that come, and does what operators ask for.
 */
import type { Clock } from "@waystation/contracts/clock";
import type { Failure } from "@waystation/contracts/errors";
import type { Log } from "@waystation/contracts/log";
import type { Slot } from "../core/level.js";
import type { SpareVerdict } from "../core/membership.js";
import { raidFailure } from "../errors.js";
import { stateOf, type ArrayState } from "./array-state.js";
import type { DiskPlace } from "./block-disk.js";
import type { CellLocks } from "./cell-locks.js";
import type { ChecksumStore } from "./checksum-store.js";
import { createDoubtSettler } from "./doubt-settler.js";
import type { Member, Members } from "./members.js";
import { createRebuilder, type Rebuilder } from "./rebuilder.js";
import type { RowRepair } from "./row-repair.js";
import { createScrubber, type Scrub, type ScrubOptions } from "./scrubber.js";
import { createSpares } from "./spares.js";
import type { LostBlocks, StripeLog } from "./stripe-log.js";
import { createThrottle } from "./throttle.js";

/** What operators, and whoever looks after the daemon, may ask of an array. */
export interface DiskCare {
  state(): ArrayState;
  /** Ejects disks whose files are no longer there. To be called every few seconds: a deleted file goes on working. */
  checkDisks(): void;
  /** Ejects a disk, if the array goes on without it. Rejects: `ARRAY_STATE`. */
  failDisk(slot: number): Promise<void>;
  /**
   * Takes the disk at a place for a slot, in the stead of the one that has it, and rebuilds it. Resolves once that is
   * durable and under way. Rejects, with nothing changed: `ARRAY_STATE`, or what is wrong with the disk.
   */
  replaceDisk(slot: number, place: DiskPlace): Promise<void>;
  /** Resolves when something is being rebuilt, or nothing has to be. Rejects (`ARRAY_STATE`) when nothing can be. */
  rebuild(): Promise<void>;
  /**
   * Resolves when nothing is left to rebuild and every slot has its disk. Rejects (`ARRAY_STATE`) when that cannot be,
   * with what would be legal. `state` shows how far it is.
   */
  rebuilt(): Promise<void>;
  /** Reads everything and repairs what it finds wrong, beside host I/O. Throws `ARRAY_SCRUBBING` while one runs. */
  scrub(options?: ScrubOptions): Scrub;
}

export interface ArrayCare extends DiskCare {
  /** Spares come into place, and what was being rebuilt goes on. */
  start(): Promise<void>;
  /** Something about the members has changed. */
  membersChanged(): void;
  hostActed(): void;
  stop(): Promise<void>;
}

export interface ArrayCareOptions {
  readonly identity: { readonly id: string; readonly name: string };
  readonly members: Members;
  readonly locks: CellLocks;
  readonly stripeLog: StripeLog | null;
  readonly lost: LostBlocks;
  readonly checksums: ChecksumStore | null;
  readonly repair: RowRepair;
  readonly sparePlaces: readonly DiskPlace[];
  readonly spareVerdicts: readonly SpareVerdict[];
  readonly clock: Clock;
  readonly log: Log;
  readonly rebuildCursorBytes?: number;
  readonly onChange: () => void;
}

export function createArrayCare(options: ArrayCareOptions): ArrayCare {
  const { identity, members, locks, stripeLog, lost, checksums, repair, clock, log } = options;
  const arrayName = identity.name;
  const throttle = createThrottle(clock);
  const doubtSettler = createDoubtSettler({ members, locks, checksums, repair, arrayName, log });
  const { rebuildCursorBytes: cursorBytes } = options;
  const rebuilder: Rebuilder | null =
    stripeLog === null
      ? null
      : createRebuilder({
          ...{ members, stripeLog, locks, checksums, repair, throttle, clock, log },
          lost: { arrayName, lost, stripeLog },
          ...(cursorBytes === undefined ? {} : { cursorBytes }),
        });
  const pause = (): Promise<void> => throttle.pause();
  const scrubber = createScrubber({ arrayName, members, checksums, repair, locks, pause });
  const spares = createSpares({
    ...{ members, identity, log },
    places: options.sparePlaces,
    verdicts: options.spareVerdicts,
    onTaken: () => rebuilder?.wake(),
    onChange: () => options.onChange(),
  });

  const stateNow = (waiting: ArrayState["spares"]): ArrayState =>
    stateOf({ members, lost, repair, spares: waiting, rebuilder });

  /** What ends may set off another: a spare that dies makes the next one be taken. */
  const idle = async (): Promise<void> => {
    do {
      await doubtSettler.idle();
      await spares.idle();
      await rebuilder?.idle();
      await members.settled();
    } while (spares.isBusy() || rebuilder?.isBusy() === true);
  };
  const memberAt = (slot: number): Member => {
    const member = members.list()[slot];
    if (member !== undefined) return member;
    const last = members.geometry.diskCount - 1;
    throw raidFailure("ARRAY_STATE", `Array ${arrayName} has no slot ${slot}: its slots are 0 to ${last}.`);
  };
  const refuseUnlessSpared = (slot: Slot, what: string): void => {
    const isOut = (other: Slot): boolean => other === slot || members.list()[other]?.wholeStripes !== Infinity;
    if (!members.isFailed() && members.geometry.survives(isOut)) return;
    const { status } = stateNow([]);
    const file = members.list()[slot]?.file ?? "no disk";
    const legal =
      status === "failed"
        ? "bring its disks back, and restart"
        : `wait for the rebuild, or replace the disks that are gone first`;
    throw raidFailure(
      "ARRAY_STATE",
      `Array ${arrayName} is ${status}: slot ${slot} (${file}) cannot be ${what}; ${legal}.`,
    );
  };

  const nothingToRebuild = (): Failure => {
    const { status, disks } = stateNow([]);
    const gone = disks.filter(({ state }) => state !== "active");
    const list = gone.map(({ slot, file, reason }) => `slot ${slot} (${file ?? "no disk"}): ${reason}`).join("; ");
    if (status === "rebuilding") {
      const text = `The rebuild of array ${arrayName} has stopped, the log says why. ${list}. Legal: restart, or replace that disk.`;
      return raidFailure("ARRAY_STATE", text);
    }
    const legal =
      status === "failed"
        ? "bring its disks back, and restart"
        : `put a disk in its place and "wayctl array replace ${arrayName} ${gone[0]?.slot ?? "SLOT"}", or add a spare`;
    return raidFailure(
      "ARRAY_STATE",
      `Array ${arrayName} is ${status} and there is nothing to rebuild onto. ${list}. Legal: ${legal}.`,
    );
  };

  return {
    state: () => stateNow(spares.list()),
    checkDisks: () => members.ejectVanished(),
    async failDisk(slot) {
      const member = memberAt(slot);
      if (member.disk === null) {
        throw raidFailure(
          "ARRAY_STATE",
          `Slot ${slot} of array ${arrayName} is without a disk already (${member.reason}): "wayctl array replace ${arrayName} ${slot}" is legal.`,
        );
      }
      refuseUnlessSpared(member.slot, "failed");
      members.eject(member.slot, "failed by an operator");
      await members.settled();
    },
    async replaceDisk(slot, place) {
      const member = memberAt(slot);
      refuseUnlessSpared(member.slot, "replaced");
      await spares.replace(member.slot, place);
    },
    async rebuild() {
      spares.fill();
      await spares.idle();
      const { status } = stateNow([]);
      if (status !== "optimal" && status !== "rebuilding") throw nothingToRebuild();
    },
    async rebuilt() {
      await idle();
      if (stateNow([]).status !== "optimal") throw nothingToRebuild();
    },
    scrub: (scrubOptions) => scrubber.start(scrubOptions),
    async start() {
      await spares.enlist();
      spares.fill();
      rebuilder?.wake();
    },
    membersChanged() {
      spares.fill();
      rebuilder?.wake();
    },
    hostActed: () => throttle.hostActed(),
    async stop() {
      await scrubber.stop();
      await spares.idle();
      await rebuilder?.stop();
      await doubtSettler.idle();
    },
  };
}

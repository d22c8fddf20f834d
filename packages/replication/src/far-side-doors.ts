/**
 * What hosts do with the volumes of a node on the far side of a group: nothing, read, or write once it has taken over
 * (promoted.ts). A change of term stops the writes for a while, without closing any session.
 */
import type { ByteRange } from "@waystation/contracts/byte-range";
import { Failure } from "@waystation/contracts/errors";
import type { Access, GroupEvent, HostOrder } from "./effects.js";
import { pausedTooLong, waitingTooMany } from "./failures.js";
import { limits } from "./limits.js";
import { createPromoted, type Promoted, type PromotedOptions } from "./promoted.js";
import type { VolumeName } from "./vocabulary.js";

type HostWrite = Extract<GroupEvent, { kind: "host-write" }>;
type HostRead = Extract<GroupEvent, { kind: "host-read" }>;

export interface Doors {
  /** Says how hosts may use the volumes, if that changes: a change ends their sessions. */
  set(access: Access, reason: string): void;
  /** Hosts write these volumes here, and read the others. */
  setWritten(written: ReadonlySet<VolumeName>, reason: string): void;
  /** Hosts write from now on. */
  open(): void;
  pause(reason: string): void;
  /** What waited since `pause` goes on. */
  resume(): void;
  unfinished(): HostOrder[];
  write(order: HostWrite): void;
  read(order: HostRead): void;
  mayReadNow(volume: VolumeName, range: ByteRange): boolean;
  tick(): void;
  drain(): void;
}

const writtenElsewhere = "since the takeover hosts write it at another secondary that holds it";

export function createDoors(options: PromotedOptions): Doors {
  const { desk, volumes } = options;
  const { holdMs } = options.membership;
  let shown: { readonly access: Access; readonly reason: string } | null = null;
  let written: ReadonlySet<VolumeName> = new Set();
  let promoted: Promoted | null = null;
  let paused = "";
  let waiting: { readonly order: HostWrite; readonly deadlineMs: number }[] = [];

  const show = (access: Access, reason: string): void => {
    if (shown?.access === access && (access !== "closed" || shown.reason === reason)) return;
    shown = { access, reason };
    for (const { name } of volumes) {
      const isElsewhere = access === "read-write" && !written.has(name);
      desk.access(name, isElsewhere ? "read-only" : access, isElsewhere ? writtenElsewhere : reason);
    }
  };

  return {
    set: show,
    setWritten(names, reason) {
      // A later takeover may have moved a volume to another of those that hold it.
      if (shown?.access === "read-write" && [...names].join() !== [...written].join()) shown = null;
      written = names;
      show("read-write", reason);
    },
    open() {
      promoted ??= createPromoted(options);
    },
    pause(reason) {
      if (promoted !== null) paused = reason;
    },
    resume() {
      paused = "";
      const orders = waiting;
      waiting = [];
      for (const { order } of orders) promoted?.hostWrite(order);
    },
    unfinished() {
      const orders = waiting.map(({ order }) => order);
      waiting = [];
      return [...(promoted?.takeUnfinished() ?? []), ...orders];
    },
    write(order) {
      if (promoted === null) {
        const message = `volume ${order.volume} is a secondary (read-only until takeover)`;
        return desk.reply(order.request, new Failure("READ_ONLY", message));
      }
      if (!written.has(order.volume)) {
        const message = `volume ${order.volume} is read-only here: ${writtenElsewhere}`;
        return desk.reply(order.request, new Failure("READ_ONLY", message));
      }
      if (paused === "") return promoted.hostWrite(order);
      if (waiting.length >= limits.writesWaitingMax)
        return desk.reply(order.request, waitingTooMany(order.volume, limits.writesWaitingMax));
      waiting.push({ order, deadlineMs: desk.nowMs() + holdMs });
    },
    read(order) {
      if (promoted !== null) return promoted.hostRead(order);
      const { request, volume } = order;
      // No host writes here: there is nobody to wait for.
      desk.load(volume, order, (result) => desk.reply(request, result));
    },
    mayReadNow: (volume, range) => promoted === null || promoted.mayReadNow(volume, range),
    tick() {
      promoted?.tick();
      const now = desk.nowMs();
      const late = waiting.filter(({ deadlineMs }) => deadlineMs <= now);
      if (late.length === 0) return;
      waiting = waiting.filter(({ deadlineMs }) => deadlineMs > now);
      for (const { order } of late) desk.reply(order.request, pausedTooLong(order.volume, holdMs, paused));
    },
    drain() {
      promoted?.drain();
    },
  };
}

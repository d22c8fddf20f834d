/**
 * A primary that crashed brings array and relay together (PROTOCOL 2): 2b, what the relay has above the durable local mark
 * is fetched and stored; 2c, the units of the write intent are sent again as new writes, with what the array holds now.
 * Both may be begun anew at any point: a store of fetched records is repeated as it was, and what was sent again is one
 * more write.
 *
 * The array holds all that hosts were told of before the first record is stored, and again after the last: in between it
 * goes through the past (seed 1082 of the journeys). So a mark is durable before the first store and goes after the last,
 * and while it is there nobody may open the volumes, not even alone: dying in between, the fetch begins again.
 */
import type { Failure } from "@waystation/contracts/errors";
import { compareOrigin, noOrigin, noSequence, type Sequence } from "@waystation/contracts/ids";
import { hasPayload } from "@waystation/contracts/journal";
import type { Desk } from "./effects.js";
import { limits } from "./limits.js";
import { markNames, type Marks } from "./marks.js";
import type { IngressBody, VolumeMark } from "./messages.js";
import type { OriginVolume } from "./origin-volume.js";
import type { OriginNumber, VolumeName } from "./vocabulary.js";
import type { WriteWindow } from "./write-window.js";

export interface OriginRecovery {
  /**
   * Begins to fetch, up to these marks. One that a lost link broke off starts again, but never while records of the
   * earlier one may still be on their way to the array: older content would land on newer. Returns false then.
   */
  fetch(relayMarks: readonly VolumeMark[]): boolean;
  records(body: Extract<IngressBody, { kind: "relay-records" }>): void;
  reconcile(): void;
  /** The link is gone, or what was begun is not wanted any more. */
  stop(): void;
  /** Fetched records are on their way to the array. */
  isStoring(): boolean;
  /** The array may be older than hosts were told: the fetch must come to its end, in this life or a later one. */
  isHalfWay(): boolean;
}

export interface OriginRecoveryOptions {
  readonly desk: Desk;
  readonly marks: Marks;
  readonly volumes: readonly OriginVolume[];
  readonly window: WriteWindow;
  readonly send: (body: IngressBody) => void;
  readonly say: (detail: string) => void;
  readonly onFetched: () => void;
  readonly onReconciled: () => void;
  /** A store has ended whose fetch was given up meanwhile. */
  readonly onStopped: () => void;
}

export function createOriginRecovery(options: OriginRecoveryOptions): OriginRecovery {
  const { desk, volumes, window, say } = options;
  let relayMarks: readonly VolumeMark[] = [];
  let fetching: { readonly volume: OriginVolume; readonly rest: readonly OriginVolume[] } | null = null;
  let storing = false;
  let halfWay = options.marks.get(markNames.fetching) === true;
  let reconciling = false;
  let unreconciled: { readonly volume: OriginVolume; readonly unit: number }[] = [];
  let resending = 0;

  const fetchFrom = ([volume, ...rest]: readonly OriginVolume[], afterSequence: Sequence): void => {
    if (volume === undefined) {
      fetching = null;
      if (halfWay) desk.commit({ marks: new Map([[markNames.fetching, undefined]]) });
      halfWay = false;
      return options.onFetched();
    }
    say(`fetching what the relay has of ${volume.name}`);
    fetching = { volume, rest };
    options.send({ kind: "origin-fetch", volume: volume.name, above: volume.durableLocalComplete, afterSequence });
  };

  const records = (body: Extract<IngressBody, { kind: "relay-records" }>): void => {
    const asked = fetching;
    if (asked?.volume.name !== body.volume) return;
    const { volume, rest } = asked;
    const writes = body.records.map(({ kind, offsetBytes, lengthBytes, payload }) => ({
      offsetBytes,
      lengthBytes,
      data: hasPayload(kind) ? payload : null,
    }));
    storing = true;
    if (!halfWay && writes.length > 0) desk.commit({ marks: new Map([[markNames.fetching, true]]) }, store);
    else store();
    halfWay ||= writes.length > 0;
    function store(): void {
      desk.store(volume.name, writes, stored);
    }
    function stored(failure: Failure | null): void {
      storing = false;
      if (failure !== null) return say(`the array of ${volume.name} failed: ${failure.message}`);
      if (fetching !== asked) return options.onStopped();
      if (body.nextAfter !== noSequence) return fetchFrom([volume, ...rest], body.nextAfter);
      // The array holds all that the relay has of this volume. It may hold more, where the relay's leg had not come
      // through: the mark stays there. The relay was told of it, and one that goes back is an older copy's to it.
      const fetched = markOf(relayMarks, volume.name);
      if (compareOrigin(fetched, volume.localComplete) > 0) volume.localComplete = fetched;
      fetchFrom(rest, noSequence);
    }
  };

  /** Keeps a bounded number of extents under way: a full intent of many volumes would not fit in memory. */
  const resendMore = (): void => {
    while (resending < limits.resendInFlightMax) {
      const extent = unreconciled.shift();
      if (extent === undefined) break;
      resending += 1;
      resend(extent.volume, extent.unit);
    }
    if (resending > 0 || !reconciling) return;
    reconciling = false;
    options.onReconciled();
  };

  /** The present content of one intent unit becomes a new write, by the same path as a host's. */
  const resend = (volume: OriginVolume, unit: number): void => {
    const offsetBytes = unit * limits.intentUnitBytes;
    const lengthBytes = Math.min(limits.intentUnitBytes, volume.sizeBytes - offsetBytes);
    desk.load(volume.name, { offsetBytes, lengthBytes }, (payload) => {
      if (!Buffer.isBuffer(payload)) return say(`the array of ${volume.name} failed: ${payload.message}`);
      const order = { request: null, volume: volume.name, kind: "write", offsetBytes, lengthBytes, payload } as const;
      window.submit(order, (origin) => {
        // Without a number it went to the array alone: the far side may lack the unit as before.
        if (origin !== noOrigin) volume.intent.cover(unit, origin);
        resending -= 1;
        resendMore();
      });
    });
  };

  return {
    fetch(marksAtRelay) {
      relayMarks = marksAtRelay;
      if (storing || fetching !== null) return false;
      fetchFrom(volumes, noSequence);
      return true;
    },
    records,
    reconcile() {
      reconciling = true;
      say("sending the extents of the write intent again");
      unreconciled = volumes.flatMap((volume) => volume.intent.units().map((unit) => ({ volume, unit })));
      resendMore();
    },
    stop() {
      fetching = null;
    },
    isStoring: () => storing,
    isHalfWay: () => halfWay,
  };
}

function markOf(marks: readonly VolumeMark[], volume: VolumeName): OriginNumber {
  return marks.find((mark) => mark.volume === volume)?.origin ?? noOrigin;
}

/**
 * Why this node is not the primary that the relay knows; empty when it is. Its numbers would name other data than those
 * that the relay has: the relay would take new writes for repeats of old ones.
 */
export function lostState(volumes: readonly OriginVolume[], marksAtRelay: readonly VolumeMark[]): string {
  const unknown = volumes.find((volume) => compareOrigin(markOf(marksAtRelay, volume.name), volume.issued()) > 0);
  if (unknown === undefined) return "";
  return `the relay knows writes of ${unknown.name} that this node has no memory of: its data directory was lost or replaced by an older one. Restore it, or take the group over at the far side`;
}

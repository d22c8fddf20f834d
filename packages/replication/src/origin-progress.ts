/**
 * How far a primary's writes have come, as it durably knows and as it tells (PROTOCOL 1, 5): the marks that a recovery
 * starts from, written lazily because being behind only costs work; what the relay is told of them; and what every
 * secondary has validated, so that it may leave the region log.
 */
import { compareOrigin, noOrigin } from "@waystation/contracts/ids";
import type { Desk } from "./effects.js";
import { limits } from "./limits.js";
import { markNames, originMark, type LegState } from "./marks.js";
import type { IngressBody, VolumeMark } from "./messages.js";
import type { OriginVolume } from "./origin-volume.js";
import type { MarkChange } from "./region-log.js";
import type { OriginNumber, VolumeName } from "./vocabulary.js";

export interface OriginProgress {
  /** What the relay is greeted with. */
  hello(leg: LegState): IngressBody;
  /** Brings the durable marks up to date. */
  persist(): void;
  /** The same, from time to time. */
  tick(): void;
  /** A relay was greeted anew: it is told everything again. */
  forgetReported(): void;
  /** The local marks that the relay was not told of on this link. */
  takeUnreported(): VolumeMark[];
  /** It has learnt of local marks since it greeted the relay. */
  isGreetingOld(): boolean;
  farValidated(validated: readonly VolumeMark[]): void;
}

export function createOriginProgress(desk: Desk, volumes: readonly OriginVolume[]): OriginProgress {
  let reported = new Map<VolumeName, OriginNumber>();
  let greeted = new Map<VolumeName, OriginNumber>();
  let nextMarksMs = 0;

  const persist = (): void => {
    const change: MarkChange = new Map();
    const snapshot = volumes.map((volume) => {
      const { localComplete, acknowledged } = volume;
      if (localComplete !== volume.durableLocalComplete)
        change.set(markNames.localComplete(volume.name), originMark(localComplete));
      if (acknowledged !== volume.durableAcknowledged)
        change.set(markNames.acknowledged(volume.name), originMark(acknowledged));
      return { volume, localComplete, acknowledged };
    });
    if (change.size === 0) return;
    desk.commit({ marks: change }, () => {
      for (const { volume, localComplete, acknowledged } of snapshot) {
        volume.durableLocalComplete = localComplete;
        volume.durableAcknowledged = acknowledged;
      }
    });
  };

  return {
    hello({ leg, copyId }) {
      greeted = new Map(volumes.map(({ name, durableLocalComplete }) => [name, durableLocalComplete]));
      const known = volumes.map(({ name, incarnation, acknowledged, durableLocalComplete }) => ({
        volume: name,
        incarnation,
        acknowledged,
        localComplete: durableLocalComplete,
      }));
      return { kind: "origin-hello", leg, copyId, volumes: known };
    },
    isGreetingOld: () => volumes.some(({ name, durableLocalComplete }) => greeted.get(name) !== durableLocalComplete),
    persist,
    tick() {
      if (desk.nowMs() < nextMarksMs) return;
      nextMarksMs = desk.nowMs() + limits.markIntervalMs;
      persist();
    },
    forgetReported() {
      reported = new Map();
    },
    takeUnreported() {
      const news: VolumeMark[] = [];
      for (const { name, durableLocalComplete } of volumes) {
        if (durableLocalComplete === noOrigin || reported.get(name) === durableLocalComplete) continue;
        reported.set(name, durableLocalComplete);
        news.push({ volume: name, origin: durableLocalComplete });
      }
      return news;
    },
    farValidated(validated) {
      const change: MarkChange = new Map();
      for (const { volume: name, origin } of validated) {
        const volume = volumes.find((each) => each.name === name);
        if (volume === undefined || compareOrigin(origin, volume.farValidated) <= 0) continue;
        volume.farValidated = origin;
        volume.regions.validated(origin, change);
      }
      // Dying before it is durable, more is copied some day than need be.
      if (change.size > 0) desk.commit({ marks: change });
    },
  };
}

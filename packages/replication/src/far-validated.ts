/**
 * How primaries learn what every secondary has validated, in their own numbers, so that they may clear their region logs
 * (PROTOCOL 5): now and then the relay notes how far each volume had come at some number of the group, and tells it once
 * the gate has reached that number. While a copy run is not over nothing is told: the far side can still go back to the
 * image at the run's base, and would lack it all.
 */
import { compareOrigin, noOrigin } from "@waystation/contracts/ids";
import { limits } from "./limits.js";
import type { VolumeMark } from "./messages.js";
import type { OriginNumber, Sequence, VolumeName } from "./vocabulary.js";

export interface FarValidated {
  /** What is news now, to whomever it concerns. */
  news(at: { readonly nowMs: number; readonly durable: Sequence; readonly gate: Sequence }): readonly VolumeMark[];
  /** Its primary greeted anew, and may have missed what it was told. */
  forget(volume: VolumeName): void;
}

/** `vector`: how far each volume is durable at the relay, as of the last number that is durable. */
export function createFarValidated(vector: () => readonly VolumeMark[]): FarValidated {
  let noted: { readonly durable: Sequence; readonly marks: readonly VolumeMark[] } | null = null;
  let nextMs = 0;
  const told = new Map<VolumeName, OriginNumber>();
  return {
    news({ nowMs, durable, gate }) {
      if (noted === null && nowMs >= nextMs) {
        noted = { durable, marks: vector() };
        nextMs = nowMs + limits.farValidatedIntervalMs;
      }
      if (noted === null || gate < noted.durable) return [];
      const news = noted.marks.filter(({ volume, origin }) => compareOrigin(origin, told.get(volume) ?? noOrigin) > 0);
      for (const { volume, origin } of news) told.set(volume, origin);
      noted = null;
      return news;
    },
    forget: (volume) => void told.delete(volume),
  };
}

/**
 * What hosts read at whoever writes the volume (PROTOCOL 1.2): never older than what was acknowledged before the read was
 * asked for, never what nobody wrote, and never what an image that was opened for writing did not have.
 */
import type { NodeName, VolumeName } from "@waystation/contracts/ids";
import { cellBytes, garbageTag, readTag, showTag, zeroTag } from "../cell.js";
import type { Checker, HostRequest, Observation, Violate } from "../observation.js";
import { cellsOf, surelyBefore, type History } from "./history.js";

export interface ReadsOptions {
  readonly history: History;
  readonly writerOf: (volume: VolumeName) => NodeName | undefined;
  readonly violate: Violate;
}

export function createJourneyReads({ history, writerOf, violate }: ReadsOptions): Checker {
  /** When each read under way was asked for, and by whom the volume was written then. */
  const begun = new Map<number, { readonly at: number; readonly writer: NodeName | undefined }>();

  const returned = (request: HostRequest, data: Uint8Array): void => {
    const start = begun.get(request.id);
    const isWriter = start?.writer === request.node && writerOf(request.volume) === request.node;
    if (start === undefined || !isWriter) return;
    const first = request.offsetBytes / cellBytes;
    for (const cell of cellsOf(request)) {
      const { volume } = request;
      const tag = readTag(data, (cell - first) * cellBytes, { volume, cell });
      const seen = tag === zeroTag ? undefined : history.find(volume, cell, tag);
      const what = `a read of ${volume} cell ${cell} on ${request.node} returned ${showTag(tag)}`;
      if (tag === garbageTag || (tag !== zeroTag && seen === undefined)) {
        return violate("reads", `${what}, which nobody wrote there`);
      }
      if (seen?.dead === true) return violate("reads", `${what}, which the image that was opened did not have`);
      const newer = history
        .of(volume, cell)
        .find(
          (write) =>
            !write.dead && write.acknowledgedAt < start.at && (seen === undefined || surelyBefore(seen, write)),
        );
      if (newer !== undefined)
        return violate("reads", `${what}, although ${showTag(newer.tag)} was acknowledged before`);
    }
  };

  return {
    name: "reads",
    observe(observation: Observation) {
      switch (observation.kind) {
        case "read-invoked": {
          const { id, volume } = observation.request;
          begun.set(id, { at: history.moment(), writer: writerOf(volume) });
          return;
        }
        case "read-returned":
          returned(observation.request, observation.data);
          begun.delete(observation.request.id);
          return;
        case "read-failed":
          begun.delete(observation.request.id);
          return;
        default:
          return;
      }
    },
  };
}

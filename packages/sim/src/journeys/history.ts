/**
 * What hosts were told, and when: every write with the moments at which it was asked for and acknowledged, cell by cell.
 * The judges of journeys measure by it alone, whatever roles, terms and numbers the nodes go through.
 *
 * A write that got no answer may have happened, or not, or may happen yet; repeated with the same tag, it is one write.
 * What an image that was opened for writing does not show is dead from then on: nobody may ever see it again.
 */
import type { NodeName, VolumeName } from "@waystation/contracts/ids";
import { cellBytes, type Tag } from "../cell.js";
import type { Checker, HostRequest, Observation } from "../observation.js";

export interface HostWrite {
  readonly tag: Tag;
  readonly volume: VolumeName;
  readonly cell: number;
  /** Where it was asked for, last. */
  node: NodeName;
  /** Moments count observations: they order what happened, and say nothing of time. */
  readonly invokedAt: number;
  /** When it was asked for last: the same again, after no answer. */
  askedAt: number;
  /** Infinity while it was never acknowledged. */
  acknowledgedAt: number;
  /** Asked for once without an answer: it may take its place in the order later than it seems. */
  unanswered: boolean;
  dead: boolean;
}

export interface History extends Checker {
  moment(): number;
  /** The writes to a cell, in the order in which they were asked for. */
  of(volume: VolumeName, cell: number): readonly HostWrite[];
  /** The cells of a volume that anybody ever wrote to. */
  cells(volume: VolumeName): Iterable<number>;
  find(volume: VolumeName, cell: number, tag: Tag): HostWrite | undefined;
  /** The requests that nobody has answered yet. */
  unanswered(): readonly HostRequest[];
}

const none: readonly HostWrite[] = Object.freeze([]);

export function createHistory(): History {
  const volumes = new Map<VolumeName, Map<number, HostWrite[]>>();
  const open = new Map<number, HostRequest>();
  let moment = 0;

  const of = (volume: VolumeName, cell: number): readonly HostWrite[] => volumes.get(volume)?.get(cell) ?? none;
  const find = (volume: VolumeName, cell: number, tag: Tag): HostWrite | undefined =>
    of(volume, cell).find((write) => write.tag === tag);

  const invoked = ({ node, volume }: HostRequest, cell: number, tag: Tag): void => {
    const before = find(volume, cell, tag);
    if (before?.dead === false) {
      before.node = node;
      before.askedAt = moment;
      return;
    }
    let ofVolume = volumes.get(volume);
    if (ofVolume === undefined) volumes.set(volume, (ofVolume = new Map<number, HostWrite[]>()));
    // One that is dead and asked for again is another write, with the same content.
    const writes = (ofVolume.get(cell) ?? []).filter((write) => write !== before);
    ofVolume.set(cell, writes);
    const state = { acknowledgedAt: Infinity, unanswered: false, dead: false };
    writes.push({ tag, volume, cell, node, invokedAt: moment, askedAt: moment, ...state });
  };

  return {
    name: "history",
    moment: () => moment,
    of,
    find,
    unanswered: () => [...open.values()],
    cells: (volume) => volumes.get(volume)?.keys() ?? [],
    observe(observation: Observation) {
      moment += 1;
      if ("request" in observation && "id" in observation.request) {
        const { request } = observation;
        if (observation.kind.endsWith("invoked")) open.set(request.id, request);
        else open.delete(request.id);
      }
      switch (observation.kind) {
        case "write-invoked":
          for (const cell of cellsOf(observation.request)) invoked(observation.request, cell, observation.tag);
          return;
        case "write-acknowledged":
        case "write-failed":
          for (const cell of cellsOf(observation.request)) {
            const write = find(observation.request.volume, cell, observation.tag);
            if (write === undefined) continue;
            if (observation.kind === "write-failed") write.unanswered = true;
            else if (write.acknowledgedAt === Infinity) write.acknowledgedAt = moment;
          }
          return;
        default:
          return;
      }
    },
  };
}

export function* cellsOf(request: HostRequest): Generator<number> {
  const first = request.offsetBytes / cellBytes;
  for (let cell = first; cell < first + request.lengthBytes / cellBytes; cell++) yield cell;
}

/** Whether one write surely took its place before another: it was acknowledged, at its first asking, before that one. */
export function surelyBefore(one: HostWrite, other: HostWrite): boolean {
  return !one.unanswered && one.acknowledgedAt < other.invokedAt;
}

/**
 * What hosts read never goes back (PROTOCOL 1.2, 2). Per volume and place where it is read (its primary, its
 * secondary), the versions of a cell are in one order: the relay's, and after a takeover the order in which the new
 * writer stored them. Once a read returned a version, or a write was acknowledged, a later read returns that version or
 * a newer one; and a primary shows nothing that the relay does not durably hold.
 */
import type { NodeName, VolumeName } from "@waystation/contracts/ids";
import { cellBytes, garbageTag, readTag, showTag, zeroTag, type Tag } from "../cell.js";
import type { Checker, HostRequest, Observation, Violate } from "../observation.js";
import type { StampedOrder } from "./stamped-order.js";

export interface ReadsOptions {
  readonly order: StampedOrder;
  readonly secondaryOf: ReadonlyMap<VolumeName, NodeName>;
  readonly contentOf: (node: NodeName, volume: VolumeName) => ReadonlyMap<number, Tag>;
  readonly violate: Violate;
}

/** One place where a volume is read, and how far each of its cells is known to have come. */
interface Lineage {
  /** The versions of a cell, oldest first. */
  versions(cell: number): readonly { readonly tag: Tag }[];
  /** Per cell, the index of the newest version that was shown or acknowledged. */
  readonly floors: Map<number, number>;
}

const name = "reads";

export function createReadsChecker(options: ReadsOptions): Checker {
  const lineages = new Map<string, Lineage>();
  /** After a takeover: what the new writer stored, per cell, in order. */
  const stored = new Map<string, Map<number, { readonly tag: Tag }[]>>();
  /** Where a request began and the floors that held then: it may return anything from there on. */
  const begun = new Map<number, { readonly lineage: Lineage; readonly floors: readonly number[] }>();
  const fail = (message: string): void => {
    options.violate(name, message);
  };

  const lineageOf = (node: NodeName, volume: VolumeName): Lineage => {
    const key = `${node}/${volume}`;
    let lineage = lineages.get(key);
    if (lineage === undefined) {
      lineage = { versions: (cell) => options.order.versions(volume, cell), floors: new Map() };
      lineages.set(key, lineage);
    }
    return lineage;
  };

  const promote = (node: NodeName, volume: VolumeName): void => {
    const key = `${node}/${volume}`;
    if (options.secondaryOf.get(volume) !== node || stored.has(key)) return;
    const base = options.contentOf(node, volume);
    const before = lineageOf(node, volume);
    for (const [cell, floor] of before.floors) {
      const tag = base.get(cell) ?? zeroTag;
      if (before.versions(cell).findLastIndex((version) => version.tag === tag) < floor) {
        fail(`${volume} cell ${cell} went back to ${showTag(tag)} when ${node} took over`);
      }
    }
    const local = new Map<number, { readonly tag: Tag }[]>();
    for (const [cell, tag] of base) local.set(cell, [{ tag }]);
    stored.set(key, local);
    lineages.set(key, { versions: (cell) => local.get(cell) ?? [{ tag: zeroTag }], floors: new Map() });
  };

  const noteStored = (observation: Extract<Observation, { kind: "store-write" }>): void => {
    const { node, volume, write } = observation;
    const local = stored.get(`${node}/${volume}`);
    if (local === undefined) return;
    const first = write.offsetBytes / cellBytes;
    for (let index = 0; index < write.lengthBytes / cellBytes; index++) {
      const cell = first + index;
      const versions = local.get(cell) ?? [{ tag: zeroTag }];
      versions.push({ tag: write.data === null ? zeroTag : readTag(write.data, index * cellBytes, { volume, cell }) });
      local.set(cell, versions);
    }
  };

  const begin = (request: HostRequest): void => {
    const lineage = lineageOf(request.node, request.volume);
    begun.set(request.id, { lineage, floors: cellsOf(request).map((cell) => lineage.floors.get(cell) ?? 0) });
  };

  /** The cell was seen to hold the tag by a request that began when `floor` held. */
  const saw = (
    request: HostRequest,
    cell: number,
    seen: { readonly tag: Tag; readonly floor: number; readonly lineage: Lineage },
  ): void => {
    const { lineage } = seen;
    const versions = lineage.versions(cell);
    let index = seen.floor;
    while (index < versions.length && versions[index]?.tag !== seen.tag) index += 1;
    if (index < versions.length) {
      lineage.floors.set(cell, Math.max(lineage.floors.get(cell) ?? 0, index));
      return;
    }
    const where = `request ${request.id} on ${request.node} saw ${showTag(seen.tag)} in ${request.volume} cell ${cell}`;
    const known = versions.some((version) => version.tag === seen.tag);
    const newest = showTag(versions[seen.floor]?.tag ?? zeroTag);
    if (seen.tag === garbageTag) fail(where);
    else if (known) fail(`${where}, after ${newest} had been read or acknowledged`);
    else fail(`${where}, which nothing durable holds`);
  };

  const ended = (request: HostRequest, tagAt: (index: number) => Tag): void => {
    const beginning = begun.get(request.id);
    if (beginning === undefined) return;
    begun.delete(request.id);
    const { lineage, floors } = beginning;
    cellsOf(request).forEach((cell, index) => {
      saw(request, cell, { tag: tagAt(index), floor: floors[index] ?? 0, lineage });
    });
  };

  return {
    name,
    observe(observation: Observation) {
      switch (observation.kind) {
        case "opened-for-writing":
          return promote(observation.node, observation.volume);
        case "store-write":
          return noteStored(observation);
        case "write-invoked":
        case "read-invoked":
          return begin(observation.request);
        case "write-acknowledged":
          return ended(observation.request, () => observation.tag);
        case "read-returned": {
          const { request, data } = observation;
          const first = request.offsetBytes / cellBytes;
          return ended(request, (index) =>
            readTag(data, index * cellBytes, { volume: request.volume, cell: first + index }),
          );
        }
        case "write-failed":
        case "read-failed":
          begun.delete(observation.request.id);
          return;
        default:
          return;
      }
    },
  };
}

function cellsOf(request: HostRequest): number[] {
  const first = request.offsetBytes / cellBytes;
  return Array.from({ length: request.lengthBytes / cellBytes }, (_, index) => first + index);
}

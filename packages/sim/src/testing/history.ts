/** Histories written by hand, to show what each checker takes for right and for wrong. */
import type { NodeName, OriginNumber, Sequence, VolumeName } from "@waystation/contracts/ids";
import type { JournalRecord } from "@waystation/contracts/journal";
import type { PeerBody } from "@waystation/replication/messages";
import type { TakeoverResult } from "@waystation/replication/status";
import { cellBytes, makeTag, taggedPayload, zeroTag, type Tag } from "../cell.js";
import { createStampedOrder, type StampedOrder } from "../checkers/stamped-order.js";
import type { Checker, HostRequest, Observation, Violate } from "../observation.js";

export const relay1 = "relay-1" as NodeName;
export const primaryA = "primary-a" as NodeName;
export const secondaryA = "secondary-a" as NodeName;
export const secondaryB = "secondary-b" as NodeName;
export const volA = "vol-a" as VolumeName;
export const volB = "vol-b" as VolumeName;
export const volumes = [
  { name: volA, primary: primaryA, secondary: secondaryA },
  { name: volB, primary: "primary-b" as NodeName, secondary: secondaryB },
];
export const secondaryOf = new Map(volumes.map(({ name, secondary }) => [name, secondary]));

/** A write of cell `cell` by writer 1. */
export const tag = (count: number): Tag => makeTag(1, count);
export const seq = (sequence: number): Sequence => sequence as Sequence;

export interface Findings {
  readonly violate: Violate;
  /** What was found so far: `checker: message`. */
  readonly found: string[];
}

export function collectFindings(): Findings {
  const found: string[] = [];
  return {
    found,
    violate: (checker, message) => {
      found.push(`${checker}: ${message}`);
    },
  };
}

/** The disks of a history: what each cell durably holds, which is what a reader sees too. */
export interface Disks {
  readonly set: (node: NodeName, volume: VolumeName, cell: number, tag: Tag) => void;
  readonly durableCell: (node: NodeName, volume: VolumeName, cell: number) => Uint8Array | null;
  readonly contentOf: (node: NodeName, volume: VolumeName) => ReadonlyMap<number, Tag>;
}

function createDisks(): Disks {
  const disks = new Map<string, Map<number, Tag>>();
  const diskOf = (node: NodeName, volume: VolumeName): Map<number, Tag> => {
    const key = `${node}/${volume}`;
    let disk = disks.get(key);
    if (disk === undefined) disks.set(key, (disk = new Map<number, Tag>()));
    return disk;
  };
  return {
    set(node, volume, cell, content) {
      if (content === zeroTag) diskOf(node, volume).delete(cell);
      else diskOf(node, volume).set(cell, content);
    },
    durableCell(node, volume, cell) {
      const content = diskOf(node, volume).get(cell);
      return content === undefined ? null : payloadOf(content, volume, cell);
    },
    contentOf: (node, volume) => diskOf(node, volume),
  };
}

export function payloadOf(content: Tag, volume: VolumeName, cell: number): Uint8Array {
  if (content === zeroTag) return new Uint8Array(cellBytes);
  return taggedPayload(content, { volume, offsetBytes: cell * cellBytes, lengthBytes: cellBytes });
}

/** Record number `sequence`: one cell of vol-a, written by write `sequence` of writer 1, unless told otherwise. */
export function record(
  sequence: number,
  changes: { cell?: number; volume?: VolumeName; tag?: Tag; origin?: OriginNumber } = {},
): JournalRecord {
  const { cell = 0, volume = volA, tag: content = tag(sequence), origin = { incarnation: 1, n: sequence } } = changes;
  return {
    sequence: seq(sequence),
    volume,
    origin,
    epoch: 1,
    kind: content === zeroTag ? "zero" : "write",
    offsetBytes: cell * cellBytes,
    lengthBytes: cellBytes,
    hostTimeMs: 0,
    payload: content === zeroTag ? new Uint8Array(0) : payloadOf(content, volume, cell),
  };
}

export function durable(node: NodeName, ...records: JournalRecord[]): Observation {
  return { kind: "journal-durable", node, commit: { records } };
}

export function sent(from: NodeName, body: PeerBody): Observation {
  const message = { epoch: { number: 1, takeoverId: "initial" }, term: 0, body };
  return { kind: "sent", from, to: relay1, channel: "ship", message, inFlightBytes: 0 };
}

export function stored(node: NodeName, cell: number, content: Tag, volume: VolumeName = volA): Observation {
  const data = content === zeroTag ? null : payloadOf(content, volume, cell);
  return { kind: "store-write", node, volume, write: { offsetBytes: cell * cellBytes, lengthBytes: cellBytes, data } };
}

export function request(
  id: number,
  changes: { node?: NodeName; cell?: number; volume?: VolumeName } = {},
): HostRequest {
  const { node = primaryA, cell = 0, volume = volA } = changes;
  return { id, node, volume, offsetBytes: cell * cellBytes, lengthBytes: cellBytes };
}

export function takenOver(changes: Partial<TakeoverResult> & { force?: boolean } = {}): Observation {
  const { force = false, ...rest } = changes;
  const result: TakeoverResult = {
    outcome: "taken-over",
    code: "",
    message: "",
    epoch: { number: 2, takeoverId: "t" },
    sequence: seq(0),
    lost: "nothing",
    lostDetail: "",
    participants: [secondaryA, secondaryB],
    absent: [],
    risks: [],
    ...rest,
  };
  return {
    kind: "takeover-ended",
    node: secondaryA,
    request: { group: "g1", force, without: [], dryRun: false },
    result,
  };
}

/** Runs a history past the reference and one checker that measures by it. */
export function watchHistory<T extends Checker>(
  make: (tools: { order: StampedOrder; disks: Disks; violate: Violate }) => T,
): {
  readonly checker: T;
  readonly disks: Disks;
  readonly found: string[];
  readonly tell: (...observations: Observation[]) => void;
} {
  const { found, violate } = collectFindings();
  const disks = createDisks();
  const order = createStampedOrder({ relay: relay1, violate });
  const checker = make({ order, disks, violate });
  return {
    checker,
    disks,
    found,
    tell(...observations) {
      for (const observation of observations) {
        order.observe(observation);
        checker.observe(observation);
      }
    },
  };
}

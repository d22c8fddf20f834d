/**
 * Acknowledge after durable (DESIGN rule 3), at every stage: what a relay acknowledges is in its journal, what a
 * secondary reports received or prepared is in its journal, what it reports applied is on its disk, what a primary
 * reports locally complete is on its disk; what a relay ships is what it stamped; and nobody forgets a record that
 * somebody may still need (PROTOCOL 7).
 */
import { compareOrigin, noOrigin, type NodeName, type OriginNumber, type VolumeName } from "@waystation/contracts/ids";
import type { JournalRecord } from "@waystation/contracts/journal";
import { markNames } from "@waystation/replication/marks";
import type { PeerBody } from "@waystation/replication/messages";
import { cellBytes, readTag, showTag, zeroTag, type Tag } from "../cell.js";
import type { Checker, Observation, Violate } from "../observation.js";
import { tagsOf, type Stamped, type StampedOrder } from "./stamped-order.js";

export interface DurableAnswersOptions {
  readonly order: StampedOrder;
  readonly relay: NodeName;
  readonly volumes: readonly { readonly name: VolumeName; readonly primary: NodeName; readonly secondary: NodeName }[];
  readonly durableCell: (node: NodeName, volume: VolumeName, cell: number) => Uint8Array | null;
  /** True once the volume belongs to the hosts of its secondary: what is there is theirs. */
  readonly promoted: (volume: VolumeName) => boolean;
  readonly violate: Violate;
}

export interface DurableAnswersChecker extends Checker {
  /** Up to which number the secondary durably holds every record of its own volumes. */
  readonly completeThrough: (secondary: NodeName) => number;
}

/** One volume's share of a secondary's journal. */
interface Share {
  readonly volume: VolumeName;
  readonly node: NodeName;
  /** Durable there; cut numbers leave it again. */
  readonly held: Set<number>;
  /** How many of the volume's stamped records, from the first on, are held without a gap. */
  complete: number;
}

const name = "durable-answers";

export function createDurableAnswersChecker(options: DurableAnswersOptions): DurableAnswersChecker {
  const { order, relay } = options;
  const fail = (message: string): void => {
    options.violate(name, message);
  };
  const shares: Share[] = options.volumes.map((volume) => ({
    volume: volume.name,
    node: volume.secondary,
    held: new Set(),
    complete: 0,
  }));
  /** How many of a volume's stamped records were checked to be on a node's disk. */
  const stored = new Map<string, number>();
  /** What was written to each cell of the primaries' disks, in order. */
  const writtenBy = new Map(options.volumes.map(({ primary }) => [primary, new Map<string, Tag[]>()]));
  const localComplete = new Map<VolumeName, OriginNumber>();
  const appliedBy = new Map<NodeName, number>();
  const validatedBy = new Map<NodeName, number>();
  let trimmed = 0;

  const firstMissing = (share: Share): number => {
    const records = order.of(share.volume);
    while (share.complete < records.length && share.held.has(records[share.complete]?.sequence ?? 0)) {
      share.complete += 1;
    }
    return records[share.complete]?.sequence ?? Infinity;
  };

  const completeThrough = (node: NodeName): number =>
    Math.min(...shares.filter((share) => share.node === node).map((share) => firstMissing(share) - 1));

  const checkHeld = (node: NodeName, claim: string, through: number): void => {
    const complete = completeThrough(node);
    if (complete < through) fail(`${node} answers ${claim} ${through}, but is durably complete only up to ${complete}`);
  };

  /** Every cell of the record durably holds its content, or newer. */
  const checkOnDisk = (node: NodeName, record: Stamped, claim: string): void => {
    record.tags.forEach((tag, index) => {
      const { volume } = record;
      const cell = record.firstCell + index;
      const content = options.durableCell(node, volume, cell);
      const found = content === null ? zeroTag : readTag(content, 0, { volume, cell });
      if (found === tag) return;
      // On a primary a newer write may be on the disk and not stamped yet: its disk has an order of its own.
      const written = writtenBy.get(node)?.get(`${volume}/${cell}`);
      if (written !== undefined && written.lastIndexOf(found) > written.lastIndexOf(tag)) return;
      const versions = order.versions(volume, cell);
      const needed = versions.findLastIndex((version) => version.sequence <= record.sequence);
      if (versions.findLastIndex((version) => version.tag === found) >= needed) return;
      fail(
        `${node} reports ${claim}, but number ${record.sequence} is not on its disk: cell ${cell} holds ${showTag(found)}`,
      );
    });
  };

  const checkStored = (
    where: { node: NodeName; volume: VolumeName },
    claim: string,
    covers: (r: Stamped) => boolean,
  ): void => {
    const key = `${where.node}/${where.volume}`;
    const records = order.of(where.volume);
    let index = stored.get(key) ?? 0;
    for (let record = records[index]; record !== undefined && covers(record); record = records[++index]) {
      checkOnDisk(where.node, record, claim);
    }
    stored.set(key, index);
  };

  const checkValidated = (node: NodeName, sequence: number): void => {
    const durable = validatedBy.get(node) ?? 0;
    if (durable < sequence) fail(`${node} answers validated ${sequence}, but only ${durable} is durable there`);
  };

  /** A point is validated only when all secondaries have prepared it, durably (PROTOCOL 3.2). */
  const checkValidate = (sequence: number): void => {
    for (const { node } of shares) checkHeld(node, "prepared", sequence);
  };

  const checkApplied = (node: NodeName, through: number): void => {
    for (const { volume } of shares.filter((share) => share.node === node && !options.promoted(share.volume))) {
      checkStored({ node, volume }, `applied ${through}`, (record) => record.sequence <= through);
    }
    appliedBy.set(node, Math.max(appliedBy.get(node) ?? 0, through));
  };

  const checkLocalComplete = (node: NodeName, volume: VolumeName, origin: OriginNumber): void => {
    const claim = `local-complete ${origin.incarnation}.${origin.n} of ${volume}`;
    checkStored({ node, volume }, claim, (record) => compareOrigin(record.origin, origin) <= 0);
    if (compareOrigin(origin, localComplete.get(volume) ?? noOrigin) > 0) localComplete.set(volume, origin);
  };

  const checkShipped = (records: readonly JournalRecord[], watermark: number): void => {
    if (watermark > order.last()) fail(`the relay ships up to ${watermark}, but only ${order.last()} is durable there`);
    for (const record of records) checkSame(record, "ships");
  };

  const checkSame = (record: JournalRecord, verb: string): void => {
    const stamped = order.at(record.sequence);
    const tags = tagsOf(record);
    const same =
      stamped !== undefined &&
      stamped.volume === record.volume &&
      compareOrigin(stamped.origin, record.origin) === 0 &&
      stamped.tags.length === tags.length &&
      stamped.tags.every((tag, index) => tag === tags[index]);
    if (!same) fail(`a node ${verb} a record ${record.sequence} that is not what was stamped`);
  };

  const checkTrim = (node: NodeName, through: number): void => {
    if (node !== relay) return;
    for (; trimmed < Math.min(through, order.last()); trimmed++) {
      const record = order.at(trimmed + 1);
      if (record === undefined) return;
      if (compareOrigin(record.origin, localComplete.get(record.volume) ?? noOrigin) > 0) {
        fail(`the relay forgets ${record.sequence}, which its origin may not have on its array`);
      }
      for (const share of shares) {
        if ((appliedBy.get(share.node) ?? 0) < record.sequence) {
          fail(`the relay forgets ${record.sequence}, which ${share.node} has not reported applied`);
        }
      }
    }
  };

  const answered = (from: NodeName, body: PeerBody): void => {
    switch (body.kind) {
      case "relay-welcome":
      case "relay-ack":
        for (const { volume, origin } of body.marks) {
          const high = order.originHigh(volume);
          if (origin.n === 0 || compareOrigin(origin, high) <= 0) continue;
          const shown = `${origin.incarnation}.${origin.n}`;
          fail(`the relay acknowledges ${volume} ${shown}, but only ${high.incarnation}.${high.n} is durable there`);
        }
        return;
      case "ship-batch":
        return checkShipped(body.records, body.watermark);
      case "relay-records":
        for (const record of body.records) checkSame(record, "returns");
        return;
      case "ship-welcome":
        checkHeld(from, "received", body.received);
        checkValidated(from, body.validated);
        return checkApplied(from, body.applied);
      case "ship-received":
        return checkHeld(from, "received", body.watermark);
      case "prepared":
        return checkHeld(from, "prepared", body.sequence);
      case "validate":
        return checkValidate(body.sequence);
      case "validated":
        checkHeld(from, "validated", body.sequence);
        return checkValidated(from, body.sequence);
      case "applied":
        return checkApplied(from, body.sequence);
      case "origin-hello":
        for (const { volume, localComplete: origin } of body.volumes) checkLocalComplete(from, volume, origin);
        return;
      case "origin-batch":
        for (const { volume, origin } of body.localComplete) checkLocalComplete(from, volume, origin);
        return;
      default:
        return;
    }
  };

  const noteWritten = ({ node, volume, write }: Extract<Observation, { kind: "store-write" }>): void => {
    const written = writtenBy.get(node);
    if (written === undefined) return;
    const first = write.offsetBytes / cellBytes;
    for (let index = 0; index < write.lengthBytes / cellBytes; index++) {
      const cell = first + index;
      const key = `${volume}/${cell}`;
      const tags = written.get(key) ?? [zeroTag];
      tags.push(write.data === null ? zeroTag : readTag(write.data, index * cellBytes, { volume, cell }));
      written.set(key, tags);
    }
  };

  const journalDurable = (observation: Extract<Observation, { kind: "journal-durable" }>): void => {
    const { node, commit } = observation;
    const validated = commit.marks?.get(markNames.validated);
    if (typeof validated === "number") validatedBy.set(node, validated);
    for (const share of shares) {
      if (share.node !== node) continue;
      const { cutAfter } = commit;
      if (cutAfter !== undefined) {
        for (const sequence of share.held) if (sequence > cutAfter) share.held.delete(sequence);
        share.complete = Math.min(share.complete, share.held.size);
      }
    }
    if (node === relay) return;
    for (const record of commit.records ?? []) {
      checkSame(record, "stores");
      shares.find((share) => share.node === node && share.volume === record.volume)?.held.add(record.sequence);
    }
  };

  return {
    name,
    completeThrough,
    observe(observation: Observation) {
      if (observation.kind === "sent") answered(observation.from, observation.message.body);
      if (observation.kind === "store-write") noteWritten(observation);
      if (observation.kind === "journal-durable") journalDurable(observation);
      if (observation.kind === "journal-trim") checkTrim(observation.node, observation.through);
    },
  };
}

/**
 * What a relay stamps (PROTOCOL 1.4, B3): each write of a batch gets the next number of the group, in order of arrival, and
 * records, high marks and the stamp become durable in one commit. A number once stamped is a duplicate ever after.
 */
import assert from "node:assert/strict";
import { compareOrigin, nextSequence } from "@waystation/contracts/ids";
import { recordOverheadBytes } from "@waystation/contracts/journal";
import type { Desk, LinkId } from "./effects.js";
import { markNames, originMark, readOrigin, readSequence, type Marks } from "./marks.js";
import type { Membership } from "./membership.js";
import type { IngressBody, OriginWrite, RefusalReason, VolumeMark } from "./messages.js";
import { createOriginLedger, orderAfter, type OriginLedger } from "./origin-ledger.js";
import type { RecordSpan } from "./provable/head-history.js";
import type { IngressPeer, OriginHello } from "./relay-peers.js";
import type { Epoch, JournalRecord, MarkValue, NodeName, OriginNumber, Sequence } from "./vocabulary.js";

type OriginBatch = Extract<IngressBody, { kind: "origin-batch" }>;

export interface StampRefusal {
  readonly reason: RefusalReason;
  readonly detail: string;
}

export interface RelayStamps {
  /** The last number given; and the last that is durable. */
  last(): Sequence;
  durable(): Sequence;
  /** Why a greeting cannot be taken; null when it can. `lost`: this journal lacks what it once acknowledged. */
  check(peer: IngressPeer, hello: OriginHello): StampRefusal | { readonly lost: string } | null;
  /** Stamps what is new of a batch; null when all of it was in order. */
  take(peer: IngressPeer, link: LinkId, batch: OriginBatch): StampRefusal | null;
  localComplete(marks: readonly VolumeMark[]): void;
  /** As far as everything of it is durable here, of all volumes or of one primary's. */
  durableMarks(primary?: NodeName): VolumeMark[];
  /** Up to here no primary needs a record any more. */
  completeThrough(): Sequence;
}

export interface RelayStampsOptions {
  readonly desk: Desk;
  readonly membership: Membership;
  readonly marks: Marks;
  readonly journalFirst: Sequence;
  readonly epoch: () => Epoch;
  /** What is to become durable with the first records of a primary in a copy run. */
  readonly withRecords: (primary: NodeName) => ReadonlyMap<string, MarkValue>;
  /** Records are durable, in order. */
  readonly onDurable: (span: RecordSpan) => void;
}

export function createRelayStamps(options: RelayStampsOptions): RelayStamps {
  const { desk, membership, marks } = options;
  let stamped = readSequence(marks, markNames.stamped);
  let durable = stamped;
  const ledgers = new Map(
    membership.volumes.map(({ name, primary }): [string, OriginLedger] => {
      const high = readOrigin(marks, markNames.high(name));
      return [name, createOriginLedger({ volume: name, primary, high, journalFirst: options.journalFirst })];
    }),
  );

  /**
   * Tells new writes from repeats. The whole batch is looked at before any of it is stamped: one that was refused with the
   * rest of its batch would never be stored.
   */
  const sortOut = (peer: IngressPeer, writes: readonly OriginWrite[]): StampRefusal | readonly OriginWrite[] => {
    const fresh: OriginWrite[] = [];
    const next = new Map<string, OriginNumber>();
    for (const write of writes) {
      const ledger = ledgers.get(write.volume);
      if (ledger?.primary !== peer.node) return { reason: "not-a-member", detail: `${write.volume} is not yours` };
      const last = next.get(write.volume) ?? ledger.stamped;
      const order = orderAfter(last, write.origin);
      if (order === "gap")
        return { reason: "gap", detail: `${write.volume}: ${write.origin.n} after ${last.n} leaves a gap` };
      if (order === "duplicate") {
        // Acknowledged again, as far as it is durable.
        peer.unacknowledged.add(ledger);
        continue;
      }
      next.set(write.volume, write.origin);
      fresh.push(write);
    }
    return fresh;
  };

  /** Records and high marks in one durable commit; only then acknowledged, only then shipped (PROTOCOL 1.4). */
  const append = (peer: IngressPeer, link: LinkId, writes: readonly OriginWrite[], bytes: number): void => {
    const records: JournalRecord[] = [];
    const high = new Map<string, MarkValue>();
    for (const write of writes) {
      stamped = nextSequence(stamped);
      ledgers.get(write.volume)?.stamp(write.origin, stamped);
      records.push(toRecord(write, stamped, options.epoch().number));
      high.set(markNames.high(write.volume), originMark(write.origin));
    }
    if (records.length > 0) {
      high.set(markNames.stamped, stamped);
      for (const [name, value] of options.withRecords(peer.node)) high.set(name, value);
    }
    const last = stamped;
    const origins = records.map(({ volume, origin }) => ({ volume, origin }));
    desk.commit({ records, marks: high }, () => {
      assert(last >= durable, "commits became durable out of order");
      options.onDurable({ after: durable, through: last, records });
      durable = last;
      for (const { volume, origin } of origins) {
        const ledger = ledgers.get(volume);
        ledger?.madeDurable(origin);
        if (ledger !== undefined) peer.unacknowledged.add(ledger);
      }
      if (peer.link !== link || !peer.welcomed) return;
      peer.durableBytes += bytes;
      peer.acknowledgementDue = true;
    });
  };

  return {
    last: () => stamped,
    durable: () => durable,
    check({ node }, { volumes }) {
      let lost: string | null = null;
      for (const { volume, acknowledged, incarnation, localComplete } of volumes) {
        const ledger = ledgers.get(volume);
        if (ledger?.primary !== node)
          return { reason: "not-a-member", detail: `${volume} is not a volume of ${node} in ${membership.group}` };
        if (compareOrigin(ledger.stamped, acknowledged) < 0)
          lost = `${node} holds an acknowledgement of ${volume} that this journal does not know`;
        if (compareOrigin(localComplete, ledger.reportedComplete()) < 0) {
          const detail = `${node} had more of ${volume} on its array than it knows of now: its data was replaced by an older copy`;
          return { reason: "gap", detail };
        }
        if (incarnation < ledger.stamped.incarnation)
          return { reason: "gap", detail: `incarnation ${incarnation} of ${volume} is older than the last one seen` };
      }
      return lost === null ? null : { lost };
    },
    take(peer, link, { writes, localComplete }) {
      for (const { volume, origin } of localComplete) ledgers.get(volume)?.localComplete(origin);
      const fresh = sortOut(peer, writes);
      if ("reason" in fresh) return fresh;
      const bytes = writes.reduce((sum, { payload }) => sum + recordOverheadBytes + payload.length, 0);
      peer.receivedBytes += bytes;
      if (bytes > 0) append(peer, link, fresh, bytes);
      return null;
    },
    localComplete(reported) {
      for (const { volume, origin } of reported) ledgers.get(volume)?.localComplete(origin);
    },
    durableMarks: (of) =>
      [...ledgers.values()].flatMap(({ volume, primary, durable: origin }) =>
        of === undefined || primary === of ? [{ volume, origin }] : [],
      ),
    completeThrough() {
      let through = stamped;
      for (const ledger of ledgers.values()) through = Math.min(through, ledger.completeThrough(stamped)) as Sequence;
      return through;
    },
  };
}

function toRecord(write: OriginWrite, sequence: Sequence, epoch: number): JournalRecord {
  const { volume, origin, kind, offsetBytes, lengthBytes, hostTimeMs, payload } = write;
  return { sequence, volume, origin, epoch, kind, offsetBytes, lengthBytes, hostTimeMs, payload };
}

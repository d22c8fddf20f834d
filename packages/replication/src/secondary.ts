/**
 * The secondary role of a group on one node (PROTOCOL 3, 6; B4-B6): keeps what the relay ships in its own journal,
 * prepares and validates points, and stores in its volumes only what lies below the apply gate. Marks, each durable
 * before it is told to anyone:
 *
 *     applied <= applying <= gate <= validated <= received
 *
 * `applying` is durable before the first record above `applied` touches a volume: after a crash the volumes may hold
 * any part of that span, so it is applied to its end before anyone may read them.
 */
import assert from "node:assert/strict";
import type { BlockWrite } from "@waystation/contracts/block-device";
import type { Sequence } from "@waystation/contracts/ids";
import { recordBytes, type JournalRecord, type JournalUsage } from "@waystation/contracts/journal";
import { hasPayload } from "@waystation/contracts/journal";
import type { Desk, LinkId } from "./effects.js";
import { limits } from "./limits.js";
import { markNames, readSequence, type Marks } from "./marks.js";
import type { RefusalReason, ShipBody } from "./messages.js";
import type { SecondaryStages } from "./status.js";
import type { MarkValue, VolumeName } from "./vocabulary.js";

/** What a secondary takes from its relay: everything; only records, while a takeover drains it; nothing. */
export type Intake = "all" | "records-only" | "nothing";

export interface Secondary {
  /** Applies what a crash interrupted, then calls back: the volumes may be read. */
  start(whenReadable: () => void): void;
  drain(): void;
  opened(link: LinkId): void;
  closed(link: LinkId): void;
  message(link: LinkId, body: ShipBody): void;
  setIntake(intake: Intake, detail: string): void;
  /** Cuts the journal at `sequence` and applies everything up to it; then calls back. For a takeover's roll forward. */
  rollForward(sequence: Sequence, whenApplied: () => void): void;
  received(): Sequence;
  validated(): Sequence;
  /** How far the volumes may have come, as a crash would find them. */
  applying(): Sequence;
  applied(): Sequence;
  connected(): boolean;
  detail(): string;
  stages(): SecondaryStages;
}

export interface SecondaryOptions {
  readonly desk: Desk;
  readonly marks: Marks;
  readonly usage: () => JournalUsage;
  /** The relay has forgotten records that this secondary lacks: it can follow no more without a full copy. */
  readonly onGap: (detail: string) => void;
}

export function createSecondary(options: SecondaryOptions): Secondary {
  const { desk, marks, usage } = options;
  let received = readSequence(marks, markNames.received);
  /** The watermark of the last batch given to the journal, durable or not. */
  let taken = received;
  let validated = readSequence(marks, markNames.validated);
  let applied = readSequence(marks, markNames.applied);
  let applying = readSequence(marks, markNames.applying);
  let gate = applying;
  let preparing = received;
  let prepared = received;
  let busy = false;
  let detail = "no relay has connected yet";
  let intake: Intake = "all";
  let intakeDetail = "";
  let link: LinkId | null = null;
  let welcomed = false;
  /** Batches that wait for room in the journal; the relay's window bounds them. */
  let held: Extract<ShipBody, { kind: "ship-batch" }>[] = [];
  let whenApplied: { readonly sequence: Sequence; readonly then: () => void } | null = null;

  const refuse = (reason: RefusalReason, why: string): void => {
    if (link === null) return;
    desk.send(link, { kind: "refusal", reason, detail: why });
    desk.closeLink(link);
    disconnect(why);
  };

  const disconnect = (why: string): void => {
    link = null;
    welcomed = false;
    held = [];
    detail = `no relay: ${why}`;
  };

  const tell = (body: ShipBody): void => {
    if (link !== null && welcomed) desk.send(link, body);
  };

  const hello = (from: LinkId): void => {
    if (intake === "nothing") return refuse("fenced", intakeDetail);
    // What an earlier link brought may still be on its way to the disk: the empty commit comes after it.
    desk.commit({}, () => {
      if (link !== from) return;
      welcomed = true;
      detail = "";
      desk.send(from, { kind: "ship-welcome", received, validated, applied, blank: false, copyId: "" });
    });
  };

  const takeBatches = (): void => {
    // What is taken in this very step is not in the journal's usage yet.
    let takenBytes = 0;
    for (let batch = held[0]; batch !== undefined; batch = held[0]) {
      const bytes = batch.records.reduce((sum, record) => sum + recordBytes(record), 0);
      if (!hasRoom(takenBytes, bytes)) return;
      takenBytes += bytes;
      held.shift();
      take(batch);
    }
  };

  /** A batch of none always has room: it may be all that the point waits for which would make room. */
  const hasRoom = (takenBytes: number, bytes: number): boolean => {
    const { usedBytes, capacityBytes } = usage();
    const before = usedBytes + takenBytes;
    return bytes === 0 || before === 0 || before + bytes <= capacityBytes;
  };

  /** Records and watermark in one durable commit; only then it is told (PROTOCOL 3.1). */
  const take = ({ after, watermark, records }: Extract<ShipBody, { kind: "ship-batch" }>): void => {
    if (after !== taken) return refuse("gap", `a batch after ${after} was sent, ${taken} is the last one here`);
    if (watermark < after || records.some(({ sequence }) => sequence <= after || sequence > watermark))
      return refuse("gap", `a batch above ${after} with records outside of it`);
    taken = watermark;
    desk.commit({ records, marks: new Map([[markNames.received, watermark]]) }, () => {
      received = watermark;
      tell({ kind: "ship-received", watermark });
      answerPrepare();
    });
  };

  const answerPrepare = (): void => {
    if (preparing <= prepared || received < preparing || intake !== "all") return;
    prepared = preparing;
    tell({ kind: "prepared", sequence: prepared });
  };

  const validate = (sequence: Sequence): void => {
    if (sequence > received) return refuse("gap", `validate ${sequence}, but complete only up to ${received}`);
    const reached = sequence > validated ? sequence : validated;
    desk.commit({ marks: new Map([[markNames.validated, reached]]) }, () => {
      validated = reached;
      tell({ kind: "validated", sequence: reached });
    });
  };

  /** Stores the next span below the gate: names it durably, stores it in order, then says that it is done. */
  const applyMore = (): void => {
    if (busy) return;
    if (whenApplied !== null && applied >= whenApplied.sequence) {
      const { then } = whenApplied;
      whenApplied = null;
      return then();
    }
    if (applied === gate) return;
    busy = true;
    const target = applying > applied ? applying : gate;
    assert(target > applied && target <= received, "the gate is beyond what is here");
    if (target === applying) return applySpan(applied, target);
    desk.commit({ marks: new Map([[markNames.applying, target]]) }, () => {
      applying = target;
      applySpan(applied, target);
    });
  };

  const applySpan = (after: Sequence, target: Sequence): void => {
    const from = (after + 1) as Sequence;
    desk.readJournal({ from, through: target, maxBytes: limits.applyBatchBytes }, ({ records, completeThrough }) => {
      storeRecords(records, () => {
        if (completeThrough < target) return applySpan(completeThrough, target);
        desk.commit({ marks: new Map([[markNames.applied, target]]) }, () => {
          applied = target;
          busy = false;
          desk.trim(target);
          tell({ kind: "applied", sequence: target });
          applyMore();
        });
      });
    });
  };

  const storeRecords = (records: readonly JournalRecord[], then: () => void): void => {
    const perVolume = new Map<VolumeName, BlockWrite[]>();
    for (const { volume, kind, offsetBytes, lengthBytes, payload } of records) {
      const writes = perVolume.get(volume) ?? [];
      perVolume.set(volume, writes);
      writes.push({ offsetBytes, lengthBytes, data: hasPayload(kind) ? payload : null });
    }
    if (perVolume.size === 0) return then();
    let left = perVolume.size;
    for (const [volume, writes] of perVolume) {
      desk.store(volume, writes, (failure) => {
        if (failure !== null) {
          // `applied` stays where it is: what was stored is stored again once the array is repaired and the node starts.
          detail = `the array of ${volume} failed: ${failure.message}`;
          desk.log("error", detail);
          return;
        }
        left -= 1;
        if (left === 0) then();
      });
    }
  };

  return {
    start(whenReadable) {
      // Deletions are not synced: what a crash brought back would hold the room of the next batch for ever.
      desk.trim(applied);
      if (applying === applied) return whenReadable();
      whenApplied = { sequence: applying, then: whenReadable };
      applyMore();
    },
    drain() {
      takeBatches();
      applyMore();
    },
    opened(opened) {
      if (link !== null) desk.closeLink(link);
      disconnect("a new link is being greeted");
      link = opened;
    },
    closed(closed) {
      if (link === closed) disconnect("the connection was lost");
    },
    message(from, body) {
      if (from !== link) return;
      if (body.kind === "refusal") {
        if (body.reason === "gap") options.onGap(body.detail);
        return disconnect(body.detail);
      }
      if (body.kind !== "ship-hello" && !welcomed) return refuse("gap", `${body.kind} before the welcome`);
      switch (body.kind) {
        case "ship-hello":
          return hello(from);
        case "ship-batch":
          if (intake === "nothing") return refuse("fenced", intakeDetail);
          held.push(body);
          return takeBatches();
        case "prepare":
          if (body.sequence > preparing) preparing = body.sequence;
          else if (body.sequence <= prepared) tell({ kind: "prepared", sequence: prepared });
          return answerPrepare();
        case "validate":
          // While a takeover counts votes, a point settled behind its back could pass what it decides.
          if (intake === "all") validate(body.sequence);
          return;
        case "gate":
          if (intake !== "all" || body.sequence <= gate) return;
          if (body.sequence > validated) return refuse("gap", `gate ${body.sequence}, validated ${validated}`);
          gate = body.sequence;
          return;
        case "ship-copy":
        case "ship-regions":
        case "digest-ask":
        case "digest-reply":
        case "ship-state":
          return;
        case "ship-welcome":
        case "ship-received":
        case "prepared":
        case "validated":
        case "applied":
          return refuse("gap", `a relay does not send ${body.kind}`);
      }
    },
    setIntake(next, why) {
      intake = next;
      intakeDetail = why;
      if (next === "nothing" && link !== null) refuse("fenced", why);
    },
    rollForward(sequence, then) {
      assert(applying <= sequence && sequence <= received, "a decision that this secondary cannot follow");
      const marksAfterCut = new Map<string, MarkValue>([[markNames.received, sequence]]);
      desk.commit({ cutAfter: sequence, marks: marksAfterCut }, () => {
        received = sequence;
        taken = sequence;
        gate = sequence;
        whenApplied = { sequence, then };
        applyMore();
      });
    },
    received: () => received,
    validated: () => validated,
    applying: () => applying,
    applied: () => applied,
    connected: () => welcomed,
    detail: () => detail,
    stages: () => ({
      relayConnected: welcomed,
      received,
      validated,
      gate,
      applied,
      journalUsedBytes: usage().usedBytes,
      journalCapacityBytes: usage().capacityBytes,
    }),
  };
}

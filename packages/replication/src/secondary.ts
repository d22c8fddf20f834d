/**
 * The secondary role of a group on one node (PROTOCOL 3, 6; B4-B6): keeps what the relay ships in its own journal,
 * prepares and validates points, and stores in its volumes only what lies below the apply gate (applier.ts). Marks, each
 * durable before it is told to anyone:
 *
 *     applied <= applying <= gate <= validated <= received
 *
 * In a copy run (copy-part.ts) the volumes can go back to the image that the run began with, and are whole again at its end.
 */
import assert from "node:assert/strict";
import { noSequence } from "@waystation/contracts/ids";
import type { JournalUsage } from "@waystation/contracts/journal";
import { recordBytes } from "@waystation/contracts/journal";
import { createApplier, type Applier } from "./applier.js";
import { createCopyPart } from "./copy-part.js";
import { createDigestDesk } from "./digest-desk.js";
import type { Desk, LinkId } from "./effects.js";
import { limits } from "./limits.js";
import { markNames, readSequence, type Marks } from "./marks.js";
import { volumesOn, type Membership } from "./membership.js";
import type { CopyOrder, MemberState, RefusalReason, RegionRuns, ShipBody } from "./messages.js";
import type { PreImageJournal } from "./pre-images.js";
import { createSecondaryPoints } from "./secondary-points.js";
import type { SecondaryStages } from "./status.js";
import type { Term } from "./term.js";
import type { NodeName, Sequence } from "./vocabulary.js";

/** What a secondary takes from its relay: everything; only records, while a takeover drains it; nothing. */
export type Intake = "all" | "records-only" | "nothing";

export interface Secondary {
  /** Applies what a crash interrupted, then calls back: the volumes may be read, as far as they are whole. */
  start(whenReadable: () => void): void;
  drain(): void;
  opened(link: LinkId): void;
  closed(link: LinkId): void;
  message(link: LinkId, body: ShipBody): void;
  setIntake(intake: Intake, detail: string): void;
  /** Whether the volumes can come to hold exactly what a decision says. */
  canReach(sequence: Sequence): boolean;
  /**
   * Cuts the journal at `sequence` and applies everything up to it, or goes back to the image that a copy run began with;
   * then calls back. For a decision that `canReach` agreed to.
   */
  rollTo(sequence: Sequence, whenThere: () => void): void;
  /** The volumes hold nothing that is of use to the group any more, durably: they need a copy. */
  giveUp(why: string): void;
  /** Why its volumes need a copy before they may be used; empty when they do not. */
  copyDue(): string;
  /** False while the volumes hold a mixture, or nothing of use: nobody may read them. */
  isWhole(): boolean;
  /** The copy run that it takes part in, as long as a takeover could want the image at its base. */
  copy(): MemberState["copy"];
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
  readonly self: NodeName;
  readonly membership: Membership;
  /** Null: as configured. */
  readonly term: Term | null;
  readonly marks: Marks;
  readonly usage: () => JournalUsage;
  readonly preImages: PreImageJournal;
  /** Whether the volumes are whole may have changed. */
  readonly onChange: () => void;
}

export function createSecondary(options: SecondaryOptions): Secondary {
  const { desk, self, membership, marks, usage } = options;
  const volumes = volumesOn(membership, self, "secondary");
  let received = readSequence(marks, markNames.received);
  /** The watermark of the last batch given to the journal, durable or not. */
  let taken = received;
  /** What the relay last said that every secondary has validated. */
  let toldGate = noSequence;
  const dueMark = marks.get(markNames.resyncDue);
  let due = typeof dueMark === "string" ? dueMark : "";
  let doubted = "";
  let detail = "no relay has connected yet";
  let groupState = "";
  let intake: Intake = "all";
  let intakeDetail = "";
  let link: LinkId | null = null;
  let welcomed = false;
  /** Batches that wait for room in the journal; the relay's window bounds them. */
  let held: Extract<ShipBody, { kind: "ship-batch" }>[] = [];
  /** In a run, a span that a crash interrupted may wait for room: until it is applied the volumes are of no one number. */
  let torn = false;
  const digests = createDigestDesk(desk, volumes);

  const part = createCopyPart({
    desk,
    marks,
    volumes,
    regionBytes: membership.regionBytes,
    preImages: options.preImages,
    applier: () => applier,
    standing: () => ({ self, due: due !== "", received, validated: points.validated(), applying: applier.applying() }),
    toldGate: () => toldGate,
    onMoved(sequence) {
      received = sequence;
      taken = sequence;
      points.movedTo(sequence);
      torn = false;
    },
    // The duty says from now on what the volumes hold.
    onJoined() {
      due = "";
      doubted = "";
    },
    onChange: options.onChange,
  });
  const points = createSecondaryPoints({
    ...{ desk, self, marks },
    origin: { group: membership.group, term: options.term },
    volumes: volumes.map(({ name }) => name),
    complete: () => received,
    isOpen: () => intake === "all",
    tell: (body) => tell(body),
    refuse: (reason, why) => refuse(reason, why),
  });
  const applier: Applier = createApplier({
    desk,
    marks,
    beforeStore: (records, then) => part.beforeStore(records, then),
    isStuck: () => part.isStuck(),
    onApplied: (sequence) => tell({ kind: "applied", sequence }),
    expected: (after, through) => points.recordsBetween(after, through),
    onLost(what) {
      giveUp(what);
      options.onChange();
      refuse("order-mismatch", what);
    },
  });

  const giveUp = (why: string): void => {
    due = why;
    desk.commit({ marks: new Map([[markNames.resyncDue, why]]) });
  };

  const refuse = (reason: RefusalReason, why: string): void => {
    if (link === null) return;
    desk.send(link, { kind: "refusal", reason, detail: why });
    desk.closeLink(link);
    disconnect(why);
  };

  const disconnect = (why: string): void => {
    link = null;
    newSession();
    detail = `no relay: ${why}`;
  };

  /** The relay will not go on from what this node holds: nobody may take it for an image until they agree again. */
  const doubt = (why: string): void => {
    if (doubted === why) return;
    doubted = why;
    options.onChange();
  };

  const newSession = (): void => {
    welcomed = false;
    held = [];
    points.newSession();
    digests.forget();
    part.leave();
  };

  const tell = (body: ShipBody): void => {
    if (link !== null && welcomed) desk.send(link, body);
  };

  const hello = (from: LinkId, order: CopyOrder | null): void => {
    if (intake === "nothing") return refuse("fenced", intakeDetail);
    // While a takeover counts, nobody's stages may jump.
    if (intake !== "all" && order !== null && part.duty()?.copyId !== order.copyId)
      return refuse("fenced", intakeDetail);
    newSession();
    detail = order === null ? "" : `joining the copy run ${order.copyId}`;
    // What an earlier link brought may still be on its way to the disk: the empty commit comes after it.
    desk.commit({}, () => {
      if (link !== from) return;
      if (order === null) return welcome(from);
      const welcomeInto = (): void => {
        part.setEnd(order);
        welcome(from);
      };
      // The relay comes again, and so it is tried again.
      part.join(order, welcomeInto, (why) => refuse("gap", why));
    });
  };

  const welcome = (from: LinkId): void => {
    if (link !== from) return;
    welcomed = true;
    detail = "";
    const duty = part.duty();
    const stages = { received, validated: points.validated(), applied: applier.applied() };
    const blank = duty === null ? due !== "" : duty.unknown && !duty.gated;
    desk.send(from, { kind: "ship-welcome", ...stages, blank, copyId: duty?.copyId ?? "" });
    if (duty !== null && duty.end === null) tellRegions(duty.copyId);
  };

  /** What this node wrote while it was a primary, and may lack elsewhere; often nothing. In messages of bounded size. */
  const tellRegions = (copyId: string): void => {
    const parts = part.divergence().flatMap(splitRuns);
    for (const regions of parts) tell({ kind: "ship-regions", copyId, regions: [regions], last: false });
    tell({ kind: "ship-regions", copyId, regions: [], last: true });
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
      points.received({ after, through: watermark, records });
    });
  };

  const openGate = (sequence: Sequence): void => {
    if (intake !== "all" || sequence <= toldGate) return;
    if (sequence > points.validated()) return refuse("gap", `gate ${sequence}, validated ${points.validated()}`);
    toldGate = sequence;
    if (sequence > applier.gate()) applier.setGate(sequence);
  };

  const answerDigest = (from: LinkId, question: Extract<ShipBody, { kind: "digest-ask" }>): void => {
    const wrong = digests.ask(question, (answer) => {
      if (link === from) tell(answer);
    });
    if (wrong !== "") refuse("gap", wrong);
  };

  const copyInHand = (): MemberState["copy"] => {
    const duty = part.duty();
    if (duty === null || duty.gated) return null;
    const { copyId, base, begin, nodes, end, blank } = duty;
    return { copyId, base, begin, nodes, end, blank };
  };

  return {
    start(whenReadable) {
      // Deletions are not synced: what a crash brought back would hold the room of the next batch for ever.
      desk.trim(applier.applied());
      part.start();
      if (part.duty() === null) return applier.whenApplied(applier.applying(), whenReadable);
      torn = applier.applying() > applier.applied();
      applier.whenApplied(applier.applying(), () => {
        torn = false;
        options.onChange();
      });
      whenReadable();
    },
    drain() {
      takeBatches();
      part.drain();
      points.drain();
      applier.drain();
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
        if (body.reason === "gap") doubt(body.detail);
        return disconnect(body.detail);
      }
      if (body.kind !== "ship-hello" && !welcomed) return refuse("gap", `${body.kind} before the welcome`);
      // Whatever it says after the welcome, it says because it goes on from what this node holds.
      if (body.kind !== "ship-hello") doubt("");
      switch (body.kind) {
        case "ship-hello":
          return hello(from, body.copy);
        case "ship-copy":
          return part.setEnd(body.copy);
        case "ship-state":
          groupState = body.state === "PAIR" ? "" : [body.state, body.detail].filter((text) => text !== "").join(": ");
          return;
        case "digest-ask":
          return answerDigest(from, body);
        case "ship-batch":
          if (intake === "nothing") return refuse("fenced", intakeDetail);
          held.push(body);
          return takeBatches();
        case "prepare":
          return points.prepare(body.sequence, body.commitment);
        case "validate":
          // While a takeover counts votes, a point settled behind its back could pass what it decides.
          if (intake === "all") points.validate(body.sequence);
          return;
        case "gate":
          return openGate(body.sequence);
        case "ship-welcome":
        case "ship-regions":
        case "digest-reply":
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
      if (next !== "all") part.leave();
      if (next === "nothing" && link !== null) refuse("fenced", why);
    },
    canReach(sequence) {
      const reach = part.reach(sequence);
      if (reach !== "forward") return reach === "back";
      return due === "" && received >= sequence && applier.applying() <= sequence;
    },
    rollTo(sequence, then) {
      part.leave();
      if (part.reach(sequence) === "back") return part.goBack(then);
      assert(applier.applying() <= sequence && sequence <= received, "a decision that this secondary cannot follow");
      desk.commit({ cutAfter: sequence, marks: new Map([[markNames.received, sequence]]) }, () => {
        received = sequence;
        taken = sequence;
        applier.setGate(sequence);
        applier.whenApplied(sequence, () => part.finish(then));
      });
    },
    giveUp,
    copyDue() {
      const duty = part.duty();
      // Once the end is known a takeover may go to it, or beyond.
      if (due !== "" || duty === null || !duty.blank || duty.end !== null) return due || doubted;
      return `its volumes are being copied (${duty.copyId}), and hold nothing that could be gone back to`;
    },
    isWhole: () => due === "" && !torn && part.isWhole(),
    copy: copyInHand,
    received: () => received,
    validated: () => points.validated(),
    applying: () => applier.applying(),
    applied: () => applier.applied(),
    connected: () => welcomed,
    detail: () =>
      [applier.failed(), part.trouble(), points.trouble(), detail, groupState].find((text) => text !== "") ?? "",
    stages: () => ({
      relayConnected: welcomed,
      received,
      validated: points.validated(),
      gate: applier.gate(),
      applied: applier.applied(),
      journalUsedBytes: usage().usedBytes,
      journalCapacityBytes: usage().capacityBytes,
      copy: copyInHand(),
      preImagesUsedBytes: options.preImages.usage().usedBytes,
      preImagesCapacityBytes: options.preImages.usage().capacityBytes,
    }),
  };
}

function splitRuns({ volume, runs }: RegionRuns): RegionRuns[] {
  const parts: RegionRuns[] = [];
  for (let from = 0; from < runs.length; from += limits.regionRunsMax)
    parts.push({ volume, runs: runs.slice(from, from + limits.regionRunsMax) });
  return parts;
}

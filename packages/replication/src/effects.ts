/**
 * How the pure machines ask for things (DESIGN "Pure core, one loop"). An event goes into `Member.step`, effects come
 * out as plain data; whoever runs them (packages/node, in the daemons and in the simulator alike) answers with further
 * events. "Persist, then reply" is written as a continuation: `desk.commit(change, () => desk.send(...))` sends only
 * after the event `committed` for that change came back.
 */
import assert from "node:assert/strict";
import type { Failure } from "@waystation/contracts/errors";
import type { BlockWrite } from "@waystation/contracts/block-device";
import type { JournalCommit, JournalReadOptions, JournalReadResult } from "@waystation/contracts/journal";
import type { Channel } from "@waystation/contracts/link";
import type { Membership } from "./membership.js";
import type { PeerBody, PeerMessage } from "./messages.js";
import type { TakeoverProgress } from "./status.js";
import type { GroupCommand, TakeoverRequest, TermChangeRequest } from "./control-front.js";
import type { Epoch, NodeName, RecordKind, Sequence, VolumeName } from "./vocabulary.js";

/** A link as the loop numbers it: never used again once closed, so a late message cannot reach a newer session. */
export type LinkId = number;
export type Token = number;
/** A host's request, as the loop numbers it. */
export type RequestId = number;

export type Access = "closed" | "read-only" | "read-write";

export type GroupEvent =
  | { readonly kind: "start" }
  /** Comes every few tens of milliseconds; everything that waits for time looks here. */
  | { readonly kind: "tick" }
  /** Nothing else waits to be stepped: what was gathered goes out now, as one batch. */
  | { readonly kind: "drain" }
  | {
      readonly kind: "link-opened";
      readonly link: LinkId;
      readonly peer: NodeName;
      readonly channel: Channel;
      readonly dialled: boolean;
    }
  | { readonly kind: "dial-failed"; readonly peer: NodeName; readonly channel: Channel; readonly reason: string }
  | { readonly kind: "link-closed"; readonly link: LinkId; readonly reason: string }
  | { readonly kind: "message"; readonly link: LinkId; readonly message: PeerMessage }
  | { readonly kind: "committed"; readonly token: Token }
  | { readonly kind: "journal-read"; readonly token: Token; readonly result: JournalReadResult }
  | { readonly kind: "stored"; readonly token: Token; readonly failure: Failure | null }
  | { readonly kind: "loaded"; readonly token: Token; readonly data: Buffer | Failure }
  | {
      readonly kind: "host-write";
      readonly request: RequestId;
      readonly volume: VolumeName;
      readonly write: RecordKind;
      readonly offsetBytes: number;
      readonly lengthBytes: number;
      /** Owned by the machine from here on; empty unless `write` is "write". */
      readonly payload: Uint8Array;
    }
  | {
      readonly kind: "host-read";
      readonly request: RequestId;
      readonly volume: VolumeName;
      readonly offsetBytes: number;
      readonly lengthBytes: number;
    }
  | { readonly kind: "branched"; readonly token: Token; readonly failure: Failure | null }
  /** The configuration was read again: what `members` and `return` lead to. Roles change with a term only. */
  | { readonly kind: "configured"; readonly membership: Membership }
  | { readonly kind: "takeover"; readonly request: RequestId; readonly command: TakeoverRequest }
  | { readonly kind: "term-change"; readonly request: RequestId; readonly command: TermChangeRequest }
  /** An operator's command for this node's own role; answered by `reply`. */
  | { readonly kind: "command"; readonly request: RequestId; readonly command: GroupCommand };

/** The two journals of a group on a node: its records and marks; and what a copy run overwrites (PROTOCOL 9). */
export type JournalPlace = "journal" | "pre-images";

export type Effect =
  | { readonly kind: "commit"; readonly place: JournalPlace; readonly token: Token; readonly change: JournalCommit }
  | { readonly kind: "trim"; readonly place: JournalPlace; readonly sequence: Sequence }
  | {
      readonly kind: "read-journal";
      readonly place: JournalPlace;
      readonly token: Token;
      readonly options: JournalReadOptions;
    }
  /** Keeps what a volume holds now under a name, durably, before it is overwritten (PROTOCOL 6.4). Idempotent. */
  | { readonly kind: "branch"; readonly token: Token; readonly volume: VolumeName; readonly name: string }
  /** Stores the writes in order and answers when they are durable on the array. */
  | {
      readonly kind: "store";
      readonly token: Token;
      readonly volume: VolumeName;
      readonly writes: readonly BlockWrite[];
    }
  | {
      readonly kind: "load";
      readonly token: Token;
      readonly volume: VolumeName;
      readonly offsetBytes: number;
      readonly lengthBytes: number;
    }
  | { readonly kind: "send"; readonly link: LinkId; readonly message: PeerMessage }
  | { readonly kind: "dial"; readonly peer: NodeName; readonly channel: Channel }
  | { readonly kind: "close-link"; readonly link: LinkId }
  /** The outcome of a host's request: a failure, data for a read, null for a write. */
  | { readonly kind: "reply"; readonly request: RequestId; readonly result: Buffer | Failure | null }
  /** How hosts may use a volume from now on. A change revokes the sessions that are open. */
  | { readonly kind: "access"; readonly volume: VolumeName; readonly access: Access; readonly reason: string }
  | { readonly kind: "takeover-progress"; readonly request: RequestId; readonly progress: TakeoverProgress }
  /** A drain is wanted after so long, although nothing may happen until then. */
  | { readonly kind: "wake"; readonly afterMs: number }
  | { readonly kind: "log"; readonly level: "info" | "warn" | "error"; readonly message: string };

/** What a machine may ask of a journal. */
export interface JournalDesk {
  commit(change: JournalCommit, whenDurable?: () => void): void;
  trim(sequence: Sequence): void;
  readJournal(options: JournalReadOptions, then: (result: JournalReadResult) => void): void;
}

/** What a machine may ask for. Everything is collected; nothing happens before `step` has returned. */
export interface Desk extends JournalDesk {
  nowMs(): number;
  wallMs(): number;
  uniqueId(): string;
  /** The journal of pre-images; only secondaries have use for it. */
  readonly preImages: JournalDesk;
  branch(volume: VolumeName, name: string, then: (failure: Failure | null) => void): void;
  store(volume: VolumeName, writes: readonly BlockWrite[], then: (failure: Failure | null) => void): void;
  load(
    volume: VolumeName,
    range: { readonly offsetBytes: number; readonly lengthBytes: number },
    then: (data: Buffer | Failure) => void,
  ): void;
  send(link: LinkId, body: PeerBody): void;
  dial(peer: NodeName, channel: Channel): void;
  closeLink(link: LinkId): void;
  reply(request: RequestId, result: Buffer | Failure | null): void;
  access(volume: VolumeName, access: Access, reason: string): void;
  takeoverProgress(request: RequestId, progress: TakeoverProgress): void;
  /** Asks for a drain after so long. What waits for time must bear that it comes earlier, or more than once. */
  wake(afterMs: number): void;
  log(level: "info" | "warn" | "error", message: string): void;
}

/** The desk, and the other side of it: what was asked for, and the answers coming in. */
/** What a host asked for, as it came. */
export type HostOrder = Extract<GroupEvent, { kind: "host-write" | "host-read" }>;

export interface CollectingDesk extends Desk {
  /** Sets the time of the step that begins. */
  beginStep(nowMs: number, wallMs: number): void;
  takeEffects(): Effect[];
  /** Runs the continuation that waits for this answer. */
  answer(event: Extract<GroupEvent, { token: Token }>): void;
}

export interface DeskOptions {
  /** Every message says which epoch its sender follows, and which term its roles are of. */
  readonly epoch: () => Epoch;
  readonly term: () => number;
  readonly uniqueId: () => string;
  /** Sees every change of the group's own journal, as it is asked for. */
  readonly onCommit: (change: JournalCommit) => void;
}

export function createDesk(options: DeskOptions): CollectingDesk {
  let effects: Effect[] = [];
  let nextToken = 1;
  let now = { nowMs: 0, wallMs: 0 };
  const waiting = new Map<Token, (answer: never) => void>();
  const expect = (then: (answer: never) => void): Token => {
    const token = nextToken++;
    waiting.set(token, then);
    return token;
  };
  const journalDesk = (place: JournalPlace): JournalDesk => ({
    commit(change, whenDurable = () => {}) {
      if (place === "journal") options.onCommit(change);
      effects.push({ kind: "commit", place, token: expect(whenDurable), change });
    },
    trim: (sequence) => effects.push({ kind: "trim", place, sequence }),
    readJournal: (read, then) => effects.push({ kind: "read-journal", place, token: expect(then), options: read }),
  });
  return {
    ...journalDesk("journal"),
    preImages: journalDesk("pre-images"),
    branch: (volume, name, then) => effects.push({ kind: "branch", token: expect(then), volume, name }),
    beginStep(nowMs, wallMs) {
      now = { nowMs, wallMs };
    },
    takeEffects() {
      const taken = effects;
      effects = [];
      return taken;
    },
    answer(event) {
      const then = waiting.get(event.token) as ((answer: unknown) => void) | undefined;
      assert(then !== undefined, `an answer nobody asked for: ${event.kind} ${event.token}`);
      waiting.delete(event.token);
      switch (event.kind) {
        case "committed":
          return then(undefined);
        case "journal-read":
          return then(event.result);
        case "stored":
        case "branched":
          return then(event.failure);
        case "loaded":
          return then(event.data);
      }
    },
    nowMs: () => now.nowMs,
    wallMs: () => now.wallMs,
    uniqueId: () => options.uniqueId(),
    store: (volume, writes, then) => effects.push({ kind: "store", token: expect(then), volume, writes }),
    load: (volume, range, then) =>
      effects.push({
        kind: "load",
        token: expect(then),
        volume,
        offsetBytes: range.offsetBytes,
        lengthBytes: range.lengthBytes,
      }),
    send: (link, body) =>
      effects.push({ kind: "send", link, message: { epoch: options.epoch(), term: options.term(), body } }),
    dial: (peer, channel) => effects.push({ kind: "dial", peer, channel }),
    closeLink: (link) => effects.push({ kind: "close-link", link }),
    reply: (request, result) => effects.push({ kind: "reply", request, result }),
    access: (volume, access, reason) => effects.push({ kind: "access", volume, access, reason }),
    takeoverProgress: (request, progress) => effects.push({ kind: "takeover-progress", request, progress }),
    wake: (afterMs) => effects.push({ kind: "wake", afterMs }),
    log: (level, message) => effects.push({ kind: "log", level, message }),
  };
}

/**
 * One member on a bench: the test makes its events by hand and answers its commits, stores and reads when it likes, so
 * that "asked for" and "durable" can be told apart at every step. A crash is a new bench on the same medium.
 */
import assert from "node:assert/strict";
import type { Failure } from "@waystation/contracts/errors";
import type { Channel } from "@waystation/contracts/link";
import type { JournalReadResult } from "@waystation/contracts/journal";
import type { TermChangeRequest } from "../control-front.js";
import type { Access, Effect, GroupEvent, JournalPlace, LinkId, RequestId } from "../effects.js";
import { limits } from "../limits.js";
import { createMember, type Member } from "../member.js";
import type { Membership } from "../membership.js";
import type { PeerBody } from "../messages.js";
import type { TakeoverProgress, TakeoverResult } from "../status.js";
import type { Epoch, NodeName, RecordKind, VolumeName } from "../vocabulary.js";
import { blockBytes, blockOf, epochOne, g1 } from "./fixture.js";
import {
  applyCommit,
  applyWrites,
  copyJournal,
  createMedium,
  firstOf,
  keepBranch,
  lastOf,
  readJournal,
  trimJournal,
  usedBytes,
  volumeOf,
  type JournalState,
  type Medium,
} from "./medium.js";
import { showEffect } from "./transcript.js";

type Asking = Extract<Effect, { kind: "commit" | "store" | "load" | "read-journal" | "branch" }>;
type AskingKind = Asking["kind"];

export interface Sent {
  readonly link: LinkId;
  readonly epoch: Epoch;
  readonly body: PeerBody;
}

export interface Bench {
  readonly self: NodeName;
  readonly member: Member;
  readonly medium: Medium;
  /** The journals as the running node sees them. */
  readonly journal: JournalState;
  readonly preImages: JournalState;
  readonly replies: Map<RequestId, Buffer | Failure | null>;
  readonly access: Map<VolumeName, Access>;
  readonly progress: TakeoverProgress[];
  nowMs(): number;
  step(event: GroupEvent): void;
  start(): void;
  drain(): void;
  /** Lets time pass, in ticks of 25 ms unless told otherwise. */
  tick(ms?: number, everyMs?: number): void;
  /** The node stands still for so long: it gets no tick. */
  standStill(ms: number): void;
  /** Opens a link, as dialled by this node or by the peer. */
  open(peer: NodeName, channel: Channel, by: "self" | "peer", link?: LinkId): LinkId;
  lose(link: LinkId, reason?: string): void;
  receive(link: LinkId, body: PeerBody, epoch?: Epoch, term?: number): void;
  /** How many effects were run so far, but for wakes. */
  effectsRun(): number;
  /** What waits for an answer, oldest first. */
  asked(kind?: AskingKind): readonly Asking[];
  /** Answers the oldest that waits of this kind; a store or a load may fail. False when there is none. */
  answer(kind: AskingKind, failure?: Failure): boolean;
  /** Drains and answers until nothing is left but what is held. */
  settle(hold?: readonly AskingKind[]): void;
  write(order: HostOrder): RequestId;
  read(volume: VolumeName, block: number, blocks?: number): RequestId;
  mayReadNow(volume: VolumeName, block: number, blocks?: number): boolean;
  takeover(options?: TakeoverOptions): RequestId;
  changeTerm(cause: TermChangeRequest["cause"], options?: Pick<TakeoverOptions, "force" | "dryRun">): RequestId;
  result(request: RequestId): TakeoverResult | null;
  /** The transcript since the last call. */
  take(): string[];
  /** The bodies sent since the last call. */
  takeSent(): Sent[];
  /** What the array holds of a block, durably. */
  block(volume: VolumeName, block: number): Buffer;
}

export interface TakeoverOptions {
  readonly force?: boolean;
  readonly without?: readonly NodeName[];
  readonly dryRun?: boolean;
}

export interface HostOrder {
  readonly volume: VolumeName;
  readonly block: number;
  readonly blocks?: number;
  readonly kind?: RecordKind;
  readonly value?: number;
}

export interface BenchOptions {
  readonly self: NodeName;
  readonly membership?: Membership;
  readonly medium?: Medium;
  readonly capacityBytes?: number;
  readonly preImageBytes?: number;
  /** No trim reaches the medium. */
  readonly losesTrims?: boolean;
  readonly nowMs?: number;
  /** Sees each effect as it is run, in order. */
  readonly onEffect?: (effect: Effect) => void;
}

/** Nothing gathers unless a test wants it: time stands still on the bench until the test lets it pass. */
Object.assign(limits, { gatherMs: 0, returnMs: 0, shipIntervalMs: 0, shipNumbersMax: 1, pointIntervalMs: 0 });

let uniqueIds = 0;

export function createBench(options: BenchOptions): Bench {
  const { self, membership = g1, capacityBytes = 2 ** 30, preImageBytes = 2 ** 30, onEffect = () => {} } = options;
  const medium = options.medium ?? createMedium(membership, self);
  const journal = copyJournal(medium.journal);
  const preImages = copyJournal(medium.preImages);
  const placeOf = (state: { readonly journal: JournalState; readonly preImages: JournalState }, place: JournalPlace) =>
    place === "journal" ? state.journal : state.preImages;
  const seen = { journal, preImages };
  let nowMs = options.nowMs ?? 1_000;
  const member = createMember({
    self,
    membership,
    marks: journal.marks,
    journalFirst: () => firstOf(journal),
    usage: () => ({ usedBytes: usedBytes(journal), capacityBytes }),
    preImages: {
      marks: () => preImages.marks,
      last: () => lastOf(preImages),
      usage: () => ({ usedBytes: usedBytes(preImages), capacityBytes: preImageBytes }),
    },
    uniqueId: () => `${self}-${++uniqueIds}`,
  });
  const links = new Map<LinkId, string>();
  const asked: Asking[] = [];
  const readResults = new Map<number, JournalReadResult>();
  const replies = new Map<RequestId, Buffer | Failure | null>();
  const access = new Map<VolumeName, Access>();
  const progress: TakeoverProgress[] = [];
  const results = new Map<RequestId, TakeoverResult>();
  /** Written out when asked for only: most tests do not read it. */
  let transcript: { readonly effect: Effect; readonly link: string }[] = [];
  let sent: Sent[] = [];
  let effectsRun = 0;
  let nextLink = 1;
  let nextRequest = 1;

  const run = (effect: Effect): void => {
    // Whoever waits for time asks again at every drain.
    if (effect.kind !== "wake") effectsRun += 1;
    transcript.push({ effect, link: "link" in effect ? (links.get(effect.link) ?? `link ${effect.link}`) : "" });
    onEffect(effect);
    switch (effect.kind) {
      case "commit":
        applyCommit(placeOf(seen, effect.place), effect.change);
        return void asked.push(effect);
      case "read-journal":
        readResults.set(effect.token, readJournal(placeOf(seen, effect.place), effect.options));
        return void asked.push(effect);
      case "store":
      case "load":
      case "branch":
        return void asked.push(effect);
      case "trim":
        trimJournal(placeOf(seen, effect.place), effect.sequence);
        // A trim is durable at some later time: after a crash the records may be back.
        if (options.losesTrims !== true) trimJournal(placeOf(medium, effect.place), effect.sequence);
        return;
      case "send":
        return void sent.push({ link: effect.link, epoch: effect.message.epoch, body: effect.message.body });
      case "close-link":
        return void links.delete(effect.link);
      case "reply":
        assert(!replies.has(effect.request), `request ${effect.request} was answered twice`);
        return void replies.set(effect.request, effect.result);
      case "access":
        return void access.set(effect.volume, effect.access);
      case "takeover-progress":
        progress.push(effect.progress);
        if (effect.progress.result !== null) results.set(effect.request, effect.progress.result);
        return;
      case "dial":
      case "wake":
      case "log":
        return;
    }
  };

  const step = (event: GroupEvent): void => {
    for (const effect of member.step(event, nowMs, nowMs)) run(effect);
  };

  const answerTo = (effect: Asking, failure: Failure | null): GroupEvent => {
    const { token } = effect;
    switch (effect.kind) {
      case "commit":
        applyCommit(placeOf(medium, effect.place), effect.change);
        return { kind: "committed", token };
      case "branch":
        if (failure === null) keepBranch(medium, effect.volume, effect.name);
        return { kind: "branched", token, failure };
      case "read-journal": {
        const result = readResults.get(token);
        assert(result !== undefined);
        readResults.delete(token);
        return { kind: "journal-read", token, result };
      }
      case "store":
        if (failure === null) applyWrites(medium, effect.volume, effect.writes);
        return { kind: "stored", token, failure };
      case "load": {
        const { offsetBytes, lengthBytes } = effect;
        const content = volumeOf(medium, effect.volume).subarray(offsetBytes, offsetBytes + lengthBytes);
        return { kind: "loaded", token, data: failure ?? Buffer.from(content) };
      }
    }
  };

  const answerAt = (index: number, failure: Failure | null): boolean => {
    const [effect] = index < 0 ? [] : asked.splice(index, 1);
    if (effect === undefined) return false;
    step(answerTo(effect, failure));
    return true;
  };

  return {
    self,
    member,
    medium,
    ...seen,
    replies,
    access,
    progress,
    nowMs: () => nowMs,
    step,
    start: () => step({ kind: "start" }),
    drain: () => step({ kind: "drain" }),
    tick(ms = 25, everyMs = 25) {
      for (let left = ms; left > 0; left -= everyMs) {
        nowMs += Math.min(everyMs, left);
        step({ kind: "tick" });
      }
    },
    standStill(ms) {
      nowMs += ms;
    },
    open(peer, channel, by, link = nextLink++) {
      links.set(link, `${channel} ${peer}`);
      step({ kind: "link-opened", link, peer, channel, dialled: by === "self" });
      return link;
    },
    lose(link, reason = "the network broke it") {
      if (links.delete(link)) step({ kind: "link-closed", link, reason });
    },
    receive: (link, body, epoch = epochOne, term = 0) =>
      step({ kind: "message", link, message: { epoch, term, body } }),
    effectsRun: () => effectsRun,
    asked: (kind) => asked.filter((effect) => kind === undefined || effect.kind === kind),
    answer: (kind, failure) =>
      answerAt(
        asked.findIndex((effect) => effect.kind === kind),
        failure ?? null,
      ),
    settle(hold = []) {
      for (let turns = 0; turns < 10_000; turns++) {
        const before = effectsRun;
        step({ kind: "drain" });
        const next = asked.findIndex((effect) => !hold.includes(effect.kind));
        if (!answerAt(next, null) && effectsRun === before) return;
      }
      assert.fail(`${self} never comes to rest`);
    },
    write({ volume, block, blocks = 1, kind = "write", value = 0 }) {
      const request = nextRequest++;
      const payload = kind === "write" ? Buffer.concat(Array.from({ length: blocks }, () => blockOf(value))) : null;
      step({
        kind: "host-write",
        request,
        volume,
        write: kind,
        offsetBytes: block * blockBytes,
        lengthBytes: blocks * blockBytes,
        payload: payload ?? new Uint8Array(0),
      });
      return request;
    },
    read(volume, block, blocks = 1) {
      const request = nextRequest++;
      const range = { offsetBytes: block * blockBytes, lengthBytes: blocks * blockBytes };
      step({ kind: "host-read", request, volume, ...range });
      return request;
    },
    mayReadNow: (volume, block, blocks = 1) =>
      member.mayReadNow(volume, { offsetBytes: block * blockBytes, lengthBytes: blocks * blockBytes }),
    takeover({ force = false, without = [], dryRun = false } = {}) {
      const request = nextRequest++;
      step({ kind: "takeover", request, command: { group: membership.group, force, without, dryRun } });
      return request;
    },
    changeTerm(cause, { force = false, dryRun = false } = {}) {
      const request = nextRequest++;
      step({ kind: "term-change", request, command: { group: membership.group, cause, force, dryRun } });
      return request;
    },
    result: (request) => results.get(request) ?? null,
    take() {
      const taken = transcript;
      transcript = [];
      return taken.map(({ effect, link }) => showEffect(effect, link));
    },
    takeSent() {
      const taken = sent;
      sent = [];
      return taken;
    },
    block(volume, block) {
      return Buffer.from(volumeOf(medium, volume).subarray(block * blockBytes, (block + 1) * blockBytes));
    },
  };
}

/**
 * Ports in memory, for one node under test: a clock that stands still, a network whose other ends the test plays, a
 * journal and stores that answer at once unless they are held, and fail when told to.
 */
import type { BlockWrite, DurableBlockStore } from "@waystation/contracts/block-device";
import type { Clock } from "@waystation/contracts/clock";
import { noSequence, type GroupName, type NodeName, type VolumeName } from "@waystation/contracts/ids";
import type { Journal, JournalCommit, MarkValue } from "@waystation/contracts/journal";
import type { Channel, Link, LinkAddress, LinkEvents, Transport } from "@waystation/contracts/link";
import type { Membership } from "@waystation/replication/membership";
import type { PeerBody, PeerMessage } from "@waystation/replication/messages";
import { initialEpoch } from "@waystation/contracts/ids";
import type { NodePorts } from "../ports.js";

export const primaryA = "primary-a" as NodeName;
export const relay1 = "relay-1" as NodeName;
export const secondaryA = "secondary-a" as NodeName;
export const volA = "vol-a" as VolumeName;
export const g1 = "g1" as GroupName;
export const volumeBytes = 16 * 1024 * 1024;

export const membership: Membership = {
  group: g1,
  relay: relay1,
  volumes: [{ name: volA, sizeBytes: volumeBytes, primary: primaryA, secondaries: [secondaryA] }],
  fence: "data",
  holdMs: 10_000,
  leaseMs: 2_000,
  regionBytes: 64 * 1024,
  journalFull: { warnShare: 0.8, holdMs: 5_000 },
  autoResync: true,
};

/** Lets everything happen that was set off: promises only, no time passes. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export interface FakeClock extends Clock {
  advance(ms: number): void;
  timers(): number;
}

function createFakeClock(): FakeClock {
  let nowMs = 1_000;
  let timers: { readonly atMs: number; readonly callback: () => void }[] = [];
  return {
    nowMs: () => nowMs,
    wallMs: () => nowMs,
    setTimer(delayMs, callback) {
      const timer = { atMs: nowMs + delayMs, callback };
      timers.push(timer);
      return () => (timers = timers.filter((other) => other !== timer));
    },
    afterTurn: (callback) => queueMicrotask(callback),
    advance(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        const next = timers.filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
        if (next === undefined) break;
        timers = timers.filter((timer) => timer !== next);
        nowMs = next.atMs;
        next.callback();
      }
      nowMs = endMs;
    },
    timers: () => timers.length,
  };
}

/** One end of a link as the node under test holds it; the test is the other end. */
export interface FakeLink {
  readonly address: LinkAddress;
  readonly sent: PeerBody[];
  closed: boolean;
  receive(body: PeerBody): void;
  lose(reason?: string): void;
}

export interface FakeTransport extends Transport<PeerMessage> {
  /** Dials that were not answered yet. */
  readonly dials: LinkAddress[];
  /** Answers the oldest dial of this channel. */
  answer(channel: Channel): FakeLink;
  refuse(channel: Channel): void;
  /** Opens a link to the node under test. */
  connect(address: LinkAddress): FakeLink;
}

function createFakeTransport(): FakeTransport {
  let onLink: ((link: Link<PeerMessage>) => LinkEvents<PeerMessage>) | null = null;
  const waiting: { readonly address: LinkAddress; readonly events: Parameters<Transport<PeerMessage>["dial"]>[1] }[] =
    [];
  const dials: LinkAddress[] = [];
  const take = (channel: Channel) => {
    const index = waiting.findIndex(({ address }) => address.channel === channel);
    const [taken] = waiting.splice(index, index < 0 ? 0 : 1);
    if (taken === undefined) throw new Error(`nothing dials ${channel}`);
    dials.splice(dials.indexOf(taken.address), 1);
    return taken;
  };
  const create = (
    address: LinkAddress,
  ): { readonly fake: FakeLink; readonly link: Link<PeerMessage>; events: LinkEvents<PeerMessage> | null } => {
    const ends = { events: null as LinkEvents<PeerMessage> | null };
    const fake: FakeLink = {
      address,
      sent: [],
      closed: false,
      receive: (body) => ends.events?.onMessage({ epoch: initialEpoch, term: 0, body }),
      lose: (reason = "the network broke it") => ends.events?.onClose(reason),
    };
    const link: Link<PeerMessage> = {
      address,
      send(message) {
        if (!fake.closed) fake.sent.push(message.body);
      },
      queuedBytes: () => 0,
      close() {
        fake.closed = true;
      },
    };
    return Object.assign(ends, { fake, link });
  };
  return {
    dials,
    dial(address, events) {
      waiting.push({ address, events });
      dials.push(address);
      return { cancel() {} };
    },
    accept(handler) {
      onLink = handler;
    },
    answer(channel) {
      const { address, events } = take(channel);
      const end = create(address);
      end.events = events;
      events.onOpen(end.link);
      return end.fake;
    },
    refuse(channel) {
      take(channel).events.onClose("refused");
    },
    connect(address) {
      if (onLink === null) throw new Error("the node takes no links");
      const end = create(address);
      end.events = onLink(end.link);
      return end.fake;
    },
  };
}

export interface FakeJournal extends Journal {
  /** Every change, in the order of the calls. */
  readonly commits: JournalCommit[];
  /** While true, commits wait; `release` answers them. */
  held: boolean;
  release(): void;
  /** From now on every call fails with this, and so does what waits. */
  fail(error: Error): void;
}

function createFakeJournal(): FakeJournal {
  const marks = new Map<string, MarkValue>();
  const commits: JournalCommit[] = [];
  let waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  let failure: Error | null = null;
  const journal: FakeJournal = {
    group: g1,
    commits,
    held: false,
    first: () => noSequence,
    last: () => noSequence,
    usage: () => ({ usedBytes: 0, capacityBytes: 2 ** 30 }),
    marks: () => marks,
    commit(change) {
      commits.push(change);
      if (failure !== null) return Promise.reject(failure);
      if (!journal.held) return Promise.resolve();
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    read: ({ through }) =>
      failure === null ? Promise.resolve({ records: [], completeThrough: through }) : Promise.reject(failure),
    trimThrough() {},
    release() {
      for (const { resolve } of waiting) resolve();
      waiting = [];
    },
    fail(error) {
      failure = error;
      for (const { reject } of waiting) reject(error);
      waiting = [];
    },
    close: () => Promise.resolve(),
  };
  return journal;
}

export interface FakeStore extends DurableBlockStore {
  readonly content: Buffer;
  readonly batches: (readonly BlockWrite[])[];
  failure: Error | null;
}

function createFakeStore(): FakeStore {
  const content = Buffer.alloc(volumeBytes);
  const store: FakeStore = {
    sizeBytes: volumeBytes,
    content,
    batches: [],
    failure: null,
    read(offsetBytes, lengthBytes) {
      if (store.failure !== null) return Promise.reject(store.failure);
      return Promise.resolve(Buffer.from(content.subarray(offsetBytes, offsetBytes + lengthBytes)));
    },
    readNow(offsetBytes, into) {
      if (store.failure !== null) return false;
      into.set(content.subarray(offsetBytes, offsetBytes + into.length));
      return true;
    },
    writeBatch(writes) {
      store.batches.push(writes);
      if (store.failure !== null) return Promise.reject(store.failure);
      for (const { offsetBytes, lengthBytes, data } of writes) {
        if (data === null) content.fill(0, offsetBytes, offsetBytes + lengthBytes);
        else content.set(data, offsetBytes);
      }
      return Promise.resolve();
    },
    write: () => Promise.reject(new Error("nodes write in batches")),
    zero: () => Promise.reject(new Error("nodes write in batches")),
    flush: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  return store;
}

export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
}

export interface FakePorts extends NodePorts {
  readonly clock: FakeClock;
  readonly transport: FakeTransport;
  readonly journal: FakeJournal;
  readonly store: FakeStore;
  readonly logged: LogLine[];
}

export function createFakePorts(): FakePorts {
  const journal = createFakeJournal();
  const store = createFakeStore();
  const logged: LogLine[] = [];
  const line =
    (level: LogLine["level"]) =>
    (_fields: unknown, message: string): void =>
      void logged.push({ level, message });
  return {
    clock: createFakeClock(),
    log: { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") },
    transport: createFakeTransport(),
    uniqueId: () => "unique",
    journals: new Map([[g1, journal]]),
    preImages: new Map([[g1, createFakeJournal()]]),
    branches: { create: () => Promise.resolve(), drop: () => Promise.resolve(), list: () => [] },
    stores: new Map([[volA, store]]),
    arrays: () => [],
    journal,
    store,
    logged,
  };
}

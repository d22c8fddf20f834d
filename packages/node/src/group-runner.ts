/**
 * The loop of one group on one node: events go into the pure member, its effects are run on the ports, and what they
 * answer comes back as events (DESIGN "Pure core, one loop"). Each event is stepped and its effects are started in the
 * same turn; what was gathered goes out in one drain after the turn's last event, which makes the batches.
 *
 * A journal that fails ends the group on this node: without it nothing may be acknowledged. Everything that waits is
 * failed, the links are closed, and status says why; the node must be started again once the cause is gone.
 */
import assert from "node:assert/strict";
import { Failure, reasonOf } from "@waystation/contracts/errors";
import type { Journal, MarkValue } from "@waystation/contracts/journal";
import type { Link, LinkEvents } from "@waystation/contracts/link";
import { noSequence, type Sequence, type VolumeName } from "@waystation/contracts/ids";
import type { Access, Effect, GroupEvent, JournalPlace, LinkId, RequestId } from "@waystation/replication/effects";
import { attestationOf } from "@waystation/replication/provable/attestation";
import { createMember } from "@waystation/replication/member";
import type { Membership } from "@waystation/replication/membership";
import type { PeerMessage } from "@waystation/replication/messages";
import type { PreImageJournal } from "@waystation/replication/pre-images";
import type { GroupStatus, TakeoverProgress } from "@waystation/replication/status";
import type {
  Attestation,
  GroupCommand,
  TakeoverRequest,
  TermChangeRequest,
} from "@waystation/replication/control-front";
import { branchStatus, dropBranch } from "./branch-commands.js";
import { dialSelf } from "./loopback.js";
import type { NodeIdentity, NodePorts } from "./ports.js";

export interface GroupRunner {
  /** Under the term that the node follows. */
  membership(): Membership;
  /** The configuration was read again: what a change of term may lead to. */
  configure(membership: Membership): void;
  start(): void;
  tick(): void;
  /** A link that another node opened to this one. */
  accept(link: Link<PeerMessage>): LinkEvents<PeerMessage>;
  /** Rejects with a `Failure` whose code is a `BlockErrorCode`. */
  write(order: HostWrite): Promise<void>;
  read(volume: VolumeName, offsetBytes: number, lengthBytes: number): Promise<Buffer>;
  /** False when the machine or the store must be waited for, or refuses: then `read` is to be asked. */
  readNow(volume: VolumeName, offsetBytes: number, into: Uint8Array): boolean;
  takeover(command: TakeoverRequest, onProgress: (step: TakeoverProgress | Failure) => void): void;
  changeTerm(command: TermChangeRequest, onProgress: (step: TakeoverProgress | Failure) => void): void;
  /** Rejects with the refusal. */
  command(command: GroupCommand): Promise<void>;
  status(): GroupStatus;
  /** What the journal's marks say of the order that it holds (E4). */
  attest(sequence: Sequence | null): Attestation;
  stop(): void;
}

export type HostWrite = Omit<Extract<GroupEvent, { kind: "host-write" }>, "kind" | "request">;

export interface GroupRunnerOptions {
  readonly identity: NodeIdentity;
  readonly membership: Membership;
  readonly ports: NodePorts;
  readonly journal: Journal;
  readonly onAccess: (volume: VolumeName, access: Access, reason: string) => void;
}

interface WaitingHost {
  readonly resolve: (result: Buffer | null) => void;
  readonly reject: (failure: Failure) => void;
}

export function createGroupRunner(options: GroupRunnerOptions): GroupRunner {
  const { identity, membership, ports, journal } = options;
  const { clock, log, transport } = ports;
  const member = createMember({
    self: identity.name,
    membership,
    marks: journal.marks(),
    journalFirst: () => journal.first(),
    usage: () => journal.usage(),
    preImages: preImagesOf(ports, membership),
    uniqueId: ports.uniqueId,
  });
  const links = new Map<LinkId, Link<PeerMessage>>();
  const hosts = new Map<RequestId, WaitingHost>();
  const takeovers = new Map<RequestId, (step: TakeoverProgress | Failure) => void>();
  let nextLink: LinkId = 1;
  let nextRequest: RequestId = 1;
  let drainScheduled = false;
  let wake: { readonly atMs: number; readonly cancel: () => void } | null = null;
  let halted: Failure | null = null;

  const dispatch = (event: GroupEvent): void => {
    if (halted !== null) return;
    for (const effect of member.step(event, clock.nowMs(), clock.wallMs())) run(effect);
    scheduleDrain();
  };

  const scheduleDrain = (): void => {
    if (drainScheduled) return;
    drainScheduled = true;
    clock.afterTurn(drain);
  };

  /** The earliest of the wakes that are asked for is kept, and asked for again by whoever still waits then. */
  const wakeAfter = (afterMs: number): void => {
    const atMs = clock.nowMs() + afterMs;
    if (wake !== null && wake.atMs <= atMs) return;
    wake?.cancel();
    const cancel = clock.setTimer(afterMs, () => {
      wake = null;
      scheduleDrain();
    });
    wake = { atMs, cancel };
  };

  const drain = (): void => {
    drainScheduled = false;
    if (halted !== null) return;
    for (const effect of member.step({ kind: "drain" }, clock.nowMs(), clock.wallMs())) run(effect);
  };

  const halt = (failure: Failure): void => {
    if (halted !== null) return;
    halted = failure;
    wake?.cancel();
    for (const host of hosts.values()) host.reject(failure);
    hosts.clear();
    // Whoever follows a takeover or a change of term from here would wait for ever (seed 4056 of the journeys).
    for (const tell of takeovers.values()) tell(failure);
    takeovers.clear();
    for (const link of links.values()) link.close();
    links.clear();
    for (const { name, primary, secondaries } of member.membership().volumes)
      if (primary === identity.name || secondaries.includes(identity.name))
        options.onAccess(name, "closed", failure.message);
  };

  const journalAt = (place: JournalPlace): Journal => {
    if (place === "journal") return journal;
    const preImages = ports.preImages.get(membership.group);
    assert(preImages !== undefined, `no journal of pre-images was opened for ${membership.group}`);
    return preImages;
  };

  const haltOnJournal = (error: unknown): void => {
    const why = `the journal of ${membership.group} failed: ${reasonOf(error)}. Free or repair its disk, then start the node again`;
    if (halted === null) log.error({ group: membership.group, error }, why);
    halt(new Failure("IO_ERROR", why, { cause: error }));
  };

  const run = (effect: Effect): void => {
    switch (effect.kind) {
      case "commit":
        return void journalAt(effect.place)
          .commit(effect.change)
          .then(() => dispatch({ kind: "committed", token: effect.token }), haltOnJournal);
      case "trim":
        return journalAt(effect.place).trimThrough(effect.sequence);
      case "read-journal":
        return void journalAt(effect.place)
          .read(effect.options)
          .then((result) => dispatch({ kind: "journal-read", token: effect.token, result }), haltOnJournal);
      case "branch":
        return branch(effect);
      case "store":
        // What this turn sends leaves first: forming parity keeps the thread for a while, and the relay works meanwhile.
        return clock.afterTurn(() => store(effect));
      case "load":
        return load(effect);
      case "send":
        return links.get(effect.link)?.send(effect.message);
      case "dial":
        return dial(effect);
      case "close-link":
        return closeLink(effect.link);
      case "reply":
        return reply(effect.request, effect.result);
      case "access":
        return options.onAccess(effect.volume, effect.access, effect.reason);
      case "takeover-progress":
        takeovers.get(effect.request)?.(effect.progress);
        if (effect.progress.result !== null) takeovers.delete(effect.request);
        return;
      case "wake":
        return wakeAfter(effect.afterMs);
      case "log":
        return log[effect.level]({ group: membership.group }, effect.message);
    }
  };

  const closeLink = (id: LinkId): void => {
    const link = links.get(id);
    links.delete(id);
    link?.close();
  };

  const storeOf = (volume: VolumeName) => {
    const store = ports.stores.get(volume);
    if (store === undefined) throw new Failure("UNKNOWN_VOLUME", `volume ${volume} has no store on ${identity.name}`);
    return store;
  };

  const store = ({ volume, writes, token }: Extract<Effect, { kind: "store" }>): void => {
    storeOf(volume)
      .writeBatch(writes)
      .then(
        () => dispatch({ kind: "stored", token, failure: null }),
        (error: unknown) => dispatch({ kind: "stored", token, failure: toFailure(error) }),
      );
  };

  const branch = ({ volume, name, token }: Extract<Effect, { kind: "branch" }>): void => {
    ports.branches.create(volume, name).then(
      () => dispatch({ kind: "branched", token, failure: null }),
      (error: unknown) => dispatch({ kind: "branched", token, failure: toFailure(error) }),
    );
  };

  const load = ({ volume, offsetBytes, lengthBytes, token }: Extract<Effect, { kind: "load" }>): void => {
    storeOf(volume)
      .read(offsetBytes, lengthBytes)
      .then(
        (data) => dispatch({ kind: "loaded", token, data }),
        (error: unknown) => dispatch({ kind: "loaded", token, data: toFailure(error) }),
      );
  };

  const reply = (request: RequestId, result: Buffer | Failure | null): void => {
    const host = hosts.get(request);
    if (host === undefined) return;
    hosts.delete(request);
    if (result instanceof Failure) host.reject(result);
    else host.resolve(result);
  };

  const dial = ({ peer, channel }: Extract<Effect, { kind: "dial" }>): void => {
    let id: LinkId | null = null;
    const address = { peer, channel, group: membership.group };
    const events = {
      onOpen(link: Link<PeerMessage>) {
        if (halted !== null) return link.close();
        id = nextLink++;
        links.set(id, link);
        dispatch({ kind: "link-opened", link: id, peer, channel, dialled: true });
      },
      onMessage(message: PeerMessage) {
        if (id !== null && links.has(id)) dispatch({ kind: "message", link: id, message });
      },
      onClose(reason: string) {
        if (id === null) return dispatch({ kind: "dial-failed", peer, channel, reason });
        if (links.delete(id)) dispatch({ kind: "link-closed", link: id, reason });
      },
    };
    if (peer === identity.name) dialSelf(address, { clock, events, accept });
    else transport.dial(address, events);
  };

  /** A link that another node, or another role of this one, opened. */
  const accept = (link: Link<PeerMessage>): LinkEvents<PeerMessage> => {
    const id = nextLink++;
    if (halted === null) links.set(id, link);
    else link.close();
    const { peer, channel } = link.address;
    dispatch({ kind: "link-opened", link: id, peer, channel, dialled: false });
    return {
      onMessage(message) {
        if (links.has(id)) dispatch({ kind: "message", link: id, message });
      },
      onClose(reason) {
        if (links.delete(id)) dispatch({ kind: "link-closed", link: id, reason });
      },
    };
  };

  const ask = (event: (request: RequestId) => GroupEvent): Promise<Buffer | null> =>
    new Promise((resolve, reject) => {
      if (halted !== null) return reject(halted);
      const request = nextRequest++;
      hosts.set(request, { resolve, reject });
      dispatch(event(request));
    });

  const status = (): GroupStatus => {
    const own = { ...member.status(), branches: branchStatus(ports.branches, membership) };
    return halted === null ? own : { ...own, phase: "halted", detail: halted.message };
  };

  return {
    membership: () => member.membership(),
    configure: (next) => dispatch({ kind: "configured", membership: next }),
    start: () => dispatch({ kind: "start" }),
    tick: () => dispatch({ kind: "tick" }),
    accept,
    async write(order) {
      await ask((request) => ({ kind: "host-write", request, ...order }));
    },
    async read(volume, offsetBytes, lengthBytes) {
      const data = await ask((request) => ({ kind: "host-read", request, volume, offsetBytes, lengthBytes }));
      if (data === null) throw new Failure("IO_ERROR", `a read of ${volume} brought no data`);
      return data;
    },
    readNow(volume, offsetBytes, into) {
      // No event can come between the machine's word and the read's end: both are synchronous.
      if (halted !== null || !member.mayReadNow(volume, { offsetBytes, lengthBytes: into.length })) return false;
      return ports.stores.get(volume)?.readNow(offsetBytes, into) ?? false;
    },
    takeover(command, onProgress) {
      if (halted !== null) throw halted;
      const request = nextRequest++;
      takeovers.set(request, onProgress);
      dispatch({ kind: "takeover", request, command });
    },
    changeTerm(command, onProgress) {
      if (halted !== null) throw halted;
      const request = nextRequest++;
      takeovers.set(request, onProgress);
      dispatch({ kind: "term-change", request, command });
    },
    async command(command) {
      if (command.kind === "drop-branch") return dropBranch(ports.branches, membership, command.branch);
      await ask((request) => ({ kind: "command", request, command }));
    },
    status,
    attest(sequence) {
      return attestationOf({ node: identity.name, status: status(), marks: journal.marks(), sequence });
    },
    stop: () => halt(new Failure("SHUTTING_DOWN", `${identity.name} is being stopped`)),
  };
}

/** What the machine must know of it. A node without volumes of the group has none, and no use for one until it has some. */
function preImagesOf(ports: NodePorts, { group }: Membership): PreImageJournal {
  const journal = (): Journal | undefined => ports.preImages.get(group);
  return {
    marks: () => journal()?.marks() ?? new Map<string, MarkValue>(),
    last: () => journal()?.last() ?? noSequence,
    usage: () => journal()?.usage() ?? { usedBytes: 0, capacityBytes: 0 },
  };
}

function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  throw error;
}

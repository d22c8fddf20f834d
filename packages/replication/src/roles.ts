/**
 * The roles that a node has in a group under one term, as machines built from the marks. A node may have several: a
 * primary that is the relay too (B13), a primary of one volume that keeps the copy of another. They live as long as the term.
 */
import { initialEpoch, sameEpoch, type Sequence } from "@waystation/contracts/ids";
import type { ByteRange } from "@waystation/contracts/byte-range";
import type { JournalUsage } from "@waystation/contracts/journal";
import type { Council } from "./council.js";
import { isBypassed, readCourse } from "./course.js";
import type { Desk, HostOrder } from "./effects.js";
import { notOpen } from "./failures.js";
import { createFollower, type Follower } from "./follower.js";
import type { LinkWish } from "./member-links.js";
import { epochMark, markNames, readDecision, type Marks } from "./marks.js";
import { primariesOf, secondariesOf, volumesOn, type Membership } from "./membership.js";
import type { GroupRole, MemberState } from "./messages.js";
import { createOrigin, type Origin } from "./origin.js";
import type { PreImageJournal } from "./pre-images.js";
import { createRelay, type Relay } from "./relay.js";
import { createScopedDesk } from "./scoped-desk.js";
import type { Term } from "./term.js";
import type { Epoch, MarkValue, NodeName, VolumeName } from "./vocabulary.js";

export interface Roles {
  readonly membership: Membership;
  readonly names: readonly GroupRole[];
  readonly relay: Relay | null;
  readonly origin: Origin | null;
  readonly follower: Follower | null;
  readonly wishes: readonly LinkWish[];
  start(): void;
  tick(): void;
  drain(): void;
  host(order: HostOrder): void;
  mayReadNow(volume: VolumeName, range: ByteRange): boolean;
  /** Whether a node that one of the roles needs to speak to is missing: then there may be news that it must ask for. */
  isLonely(): boolean;
  /** Follows a higher epoch, for a takeover, or for a change of term that keeps the hosts' sessions. */
  stop(epoch: Epoch, purpose: "takeover" | "term", whenDurable: () => void): void;
  state(): Pick<
    MemberState,
    "phase" | "relayPhase" | "bypassed" | "received" | "validated" | "applied" | "stamped" | "copy"
  >;
  detail(): string;
  /** Calls back when nothing is under way any more, with what hosts wait for; nothing is heard of these machines again. */
  end(then: (unfinished: readonly HostOrder[]) => void): void;
}

export interface RolesOptions {
  readonly desk: Desk;
  readonly self: NodeName;
  readonly membership: Membership;
  readonly term: Term | null;
  readonly marks: Marks;
  /** The same, as they are whenever they are looked at. */
  readonly live: Marks;
  readonly usage: () => JournalUsage;
  readonly preImages: PreImageJournal;
  readonly journalFirst: Sequence;
  readonly council: Council;
  readonly promised: () => Epoch;
  readonly adopt: (epoch: Epoch, then: () => void) => void;
  /** The term begins now, at a node that runs: hosts are served at once. */
  readonly continues: boolean;
}

export function createRoles(options: RolesOptions): Roles {
  const { self, membership, term, marks, usage, council, promised, adopt, continues } = options;
  const scope = createScopedDesk(options.desk);
  const { desk } = scope;
  const secondaries = secondariesOf(membership);
  const since = term?.epoch ?? initialEpoch;
  const { journalFirst } = options;

  const relay =
    membership.relay === self
      ? createRelay({ desk, membership, term, marks, usage, journalFirst, epoch: promised })
      : null;
  const origin = primariesOf(membership).includes(self)
    ? createOrigin({ desk, self, membership, marks, continues })
    : null;
  const follower = secondaries.includes(self)
    ? createFollower({
        ...{ desk, self, membership, term, usage, council, promised, since, adopt },
        marks: withoutTerms(marks),
        live: options.live,
        preImages: options.preImages,
      })
    : null;
  const written = new Set(volumesOn(membership, self, "primary").map(({ name }) => name));
  const machineOf = (volume: VolumeName): Origin | Follower | null => (written.has(volume) ? origin : follower);

  return {
    membership,
    relay,
    origin,
    follower,
    names: [
      ...(relay === null ? [] : (["relay"] as const)),
      ...(origin === null ? [] : (["primary"] as const)),
      ...(follower === null ? [] : (["secondary"] as const)),
    ],
    wishes: [
      ...(origin === null
        ? []
        : ([
            [membership.relay, "ingress"],
            [membership.relay, "lease"],
          ] as const)),
      ...(relay === null ? [] : secondaries.map((peer): LinkWish => [peer, "ship"])),
    ],
    start() {
      const stranger = marks.get(markNames.stranger);
      // A primary that promised a takeover's epoch is no primary any more, whatever it was when it stopped.
      if (origin !== null && !sameEpoch(promised(), since)) origin.fence(overtaken(promised()));
      else if (origin !== null && typeof stranger === "string") origin.fence(stranger);
      else origin?.start();
      follower?.start();
    },
    tick() {
      origin?.tick();
      relay?.tick();
      follower?.tick();
    },
    drain() {
      origin?.drain();
      relay?.drain();
      follower?.drain();
    },
    host(order) {
      const machine = machineOf(order.volume);
      if (machine === null)
        return desk.reply(order.request, notOpen(order.volume, `${self} has no role for it in this term`));
      if (order.kind === "host-write") machine.hostWrite(order);
      else machine.hostRead(order);
    },
    mayReadNow: (volume, range) => machineOf(volume)?.mayReadNow(volume, range) === true,
    isLonely() {
      if (origin !== null && (origin.isClosed() || !origin.stages().relayConnected)) return true;
      if (follower !== null && !follower.secondary.connected()) return true;
      if (relay === null) return origin === null && follower === null;
      const { primaries, secondaries: legs } = relay.stages();
      return [...primaries, ...legs].some(({ connected }) => !connected);
    },
    stop(epoch, purpose, whenDurable) {
      const promise = promiseMarks(epoch, purpose);
      const why = `a change of term is under way (epoch ${epoch.number}): writes wait for its end`;
      if (purpose === "takeover") origin?.fence(overtaken(epoch));
      else origin?.pause(why);
      if (purpose === "term") follower?.pause(why);
      follower?.epochChanged();
      if (relay === null) options.desk.commit({ marks: promise }, whenDurable);
      else relay.fence(promise, whenDurable);
    },
    state: () => ({
      phase: (follower ?? origin ?? relay)?.phase() ?? "",
      relayPhase: relay?.phase() ?? "",
      bypassed: relay !== null && isBypassed(readCourse(options.live), membership.fence),
      received: follower?.secondary.received() ?? (0 as Sequence),
      validated: follower?.secondary.validated() ?? (0 as Sequence),
      applied: follower?.secondary.applied() ?? (0 as Sequence),
      stamped: relay?.stamped() ?? (0 as Sequence),
      copy: follower?.secondary.copy() ?? null,
    }),
    detail: () => (relay ?? origin ?? follower)?.detail() ?? "no role in this term",
    end(then) {
      origin?.pause("another term begins");
      scope.end(() => then([...(origin?.unfinished() ?? []), ...(follower?.unfinished() ?? [])]));
    },
  };
}

/** What is durable before a promise is answered. Asked for a change of term, the node may write or stamp under it. */
export function promiseMarks(epoch: Epoch, purpose: "takeover" | "term"): ReadonlyMap<string, MarkValue> {
  const marks = new Map([[markNames.promised, epochMark(epoch)]]);
  if (purpose === "term") marks.set(markNames.pledged, epochMark(epoch));
  return marks;
}

function overtaken({ number }: Epoch): string {
  return `another node has taken over the group (epoch ${number})`;
}

/** The marks as a follower reads them: a decision that began a term is no takeover. */
function withoutTerms(marks: Marks): Marks {
  if (readDecision(marks)?.term === null) return marks;
  return new Map([...marks].filter(([name]) => name !== markNames.decision));
}

/**
 * The links of a member: those that are open, and those that its roles want open, dialled again whenever they are not.
 * A node may have two roles that speak to each other; then it has links to itself, like any other.
 */
import type { Channel } from "@waystation/contracts/link";
import type { Desk, GroupEvent, LinkId } from "./effects.js";
import { limits } from "./limits.js";
import type { NodeName } from "./vocabulary.js";

export interface KnownLink {
  readonly peer: NodeName;
  readonly channel: Channel;
  readonly dialled: boolean;
}

export type LinkWish = readonly [peer: NodeName, channel: Channel];

export interface MemberLinks {
  get(link: LinkId): KnownLink | undefined;
  opened(event: Extract<GroupEvent, { kind: "link-opened" }>): void;
  /** A link is gone: what it was, if it was known. */
  closed(link: LinkId): KnownLink | undefined;
  dialFailed(peer: NodeName, channel: Channel): void;
  /** The peer has said something else than a refusal: the next time, it is dialled again soon. */
  fruitful(link: KnownLink): void;
  /** From now on these are kept open, and no others. */
  want(wishes: readonly LinkWish[]): void;
  /** Dials what is wanted, down, and due. */
  dial(): void;
  /** Everything that is open but council links. */
  streams(): LinkId[];
}

interface WantedLink {
  readonly peer: NodeName;
  readonly channel: Channel;
  state: "down" | "dialling" | "up";
  nextDialMs: number;
  /** Dials in a row that brought nothing but a refusal or a failure. */
  fruitless: number;
}

export function createMemberLinks(desk: Desk): MemberLinks {
  const known = new Map<LinkId, KnownLink>();
  let wanted: WantedLink[] = [];

  const wishFor = (peer: NodeName, channel: Channel): WantedLink | undefined =>
    wanted.find((entry) => entry.peer === peer && entry.channel === channel);

  const dialAgain = (peer: NodeName, channel: Channel): void => {
    const want = wishFor(peer, channel);
    if (want === undefined) return;
    want.state = "down";
    want.nextDialMs =
      desk.nowMs() + Math.min(limits.redialIntervalMs * 2 ** want.fruitless, limits.redialIntervalMaxMs);
    want.fruitless = Math.min(want.fruitless + 1, 16);
  };

  return {
    get: (link) => known.get(link),
    opened({ link, peer, channel, dialled }) {
      known.set(link, { peer, channel, dialled });
      const want = dialled ? wishFor(peer, channel) : undefined;
      if (want !== undefined) want.state = "up";
    },
    closed(link) {
      const gone = known.get(link);
      if (gone === undefined) return undefined;
      known.delete(link);
      if (gone.dialled) dialAgain(gone.peer, gone.channel);
      return gone;
    },
    dialFailed: dialAgain,
    fruitful({ peer, channel }) {
      const want = wishFor(peer, channel);
      if (want !== undefined) want.fruitless = 0;
    },
    want(wishes) {
      const before = wanted;
      // A dial that is under way for the same wish is not made twice.
      wanted = wishes.map(([peer, channel]) => {
        const dialling = before.find(
          (entry) => entry.peer === peer && entry.channel === channel && entry.state === "dialling",
        );
        return dialling ?? { peer, channel, state: "down", nextDialMs: 0, fruitless: 0 };
      });
    },
    dial() {
      for (const want of wanted) {
        if (want.state !== "down" || desk.nowMs() < want.nextDialMs) continue;
        want.state = "dialling";
        desk.dial(want.peer, want.channel);
      }
    },
    streams: () => [...known].flatMap(([link, { channel }]) => (channel === "council" ? [] : [link])),
  };
}

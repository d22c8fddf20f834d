/**
 * Digests on their way through the relay (PROTOCOL 9): a primary asks what a range holds at the far side, every secondary
 * of the volume answers, and the primary gets those digests that all agree on. Zeros stand for "copy it": nobody could be
 * asked, they disagree, or too much is asked at once. So this may forget anything at any time, and only work is lost.
 *
 * An answer may be older than what is on its way to the secondary. That does no harm: what is on its way lands, in order,
 * on top of what was found equal.
 */
import { limits } from "./limits.js";
import type { DigestAsk, DigestReply } from "./messages.js";
import type { LinkId } from "./effects.js";
import type { NodeName } from "./vocabulary.js";

export const digestBytes = 32;

export interface CopyDigests {
  /** Sends the question on to the secondaries named, or answers it with zeros. */
  ask(from: LinkId, ask: DigestAsk, secondaries: readonly NodeName[]): void;
  answered(node: NodeName, reply: DigestReply): void;
  /** Its link is gone: what it was asked is answered without it. */
  lost(node: NodeName): void;
  /** The primary's link is gone: nobody waits for the answers any more. */
  forget(from: LinkId): void;
}

export interface CopyDigestsOptions {
  readonly tell: (to: LinkId, reply: DigestReply) => void;
  /** False when the secondary cannot be asked now. */
  readonly ask: (node: NodeName, ask: DigestAsk) => boolean;
}

interface Asked {
  readonly from: LinkId;
  readonly id: number;
  readonly lengthBytes: number;
  readonly missing: Set<NodeName>;
  agreed: Uint8Array | null;
}

export function createCopyDigests(options: CopyDigestsOptions): CopyDigests {
  const asked = new Map<number, Asked>();
  let nextId = 1;

  const answer = ({ from, id, lengthBytes, agreed }: Asked): void => {
    options.tell(from, { kind: "digest-reply", id, digests: agreed ?? new Uint8Array(lengthBytes) });
  };

  const heard = (key: number, node: NodeName, digests: Uint8Array): void => {
    const question = asked.get(key);
    if (question?.missing.delete(node) !== true) return;
    const { lengthBytes } = question;
    const legal = digests.length === lengthBytes ? digests : new Uint8Array(lengthBytes);
    question.agreed = question.agreed === null ? Uint8Array.from(legal) : zeroWhereUnlike(question.agreed, legal);
    if (question.missing.size > 0) return;
    asked.delete(key);
    answer(question);
  };

  return {
    ask(from, ask, secondaries) {
      const lengthBytes = Math.ceil(ask.lengthBytes / ask.unitBytes) * digestBytes;
      const question: Asked = { from, id: ask.id, lengthBytes, missing: new Set(), agreed: null };
      const key = nextId++;
      if (secondaries.length === 0 || asked.size >= limits.digestAsksMax) return answer(question);
      for (const node of secondaries) question.missing.add(node);
      asked.set(key, question);
      for (const node of secondaries)
        if (!options.ask(node, { ...ask, id: key })) heard(key, node, new Uint8Array(lengthBytes));
    },
    answered: (node, reply) => heard(reply.id, node, reply.digests),
    lost(node) {
      for (const [key, { lengthBytes }] of [...asked]) heard(key, node, new Uint8Array(lengthBytes));
    },
    forget(from) {
      for (const [key, question] of [...asked]) if (question.from === from) asked.delete(key);
    },
  };
}

function zeroWhereUnlike(agreed: Uint8Array, other: Uint8Array): Uint8Array {
  for (let unit = 0; unit < agreed.length; unit += digestBytes) {
    const same = agreed.subarray(unit, unit + digestBytes).every((byte, index) => byte === other[unit + index]);
    if (!same) agreed.fill(0, unit, unit + digestBytes);
  }
  return agreed;
}

/**
 * Terms: who has which role in a group, from a number on. The configuration gives the first term; swaps, going on without
 * a relay, its return, and changes of members each begin another one, under an epoch of its own (B12-B14). A term is
 * durable at a node before the node acts under it, and whoever missed it learns of it by asking.
 *
 * Every later term begins with a copy run: what the primaries' region logs and the secondaries' say may differ, and no
 * more, is compared and copied.
 */
import type { GroupVolume, Membership } from "./membership.js";
import type { Decision } from "./messages.js";
import type { Epoch, NodeName, Sequence } from "./vocabulary.js";

export interface Term {
  readonly epoch: Epoch;
  /** Why it was begun, for people. */
  readonly cause: "swap" | "direct" | "return" | "members";
  readonly relay: NodeName;
  readonly volumes: readonly GroupVolume[];
  /** Numbers go on above this one: it is at least as high as any that was ever stamped, as far as is known. */
  readonly base: Sequence;
  /** The secondaries that hold exactly the image at `base`; the others are to be copied without an image to go back to. */
  readonly atBase: readonly NodeName[];
  /**
   * Who was a primary and becomes a secondary may hold acknowledged writes that nobody else has: what it holds is kept as
   * a branch before it is overwritten (PROTOCOL 6.4).
   */
  readonly tail: boolean;
}

/** The group under a term: its members and roles; what the configuration says of limits and policies stays. */
export function underTerm(configured: Membership, term: Term | null): Membership {
  return term === null ? configured : { ...configured, relay: term.relay, volumes: term.volumes };
}

/**
 * Where hosts write a volume after a takeover: at the first of its secondaries that took part; if none did, at the first
 * that joins it later and was not left out. The decision alone says which: the others that hold the volume stay
 * read-only, or it would be written as two.
 */
export function writerOf(
  { secondaries }: GroupVolume,
  { participants, excluded }: Pick<Decision, "participants" | "excluded">,
): NodeName | null {
  return (
    secondaries.find((node) => participants.includes(node)) ??
    secondaries.find((node) => !excluded.includes(node)) ??
    null
  );
}

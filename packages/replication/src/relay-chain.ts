/**
 * The provable order at the relay (PROTOCOL 8, E4): what it commits to at each point, kept up with what it stamps. Records
 * are hashed once they are durable; whatever is not in the chains yet, after a restart or a long wait for a far leg, is
 * read from the journal again, and no point is begun beyond it.
 */
import type { Desk } from "./effects.js";
import { markNames, readSequence, type Marks } from "./marks.js";
import type { Membership } from "./membership.js";
import { createChainAuthor, type ChainAuthor } from "./provable/chain-author.js";
import { createChainLedger, type ChainLedger } from "./provable/chain-ledger.js";
import type { Term } from "./term.js";
import type { Sequence } from "./vocabulary.js";

export interface RelayChain extends ChainAuthor, Pick<ChainLedger, "through" | "take" | "catchUp"> {}

export interface RelayChainOptions {
  readonly desk: Desk;
  readonly membership: Membership;
  readonly term: Term | null;
  readonly marks: Marks;
  /** Records up to here are gone, and rightly so. */
  readonly trimmed: Sequence;
  /** A number that was stamped has no record in the journal. */
  readonly onLost: (what: string) => void;
}

export function createRelayChain({ desk, membership, term, marks, trimmed, onLost }: RelayChainOptions): RelayChain {
  const ledger = createChainLedger({
    desk,
    marks,
    origin: { group: membership.group, term },
    volumes: membership.volumes.map(({ name }) => name),
    // Trimmed beyond the last point is what a takeover rolled forward: nobody settles a point below it any more.
    counter: Math.max(readSequence(marks, markNames.valid), trimmed) as Sequence,
    onMissing: (sequence) => onLost(`record ${sequence} is not in it any more`),
  });
  return {
    ...createChainAuthor({ ledger, marks }),
    through: () => ledger.through(),
    take: (span) => ledger.take(span),
    catchUp: (durable) => ledger.catchUp(durable),
  };
}

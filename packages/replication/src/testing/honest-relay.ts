/** What an honest relay commits to: chains made of what the secondary was sent, told by a relay played by hand. */
import { noSequence } from "@waystation/contracts/ids";
import { markNames, readSequence, readTerm } from "../marks.js";
import { volumesOn, type Membership } from "../membership.js";
import { createChainLedger } from "../provable/chain-ledger.js";
import { commitTo, type PointCommitment } from "../provable/commitment.js";
import { underTerm } from "../term.js";
import type { JournalRecord, NodeName, Sequence } from "../vocabulary.js";
import { readJournal, type JournalState } from "./medium.js";

/**
 * For the secondary with this journal, as if the group had no volumes but its own. `further`: records up to `sequence` that
 * it has not been sent yet.
 */
export function honestCommitment(options: {
  readonly node: NodeName;
  readonly membership: Membership;
  readonly journal: JournalState;
  readonly sequence: Sequence;
  readonly further?: readonly JournalRecord[];
}): PointCommitment {
  const { node, membership, journal, further = [] } = options;
  const { marks } = journal;
  const term = readTerm(marks);
  const counter = readSequence(marks, markNames.validated);
  const volumes = volumesOn(underTerm(membership, term), node, "secondary").map(({ name }) => name);
  const records = [...journal.records, ...further];
  const desk = {
    readJournal: (read: Parameters<typeof readJournal>[1], then: (result: ReturnType<typeof readJournal>) => void) =>
      then(readJournal({ ...journal, records }, read)),
  };
  const origin = { group: membership.group, term };
  const ledger = createChainLedger({ desk, marks, origin, volumes, counter });
  // Where the secondary came without the records below, a relay had chains begin anew.
  const anchors = ledger.isKnown() ? [] : [counter];
  ledger.anchorAt(anchors);
  const sequence = Math.max(options.sequence, ledger.settled()) as Sequence;
  for (let before = noSequence - 1; ledger.through() < sequence && ledger.through() > before;) {
    before = ledger.through();
    ledger.catchUp(sequence);
  }
  return { ...commitTo(ledger.at(sequence)).of(volumes), anchors };
}

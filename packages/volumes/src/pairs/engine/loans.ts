/**
 * Volumes of this node that are secondaries of pairs of other nodes (SPEC A8). A loan is durable before the far node hears
 * of it, so that no host here ever writes what the pair believes to be its own.
 *
 * Dying before the record is there: not lent, and the far node asks again. After it: lent, even if the far node never
 * hears of it; the same primary may then ask again, under another id.
 */
import type { DurableBlockStore } from "@waystation/contracts/block-device";
import { Failure } from "@waystation/contracts/errors";
import { decodeLoan, encodeLoan, type Loan } from "../core/pair-record.js";
import { pairFailure } from "../errors.js";
import type { PairHome } from "./pair-home.js";
import { ownRole, type Standing, type Standings } from "./standings.js";

export interface Loans {
  list(): readonly Loan[];
  /** Takes a volume from its hosts, for good. Rejects with `VOLUME_IN_USE` or `VOLUME_NOT_FOUND`. */
  lend(loan: Loan): Promise<DurableBlockStore & { readonly stripeBytes?: number }>;
  /** The volume is its hosts' again. One that is not lent for this pair is left alone. */
  giveBack(volume: string, pairId: string): Promise<void>;
  /** Brings loans back at start. Rejects with `PAIR_RECORD_DAMAGED`. */
  load(home: PairHome): void;
  close(): Promise<void>;
}

interface Lent {
  readonly loan: Loan;
  readonly standing: Standing;
  readonly home: PairHome;
}

const documentPrefix = "loans/";

export function createLoans(standings: Standings, homeOf: (volume: string) => PairHome): Loans {
  const lent = new Map<string, Lent>();
  const documentOf = (volume: string): string => `${documentPrefix}${volume}`;
  const hold = (entry: Lent): void => {
    lent.set(entry.loan.volume, entry);
    const { own } = entry.standing;
    entry.standing.role = { ...ownRole(own), loan: entry.loan };
  };
  /** Nothing of its hosts is under way while `change` runs, and what comes after sees the change. */
  const whileQuiet = async (standing: Standing, change: () => Promise<void>): Promise<void> => {
    const release = await standing.own.quiesce();
    try {
      await standing.store.flush();
      await change();
    } finally {
      release();
    }
  };

  return {
    list: () => [...lent.values()].map(({ loan }) => loan),
    async lend(loan) {
      const before = lent.get(loan.volume);
      if (before !== undefined) checkSameLender(before.loan, loan);
      const home = homeOf(loan.volume);
      const standing = before?.standing ?? standings.use(loan.volume);
      try {
        if (before === undefined) checkFree(standing);
        await whileQuiet(standing, async () => {
          await home.documents.put(documentOf(loan.volume), encodeLoan(loan));
          hold({ loan, standing, home });
        });
        return standing.store;
      } catch (error) {
        if (before === undefined) await standings.release(standing);
        throw error;
      }
    },
    async giveBack(volume, pairId) {
      const entry = lent.get(volume);
      if (entry?.loan.pairId !== pairId) return;
      await entry.home.documents.delete(documentOf(volume));
      lent.delete(volume);
      entry.standing.role = ownRole(entry.standing.own);
      await standings.release(entry.standing);
    },
    load(home) {
      for (const document of home.documents.names()) {
        if (!document.startsWith(documentPrefix)) continue;
        const loan = decodeLoan(home.documents.get(document));
        if (loan === null || documentOf(loan.volume) !== document) {
          const text = `What is kept of a lent volume in document ${document} makes no sense: delete it, then the pair.`;
          throw pairFailure("PAIR_RECORD_DAMAGED", text);
        }
        hold({ loan, home, standing: standings.useOrFail(loan.volume, 0) });
      }
    },
    async close() {
      for (const { standing } of lent.values()) await standings.release(standing);
      lent.clear();
    },
  };
}

function checkSameLender(before: Loan, { primary, primaryNode }: Loan): void {
  if (before.primary === primary && before.primaryNode === primaryNode) return;
  const whose = `the secondary of pair ${before.primary}/${before.volume} of node ${before.primaryNode}`;
  const text = `Volume ${before.volume} is ${whose}; first wayctl pair delete ${before.primary} ${before.volume}.`;
  throw new Failure("VOLUME_IN_USE", text);
}

function checkFree({ name, role, own }: Standing): void {
  const pair = role.side === "primary" ? own.mirrors()[0] : role.side;
  if (pair === undefined) return;
  const text = `Volume ${name} is part of pair ${pair.name}; first wayctl pair delete ${pair.volumes}.`;
  throw new Failure("VOLUME_IN_USE", text);
}

/**
 * Volumes of this node that are S-VOLs of pairs of other nodes (SPEC A8). Hosts here are refused; the far node reaches the
 * volume through a session, which is a hidden volume under a name of its own. Lending it again ends the session before,
 * and waits for what was under way in it: nothing that the far node has given up on is carried out after that.
 */
import { randomBytes } from "node:crypto";
import type { VolumeName } from "@waystation/contracts/ids";
import type { LoanName, LoanOrder, LoanTerms } from "@waystation/contracts/storage-front";
import type { StandaloneFront } from "@waystation/node/standalone-front";
import type { Pairs } from "@waystation/volumes/pairs/open-pairs";

export interface LoanDesk {
  lend(order: LoanOrder): Promise<LoanTerms>;
  giveBack(loan: LoanName): Promise<void>;
  /** By command of an operator here, for a pair whose node may be gone for good. */
  takeBack(loan: LoanName): Promise<void>;
}

export interface LoanDeskOptions {
  readonly loans: Pairs["loans"];
  readonly front: StandaloneFront;
  /** Throws where a volume is not for pairs. */
  readonly checkFree: (volume: string) => void;
}

export function createLoanDesk({ loans, front, checkFree }: LoanDeskOptions): LoanDesk {
  const sessions = new Map<string, string>();
  let changing: Promise<unknown> = Promise.resolve();
  const oneByOne = <T>(change: () => Promise<T>): Promise<T> => {
    const mine = changing.then(change);
    changing = mine.catch(() => {});
    return mine;
  };
  const endSession = async (volume: string, reason: string): Promise<void> => {
    const session = sessions.get(volume);
    sessions.delete(volume);
    if (session !== undefined) await front.remove(session, reason);
  };

  const isLent = ({ volume, pairId }: LoanName): boolean =>
    loans.list().some((loan) => loan.volume === volume && loan.pairId === pairId);
  const lend = async ({ isNew, ...order }: LoanOrder): Promise<LoanTerms> => {
    const { volume, primary, primaryNode, pairId } = order;
    checkFree(volume);
    await endSession(volume, "its pair connects anew");
    const store = await loans.lend(order, { isNew });
    const session = `pair.${pairId}.${randomBytes(8).toString("hex")}` as VolumeName;
    const description = `S-VOL ${volume} of ${primary} on ${primaryNode}, for that node alone`;
    front.add({ name: session, store, access: "read-write", description, isHidden: true });
    sessions.set(volume, session);
    return { sizeBytes: store.sizeBytes, stripeBytes: store.stripeBytes ?? 0, sessionVolume: session };
  };
  return {
    lend: (order) => oneByOne(() => lend(order)),
    giveBack: ({ volume, pairId }) =>
      oneByOne(async () => {
        if (isLent({ volume, pairId })) await endSession(volume, "its pair has been deleted");
        await loans.giveBack({ volume, pairId });
      }),
    takeBack: (loan) =>
      oneByOne(async () => {
        await endSession(loan.volume, "it was taken back by command");
        await loans.takeBack(loan);
      }),
  };
}

/**
 * Volumes of this node that are secondaries of pairs of other nodes (SPEC A8). A loan is durable before the far node hears
 * of it, so that no host here ever writes what the pair believes to be its own. While the pair is split the hosts here may
 * use the volume, and what they write is recorded (loan-recorder.ts).
 *
 * Dying before a record is there: as before, and the far node asks again. After it: changed, even if the far node never
 * hears of it; asked again, the answer is the same. A recording is kept until another split begins one.
 */
import type { DurableBlockStore } from "@waystation/contracts/block-device";
import type { Clock } from "@waystation/contracts/clock";
import { Failure } from "@waystation/contracts/errors";
import type { Log } from "@waystation/contracts/log";
import { decodeLoan, encodeLoan, type Loan } from "../core/pair-record.js";
import type { RegionRun } from "../core/region-marks.js";
import { pairFailure } from "../errors.js";
import { beginRecording, resumeRecording, writtenRuns, type RecorderOptions } from "./loan-recorder.js";
import type { Mirror } from "./mirror.js";
import type { PairHome } from "./pair-home.js";
import type { SplitTerms } from "./remote-secondary.js";
import { ownRole, type Standing, type Standings } from "./standings.js";

export type LoanName = Pick<Loan, "volume" | "pairId">;

export interface Loans {
  list(): readonly Loan[];
  /**
   * Takes a volume from its hosts, for good. Rejects with `VOLUME_IN_USE` or `VOLUME_NOT_FOUND`; with `UNKNOWN_PAIR` where
   * the pair is not new and the volume is not lent to it: then it may hold anything, whatever the pair knows of it.
   */
  lend(
    loan: Omit<Loan, "recording">,
    options?: { readonly isNew?: boolean },
  ): Promise<DurableBlockStore & { readonly stripeBytes?: number }>;
  /** The volume is its hosts' again. One that is not lent for this pair is left alone. */
  giveBack(name: LoanName): Promise<void>;
  /** The same against the pair's will, whose node may be gone for good: it never gets the volume again. */
  takeBack(name: LoanName): Promise<void>;
  /** The pair is split: hosts here may use the volume, recorded. Rejects with `UNKNOWN_PAIR`. */
  openToHosts(name: LoanName, split: SplitTerms): Promise<void>;
  /** Takes it from them again, and tells what they wrote in the last split. Rejects with `UNKNOWN_PAIR`. */
  closeToHosts(name: LoanName): Promise<readonly RegionRun[]>;
  /** Brings loans back at start. Rejects with `PAIR_RECORD_DAMAGED`. */
  load(home: PairHome): Promise<void>;
  close(): Promise<void>;
}

interface Lent {
  loan: Loan;
  readonly standing: Standing;
  readonly home: PairHome;
  recorder: Mirror | null;
}

export interface LoansOptions {
  readonly standings: Standings;
  readonly homeOf: (volume: string) => PairHome;
  readonly clock: Clock;
  readonly log: Log;
}

const documentPrefix = "loans/";
/** Pairs that volumes were taken back from. Kept until the pair's node says that the pair is deleted. */
const takenPrefix = "loans-taken/";

export function createLoans({ standings, homeOf, clock, log }: LoansOptions): Loans {
  const lent = new Map<string, Lent>();
  /** By the id of the pair, where that is kept. */
  const taken = new Map<string, PairHome>();
  const documentOf = (volume: string): string => `${documentPrefix}${volume}`;
  const save = (home: PairHome, loan: Loan): Promise<void> =>
    home.documents.put(documentOf(loan.volume), encodeLoan(loan));
  /** From now on hosts are judged by this. */
  const hold = (entry: Lent, loan: Loan): void => {
    entry.loan = loan;
    lent.set(loan.volume, entry);
    entry.standing.role = { ...ownRole(entry.standing.own), loan };
  };
  const replaceRecorder = (entry: Lent, recorder: Mirror | null): void => {
    if (entry.recorder !== null) {
      entry.standing.own.detach(entry.recorder);
      entry.recorder.close();
    }
    entry.recorder = recorder;
    if (recorder !== null) entry.standing.own.attach(recorder);
  };
  const recorderOptions = (entry: Lent): RecorderOptions => ({
    ...{ loan: entry.loan, standing: entry.standing, home: entry.home, clock, log },
    async onLost() {
      const { loan, home } = entry;
      if (loan.recording === null) return;
      entry.loan = { ...loan, recording: { ...loan.recording, marksLost: true } };
      await save(home, entry.loan);
    },
  });
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
  const find = ({ volume, pairId }: LoanName): Lent => {
    const entry = lent.get(volume);
    if (entry?.loan.pairId === pairId) return entry;
    throw pairFailure(
      "UNKNOWN_PAIR",
      `Volume ${volume} is not lent to this pair: delete the pair, and create it anew.`,
    );
  };

  const end = async (entry: Lent): Promise<void> => {
    const { home, loan, standing } = entry;
    await home.documents.delete(documentOf(loan.volume));
    lent.delete(loan.volume);
    replaceRecorder(entry, null);
    standing.role = ownRole(standing.own);
    if (home.marks.ids().includes(loan.pairId)) await home.marks.delete(loan.pairId);
    await standings.release(standing);
  };

  return {
    list: () => [...lent.values()].map(({ loan }) => loan),
    async lend(wanted, { isNew = true } = {}) {
      if (taken.has(wanted.pairId)) throw takenFailure(wanted);
      const before = lent.get(wanted.volume);
      if (!isNew && before?.loan.pairId !== wanted.pairId) throw notLent(wanted);
      if (before !== undefined) checkSameLender(before.loan, wanted);
      const home = homeOf(wanted.volume);
      const standing = before?.standing ?? standings.use(wanted.volume);
      const entry: Lent = before ?? { loan: { ...wanted, recording: null }, standing, home, recorder: null };
      try {
        if (before === undefined) checkFree(standing);
        // A pair of the same volumes under another id is another pair: nothing was recorded for it.
        const isSame = before?.loan.pairId === wanted.pairId;
        const loan = { ...wanted, recording: isSame ? before.loan.recording : null };
        await whileQuiet(standing, async () => {
          await save(home, loan);
          if (!isSame) replaceRecorder(entry, null);
          hold(entry, loan);
        });
        return standing.store;
      } catch (error) {
        if (before === undefined) await standings.release(standing);
        throw error;
      }
    },
    async giveBack({ volume, pairId }) {
      const entry = lent.get(volume);
      if (entry?.loan.pairId === pairId) await end(entry);
      await taken.get(pairId)?.documents.delete(`${takenPrefix}${pairId}`);
      taken.delete(pairId);
    },
    async takeBack(name) {
      const entry = find(name);
      // Dying after this: still lent, and yet of no use to the pair, until the command is given again.
      await entry.home.documents.put(`${takenPrefix}${name.pairId}`, { volume: name.volume });
      taken.set(name.pairId, entry.home);
      await end(entry);
    },
    async openToHosts(name, split) {
      const entry = find(name);
      const { recording } = entry.loan;
      if (recording?.splitId === split.splitId && recording.isOpen) return;
      await whileQuiet(entry.standing, async () => {
        if (recording?.splitId === split.splitId) {
          const loan = { ...entry.loan, recording: { ...recording, isOpen: true } };
          await save(entry.home, loan);
          return hold(entry, loan);
        }
        const begun = await beginRecording(recorderOptions(entry), split);
        const loan = { ...entry.loan, recording: begun.recording };
        await save(entry.home, loan);
        replaceRecorder(entry, begun.recorder);
        hold(entry, loan);
      });
    },
    async closeToHosts(name) {
      const entry = find(name);
      if (entry.recorder === null) return [];
      await whileQuiet(entry.standing, async () => {
        const { recording } = entry.loan;
        if (recording?.isOpen !== true) return;
        const loan = { ...entry.loan, recording: { ...recording, isOpen: false } };
        await save(entry.home, loan);
        hold(entry, loan);
      });
      return writtenRuns(entry.recorder);
    },
    async load(home) {
      for (const document of home.documents.names()) {
        if (document.startsWith(takenPrefix)) taken.set(document.slice(takenPrefix.length), home);
        if (!document.startsWith(documentPrefix)) continue;
        const loan = decodeLoan(home.documents.get(document));
        if (loan === null || documentOf(loan.volume) !== document) {
          const text = `What is kept of a lent volume in document ${document} makes no sense: delete it, then the pair.`;
          throw pairFailure("PAIR_RECORD_DAMAGED", text);
        }
        const entry: Lent = { loan, home, standing: standings.useOrFail(loan.volume, 0), recorder: null };
        hold(entry, loan);
        const { recording } = loan;
        if (recording !== null) replaceRecorder(entry, await resumeRecording(recorderOptions(entry), recording));
      }
    },
    async close() {
      for (const entry of lent.values()) {
        replaceRecorder(entry, null);
        await standings.release(entry.standing);
      }
      lent.clear();
    },
  };
}

function checkSameLender(before: Loan, { primary, primaryNode }: Omit<Loan, "recording">): void {
  if (before.primary === primary && before.primaryNode === primaryNode) return;
  const whose = `the secondary of pair ${before.primary}/${before.volume} of node ${before.primaryNode}`;
  const text = `Volume ${before.volume} is ${whose}; first wayctl pair delete ${before.primary} ${before.volume}.`;
  throw new Failure("VOLUME_IN_USE", text);
}

function notLent({ volume, primary }: Omit<Loan, "recording">): Failure {
  const text = `Volume ${volume} is not lent to pair ${primary}/${volume}, and may hold anything`;
  return pairFailure("UNKNOWN_PAIR", `${text}: wayctl pair delete ${primary} ${volume}, and create it anew.`);
}

function takenFailure({ volume, primary, primaryNode }: Omit<Loan, "recording">): Failure {
  const text =
    `Volume ${volume} was taken back from pair ${primary}/${volume} of node ${primaryNode} by command: ` +
    `wayctl pair delete ${primary} ${volume} there, and create it anew.`;
  return pairFailure("UNKNOWN_PAIR", text);
}

function checkFree({ name, role, own }: Standing): void {
  const pair = role.side === "primary" ? own.mirrors()[0] : role.side;
  if (pair === undefined) return;
  const text = `Volume ${name} is part of pair ${pair.name}; first wayctl pair delete ${pair.volumes}.`;
  throw new Failure("VOLUME_IN_USE", text);
}

/**
 * What an array asked its disks for, and why: so that tests can show what is not read (SPEC A7), and people where the
 * time goes. Counted when it is asked, whether or not it succeeds.
 */

export type IoPurpose =
  /** Read because somebody wants these bytes. */
  | "hostRead"
  /** Read because the disk that held them is gone. */
  | "reconstructionRead"
  /** Read before a write, to form parity. */
  | "oldDataRead"
  | "oldParityRead"
  /** Written in place. */
  | "dataWrite"
  | "parityWrite"
  /** Written to the stripe log, on each disk that carries it. */
  | "logWrite";

export interface IoCount {
  readonly operations: number;
  readonly bytes: number;
}

/** Since the array was opened. */
export type IoCounts = Readonly<Record<IoPurpose, IoCount>>;

export interface IoCounters {
  count(purpose: IoPurpose, bytes: number): void;
  counts(): IoCounts;
}

export function createIoCounters(): IoCounters {
  const none = (): { operations: number; bytes: number } => ({ operations: 0, bytes: 0 });
  const totals = {
    hostRead: none(),
    reconstructionRead: none(),
    oldDataRead: none(),
    oldParityRead: none(),
    dataWrite: none(),
    parityWrite: none(),
    logWrite: none(),
  };
  return {
    count(purpose, bytes) {
      totals[purpose].operations++;
      totals[purpose].bytes += bytes;
    },
    counts: () => structuredClone(totals),
  };
}

/**
 * The mirror pairs of a node as operators and hosts see them: reports and commands, and what hosts may do with an S-VOL,
 * which changes with the state of its pair, and ends their sessions then.
 */
import type { Clock } from "@waystation/contracts/clock";
import { Failure } from "@waystation/contracts/errors";
import type { Log } from "@waystation/contracts/log";
import type {
  LoanOrder,
  PairCommand,
  PairDeletion,
  PairName,
  PairOrder,
  PairReport,
} from "@waystation/contracts/storage-front";
import type { StandaloneAccess, StandaloneFront } from "@waystation/node/standalone-front";
import { openPairs, type Pairs } from "@waystation/volumes/pairs/open-pairs";
import { pairHomeOn } from "@waystation/volumes/pairs/pair-home";
import { towardsSplit } from "@waystation/volumes/pairs/pair-phase";
import type { PairStatus } from "@waystation/volumes/pairs/pair-status";
import type { RemoteSecondaries } from "@waystation/volumes/pairs/remote-secondary";
import type { OpenArray } from "./array-report.js";
import { createLoanDesk, type LoanDesk } from "./loan-desk.js";
import { allPlaces, placeOf } from "./volume-places.js";

export interface PairDesk {
  /** A volume as hosts have it, with whatever pairs it is part of. */
  readonly volume: Pairs["volume"];
  list(): readonly PairReport[];
  create(order: PairOrder): Promise<void>;
  split(command: PairCommand): Promise<void>;
  resync(command: PairCommand): Promise<void>;
  restore(pair: PairName): Promise<void>;
  delete(pair: PairDeletion): Promise<void>;
  /** Volumes lent to pairs of other nodes. */
  readonly loans: LoanDesk;
  readonly lent: Pick<Pairs["loans"], "openToHosts" | "closeToHosts">;
  /** What a volume is in its pairs, and what its hosts may do with it; `detail` is "" outside of pairs. */
  accessOf(volume: string): VolumeStanding;
  /** Runs `copy` of the volume. Rejects with `PAIR_STATE` while what the volume holds lies in part on another one. */
  whileWhole<T>(volume: string, copy: () => Promise<T>): Promise<T>;
  /** The commands that would take it out of its pairs; null when it is in none. */
  deletionOf(volume: string): string | null;
  close(): Promise<void>;
}

export interface VolumeStanding {
  /** "P-VOL of db-copy PAIR (in sync)". */
  readonly detail: string;
  readonly access: StandaloneAccess;
}

export interface PairDeskOptions {
  readonly arrays: readonly OpenArray[];
  readonly front: StandaloneFront;
  /** Other nodes, as places for S-VOLs. */
  readonly remotes: RemoteSecondaries;
  /** Throws where a volume is not for pairs: of a group, a journal, a snapshot. */
  readonly checkFree: (volume: string) => void;
  readonly clock: Clock;
  readonly log: Log;
}

export async function openPairDesk(options: PairDeskOptions): Promise<PairDesk> {
  const { arrays, front, remotes, checkFree, clock, log } = options;
  const homes = new Map(arrays.map((on) => [on, pairHomeOn(on.volumes)]));
  // Until the pairs are there nobody has a volume open.
  const opened: { pairs: Pairs | null } = { pairs: null };
  const tellHosts = (volume: string): void => {
    if (opened.pairs === null) return;
    const { access, detail } = standingOf(arrays, opened.pairs, volume);
    // Not waited for: what is under way ends by itself, and the pairs order it.
    void front.setAccess(volume, access, detail === "" ? standaloneText : detail);
  };
  const pairs = await openPairs({
    homes: [...homes.values()],
    homeOf: (volume) => homes.get(placeOf(arrays, volume).on) ?? noHome(volume),
    openVolume(name) {
      const { on, volume } = placeOf(arrays, name);
      return on.volumes.open(volume.name);
    },
    onAccessChange: tellHosts,
    remotes,
    clock,
    log,
  });
  opened.pairs = pairs;

  const loans = createLoanDesk({
    loans: pairs.loans,
    front,
    checkFree(volume) {
      checkFree(volume);
      checkWritable(arrays, volume);
    },
  });

  return {
    volume: (name) => pairs.volume(name),
    list: () => pairs.list().map(reportPair),
    async create({ primary, secondary, secondaryNode }) {
      checkFree(primary);
      if (secondaryNode === "") {
        checkFree(secondary);
        checkWritable(arrays, secondary);
      }
      await pairs.create({ primary, secondary, ...(secondaryNode === "" ? {} : { secondaryNode }) });
    },
    async split({ quick, ...pair }) {
      await pairs.split(pair, { quick });
    },
    async resync({ quick, ...pair }) {
      await pairs.resync(pair, { quick });
    },
    async restore(pair) {
      await pairs.restore(pair);
    },
    async delete({ force, ...pair }) {
      const isOurs = pairs.pairsOf(pair.primary).some(({ secondary }) => secondary === pair.secondary);
      const isLent = ({ volume, primary }: Pick<LoanOrder, "volume" | "primary">): boolean =>
        volume === pair.secondary && primary === pair.primary;
      const loan = isOurs ? undefined : pairs.loans.list().find(isLent);
      if (loan === undefined) return pairs.delete(pair, { force });
      if (!force) throw lentFailure(loan);
      await loans.takeBack(loan);
    },
    lent: pairs.loans,
    loans,
    accessOf: (volume) => standingOf(arrays, pairs, volume),
    // A command that came between would have the volume copied while it is being written over.
    whileWhole: (volume, copy) =>
      pairs.betweenCommands(() => {
        checkWhole(pairs, volume);
        return copy();
      }),
    deletionOf(volume) {
      const commands = pairs.pairsOf(volume).map(({ primary, secondary }) => deletionOf(primary, secondary));
      for (const { volume: lent, primary } of pairs.loans.list())
        if (lent === volume) commands.push(deletionOf(primary, lent));
      return commands.length === 0 ? null : commands.join(", ");
    },
    close: () => pairs.close(),
  };
}

/** What is said of a volume in no pair. */
export const standaloneText = "volume in no group";

function standingOf(arrays: readonly OpenArray[], pairs: Pairs, name: string): VolumeStanding {
  const { access, detail } = pairs.accessOf(name);
  // A pair may name a volume of an array that is not here any more.
  const snapshotOf = allPlaces(arrays).find(({ volume }) => volume.name === name)?.volume.snapshotOf ?? null;
  if (snapshotOf === null) return { access, detail };
  const what = `snapshot of ${snapshotOf}`;
  return { access: access === "closed" ? access : "read-only", detail: detail === "" ? what : `${what}, ${detail}` };
}

function checkWritable(arrays: readonly OpenArray[], secondary: string): void {
  const { snapshotOf } = placeOf(arrays, secondary).volume;
  if (snapshotOf === null) return;
  const text = `${secondary} is a snapshot of ${snapshotOf} and cannot be written: make a clone of it, and pair that`;
  throw new Failure("VOLUME_KIND", text);
}

function checkWhole(pairs: Pairs, volume: string): void {
  for (const { primary, secondary, secondaryNode, phase, description } of pairs.pairsOf(volume)) {
    // The S-VOL of another node may have the same name as its P-VOL here.
    const isSecondary = secondaryNode === null && volume === secondary;
    const isWhole = isSecondary ? phase === "split" : phase !== "restore" && phase !== "restore-suspended";
    if (isWhole) continue;
    const text = `what ${volume} holds lies in part on the other side of pair ${primary} ${secondary}, which is in`;
    const legal = towardsSplit(`${primary} ${secondary}`, phase);
    throw new Failure("PAIR_STATE", `${text} ${description}; ${legal}`);
  }
  const loan = pairs.loans.list().find((lent) => lent.volume === volume);
  if (loan === undefined || loan.recording?.isOpen === true) return;
  const text = `${volume} is the S-VOL of ${loan.primary} on ${loan.primaryNode}, which alone uses it`;
  throw new Failure("PAIR_STATE", `${text}; first wayctl pair split ${loan.primary} ${volume}`);
}

function lentFailure({ volume, primary, primaryNode }: Pick<LoanOrder, "volume" | "primary" | "primaryNode">): Failure {
  const command = deletionOf(primary, volume);
  const text =
    `pair ${primary}/${volume} belongs to node ${primaryNode}: ${command} there; or, if that node is gone for good, ` +
    `${command} --force here, which leaves ${volume} to its hosts as it is`;
  return new Failure("PAIR_STATE", text);
}

function noHome(volume: string): never {
  throw new Failure("VOLUME_NOT_FOUND", `no array of this node has a volume ${volume}`);
}

function deletionOf(primary: string, secondary: string): string {
  return `wayctl pair delete ${primary} ${secondary}`;
}

function reportPair(status: PairStatus): PairReport {
  const { primary, secondary, secondaryNode, state, phase, copy, regionBytes, sizeBytes, differingRegions, reason } =
    status;
  const behind = reason === null ? status.description : `${status.description}: ${reason}`;
  return {
    primary,
    secondary,
    secondaryNode: secondaryNode ?? "",
    state: state === "SMPL" ? "PSUE" : state,
    direction: phase === "restore" || phase === "restore-suspended" ? "reverse" : "forward",
    detail: behind,
    regionBytes,
    dirtyRegions: differingRegions,
    regions: Math.ceil(sizeBytes / regionBytes),
    progress: copy === null ? null : progressOf(copy),
  };
}

function progressOf({ doneBytes, totalBytes, bytesPerSecond, remainingMs }: NonNullable<PairStatus["copy"]>) {
  return { doneBytes, totalBytes, bytesPerSecond, remainingMs };
}

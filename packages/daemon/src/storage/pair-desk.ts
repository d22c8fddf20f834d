/**
 * The mirror pairs of a node as operators and hosts see them: reports and commands, and what hosts may do with an S-VOL,
 * which changes with the state of its pair. Sessions on an S-VOL end before a command makes it something else, so that no
 * host reads on in what is being copied over.
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
import { pairTable, type PairPhase } from "@waystation/volumes/pairs/pair-phase";
import type { PairStatus } from "@waystation/volumes/pairs/pair-status";
import type { RemoteSecondaries } from "@waystation/volumes/pairs/remote-secondary";
import type { OpenArray } from "./array-report.js";
import { createLoanDesk, type LoanDesk } from "./loan-desk.js";
import { placeOf } from "./volume-places.js";

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
  /** What a volume is in its pairs, and what its hosts may do for it; null outside of pairs. */
  standingOf(volume: string): VolumeStanding | null;
  /** Lets hosts do with each S-VOL what its pair's state allows now. To be called every now and then: copies end. */
  refresh(): void;
  close(): Promise<void>;
}

export interface VolumeStanding {
  /** "P-VOL of db-copy", "S-VOL of db, PAIR (in sync)". */
  readonly detail: string;
  readonly access: StandaloneAccess;
  /** The command that would free it. */
  readonly deletion: string;
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

export async function openPairDesk({
  arrays,
  front,
  remotes,
  checkFree,
  clock,
  log,
}: PairDeskOptions): Promise<PairDesk> {
  const homes = new Map(arrays.map((on) => [on, pairHomeOn(on.volumes)]));
  const pairs = await openPairs({
    homes: [...homes.values()],
    homeOf: (volume) => homes.get(placeOf(arrays, volume).on) ?? noHome(volume),
    openVolume(name) {
      const { on, volume } = placeOf(arrays, name);
      return on.volumes.open(volume.name);
    },
    remotes,
    clock,
    log,
  });

  const standingOf = (volume: string): VolumeStanding | null => {
    const loan = pairs.loans.list().find((lent) => lent.volume === volume);
    if (loan !== undefined) return lentStanding(loan);
    const own = pairs.pairsOf(volume);
    const asSecondary = own.find(({ secondary }) => secondary === volume);
    if (asSecondary !== undefined) return secondaryStanding(asSecondary);
    if (own.length === 0) return null;
    const names = own.map(({ secondary }) => secondary).join(", ");
    return { detail: `P-VOL of ${names}`, access: "read-write", deletion: deletionOf(own) };
  };
  const refreshOne = (volume: string): Promise<void> => {
    const standing = standingOf(volume);
    return front.setAccess(volume, standing?.access ?? "read-write", standing?.detail ?? "volume in no group");
  };
  /** The S-VOL of another node is that one's to open and to close. */
  const isRemote = (pair: PairName): boolean =>
    pairs.list().some((status) => isSame(status, pair) && status.secondaryNode !== null);
  const refreshBoth = async (pair: PairName): Promise<void> => {
    await refreshOne(pair.primary);
    if (!isRemote(pair)) await refreshOne(pair.secondary);
  };
  /** Runs a command after which hosts may do something else with the S-VOL than they may now. */
  const withoutHosts = async (pair: PairName, detail: string, run: () => Promise<unknown>): Promise<void> => {
    if (!isRemote(pair)) await front.setAccess(pair.secondary, "closed", detail);
    try {
      await run();
    } finally {
      await refreshBoth(pair);
    }
  };
  /** What is refused, or done already, leaves the sessions alone. */
  const changes = (pair: PairName, command: "resync" | "quick-resync" | "restore"): boolean => {
    const { phase } = pairs.show(pair);
    const to = pairTable[phase].commands[command];
    return typeof to === "string" && to !== phase;
  };

  /** Not waited for: sessions are told at once, and new ones find the new access. */
  const refresh = (): void => {
    for (const { secondary, secondaryNode } of pairs.list()) if (secondaryNode === null) void refreshOne(secondary);
  };

  return {
    volume: (name) => pairs.volume(name),
    list() {
      // Whoever is told of a state may use what it allows.
      refresh();
      return pairs.list().map(reportPair);
    },
    async create({ primary, secondary, secondaryNode }) {
      checkFree(primary);
      if (secondaryNode !== "") {
        await pairs.create({ primary, secondary, secondaryNode });
        return refreshOne(primary);
      }
      checkFree(secondary);
      const pair = { primary, secondary };
      await withoutHosts(pair, `S-VOL of ${primary}, being copied`, () => pairs.create(pair));
    },
    async split({ quick, ...pair }) {
      await pairs.split(pair, { quick });
      await refreshBoth(pair);
    },
    async resync({ quick, ...pair }) {
      const run = () => pairs.resync(pair, { quick });
      const detail = `S-VOL of ${pair.primary}, being resynchronised`;
      if (changes(pair, quick ? "quick-resync" : "resync")) await withoutHosts(pair, detail, run);
      else await run();
    },
    async restore(pair) {
      const run = () => pairs.restore(pair);
      const detail = `S-VOL of ${pair.primary}, which is being restored`;
      if (changes(pair, "restore")) await withoutHosts(pair, detail, run);
      else await run();
    },
    async delete({ force, ...pair }) {
      const wasRemote = isRemote(pair);
      await pairs.delete(pair, { force });
      await refreshOne(pair.primary);
      if (!wasRemote) await refreshOne(pair.secondary);
    },
    loans: createLoanDesk({ loans: pairs.loans, front, checkFree, refresh: refreshOne }),
    standingOf,
    refresh,
    close: () => pairs.close(),
  };
}

function noHome(volume: string): never {
  throw new Failure("VOLUME_NOT_FOUND", `no array of this node has a volume ${volume}`);
}

function isSame(a: PairName, b: PairName): boolean {
  return a.primary === b.primary && a.secondary === b.secondary;
}

export function secondaryAccess(phase: PairPhase): StandaloneAccess {
  const { secondaryRead, secondaryWrite } = pairTable[phase].host;
  if (secondaryRead === "refused") return "closed";
  return secondaryWrite === "refused" ? "read-only" : "read-write";
}

function secondaryStanding(status: PairStatus): VolumeStanding {
  return {
    detail: `S-VOL of ${status.primary}, ${status.description}`,
    access: secondaryAccess(status.phase),
    deletion: deletionOf([status]),
  };
}

function lentStanding({ volume, primary, primaryNode }: LoanOrder): VolumeStanding {
  const deletion = `wayctl pair delete ${primaryNode}/${primary} ${volume}`;
  return { detail: `S-VOL of ${primaryNode}/${primary}`, access: "closed", deletion };
}

function deletionOf(pairs: readonly PairStatus[]): string {
  return pairs.map(({ primary, secondary }) => `wayctl pair delete ${primary} ${secondary}`).join(", ");
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

/**
 * The mirror pairs of a node (SPEC A5-A10): brings them back at start, carries out commands, says how they are.
 *
 * Every volume of the node is to be opened here, whether or not it has a pair now: hosts keep their handles while pairs
 * come and go. Commands run one after the other.
 */
import { randomBytes } from "node:crypto";
import type { DurableBlockStore } from "@waystation/contracts/block-device";
import type { Clock } from "@waystation/contracts/clock";
import { Failure, reasonOf } from "@waystation/contracts/errors";
import type { Log } from "@waystation/contracts/log";
import { marksBytes } from "../core/marks-layout.js";
import { decideCommand, describePhase, type PairCommand, type PairPhase } from "../core/pair-phase.js";
import { pairFailure } from "../errors.js";
import { defaultPace, type CopyPace } from "./copier.js";
import { createLoans, type Loans } from "./loans.js";
import { checkPrimary, checkSecondary, checkSiblings, type NewPair, type PairName } from "./pair-checks.js";
import type { PairHome } from "./pair-home.js";
import { createPairRegistry, isPairDocument, type Pair, type PairRegistry } from "./pair-registry.js";
import { statusOf, type PairStatus } from "./pair-status.js";
import { flushSecondary, makeEven, preparePhase } from "./phase-change.js";
import type { RemoteSecondaries, RemoteVolume } from "./remote-secondary.js";
import { dropOrphanClaims } from "./secondary-claim.js";
import { createStandings, type Standing, type Standings } from "./standings.js";
import type { VolumeAccessNow } from "./volume-access.js";

export interface PairPorts {
  /** The arrays of this node, as places for the state of pairs. */
  readonly homes: readonly PairHome[];
  /** The array that has the volume. Throws `VOLUME_NOT_FOUND`. */
  readonly homeOf: (volume: string) => PairHome;
  /** A volume as it is without pairs. Throws `VOLUME_NOT_FOUND`. */
  readonly openVolume: (name: string) => DurableBlockStore;
  /** Other nodes, as places for secondaries. */
  readonly remotes?: RemoteSecondaries;
  /** Called when what hosts may do with a volume, or what is to be said of it, may have changed. */
  readonly onAccessChange?: (volume: string) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly pace?: CopyPace;
}

export interface Pairs {
  /** A host's handle on a volume. Throws as the port does. */
  volume(name: string): DurableBlockStore;
  list(): readonly PairStatus[];
  /** Throws `UNKNOWN_PAIR`, as all that name a pair do. */
  show(name: PairName): PairStatus;
  /** Begins the initial copy. What the secondary held is gone. Rejects with `VOLUME_IN_USE` or `VOLUME_SIZE`. */
  create(pair: NewPair): Promise<PairStatus>;
  /** These reject with `PAIR_STATE` when the command is not legal now, and are done already when repeated. */
  split(name: PairName, options?: { readonly quick?: boolean }): Promise<PairStatus>;
  resync(name: PairName, options?: { readonly quick?: boolean }): Promise<PairStatus>;
  restore(name: PairName): Promise<PairStatus>;
  delete(name: PairName, options?: { readonly force?: boolean }): Promise<void>;
  /** Resolves when no copy is under way; `onProgress` is called at each step. */
  wait(name: PairName, onProgress?: (status: PairStatus) => void): Promise<PairStatus>;
  /** The pairs that a volume of this node is part of. */
  pairsOf(volume: string): readonly PairStatus[];
  accessOf(volume: string): VolumeAccessNow;
  /** Runs `work` while no command changes what any pair is. */
  betweenCommands<T>(work: () => Promise<T>): Promise<T>;
  /** Volumes of this node that are secondaries of pairs of others. */
  readonly loans: Omit<Loans, "load" | "close">;
  /** Ends copying, and clears what need not be copied again. Hosts are gone by then. */
  close(): Promise<void>;
}

/** Brings the pairs back as they were. Rejects with `PAIR_RECORD_DAMAGED`. */
export async function openPairs(ports: PairPorts): Promise<Pairs> {
  const { clock, log, pace = defaultPace } = ports;
  const standings = createStandings(ports.openVolume);
  const announce = ports.onAccessChange ?? ((): void => {});
  const registry = createPairRegistry({
    ...{ standings, homeOf: ports.homeOf, remotes: ports.remotes ?? null },
    ...{ announce, clock, log, pace },
  });
  const loans = createLoans({ standings, homeOf: ports.homeOf, clock, log });
  let commands: Promise<unknown> = Promise.resolve();
  const oneByOne = <T>(command: () => Promise<T>): Promise<T> => {
    const mine = commands.then(command);
    commands = mine.catch(() => {});
    return mine;
  };
  for (const home of ports.homes) {
    for (const document of home.documents.names()) if (isPairDocument(document)) await registry.load(home, document);
    await loans.load(home);
  }
  for (const home of ports.homes) await removeOrphans(registry, loans, home);
  const context: Context = { ports, standings, registry };

  return {
    volume: (name) => standings.front(name),
    list: () => registry.all().map(show),
    show: (name) => show(registry.find(name)),
    create: (wanted) => oneByOne(() => create(context, wanted)),
    split: (name, { quick = false } = {}) => oneByOne(() => carryOut(context, name, quick ? "quick-split" : "split")),
    resync: (name, { quick = false } = {}) =>
      oneByOne(() => carryOut(context, name, quick ? "quick-resync" : "resync")),
    restore: (name) => oneByOne(() => carryOut(context, name, "restore")),
    delete: (name, { force = false } = {}) => oneByOne(() => remove(context, name, force ? "force-delete" : "delete")),
    wait: (name, onProgress) => waitFor(registry.find(name), onProgress),
    pairsOf: (volume) =>
      registry
        .all()
        .filter(
          ({ place }) => place.primary.name === volume || (place.remote === null && place.secondary.name === volume),
        )
        .map(show),
    close: () =>
      oneByOne(async () => {
        for (const { copier } of registry.all()) await copier.stop();
        for (const { mirror, place } of registry.all()) {
          mirror.close();
          // With nothing to clear, a node that is gone already is no reason to suspend.
          if (mirror.intentCount() > 0) await mirror.settle();
          await standings.release(place.secondary);
          await standings.release(place.primary);
        }
        await loans.close();
      }),
    accessOf: (volume) => standings.accessOf(volume),
    betweenCommands: oneByOne,
    loans: {
      list: () => loans.list(),
      lend: (loan, options) => oneByOne(() => loans.lend(loan, options)).finally(() => announce(loan.volume)),
      giveBack: (name) => oneByOne(() => loans.giveBack(name)).finally(() => announce(name.volume)),
      takeBack: (name) => oneByOne(() => loans.takeBack(name)).finally(() => announce(name.volume)),
      openToHosts: (name, split) => oneByOne(() => loans.openToHosts(name, split)).finally(() => announce(name.volume)),
      closeToHosts: (name) => oneByOne(() => loans.closeToHosts(name)).finally(() => announce(name.volume)),
    },
  };
}

interface Context {
  readonly ports: PairPorts;
  readonly standings: Standings;
  readonly registry: PairRegistry;
}

function show({ mirror, copier }: Pair): PairStatus {
  return statusOf(mirror, copier.figures());
}

/** Marks and claims left by a pair whose creation or deletion was interrupted. */
async function removeOrphans(registry: PairRegistry, loans: Loans, home: PairHome): Promise<void> {
  const ids = new Set([...registry.all().map(({ mirror }) => mirror.id), ...loans.list().map(({ pairId }) => pairId)]);
  for (const id of home.marks.ids()) if (!ids.has(id)) await home.marks.delete(id);
  await dropOrphanClaims(home, ids);
}

async function create(context: Context, wanted: NewPair): Promise<PairStatus> {
  const { ports, standings, registry } = context;
  const home = ports.homeOf(wanted.primary);
  const id = randomBytes(8).toString("hex");
  const used: Standing[] = [];
  const releases: (() => void)[] = [];
  const remote =
    wanted.secondaryNode === undefined ? null : remoteVolume(id, { ...wanted, node: wanted.secondaryNode });
  try {
    const primary = standings.use(wanted.primary);
    used.push(primary);
    checkPrimary(wanted, primary);
    const secondary = remote === null ? standings.use(wanted.secondary) : await borrow(context, remote);
    used.push(secondary);
    checkSecondary(wanted, primary, secondary);
    for (const standing of used) releases.push(await standing.own.quiesce());
    for (const standing of used) await standing.store.flush();
    return show(await registry.establish(id, wanted, { home, primary, secondary, remote }));
  } catch (error) {
    if (remote !== null && used.length > 1) await giveBack(context, remote);
    for (const standing of used) await standings.release(standing);
    throw error;
  } finally {
    for (const release of releases) release();
  }
}

function remoteVolume(
  pairId: string,
  { node, secondary, primary }: PairName & { readonly node: string },
): RemoteVolume {
  return { node, volume: secondary, pairId, primary };
}

async function borrow({ ports: { remotes }, standings }: Context, remote: RemoteVolume): Promise<Standing> {
  if (remotes === undefined) throw new Failure("IO_ERROR", `Nothing here reaches node ${remote.node}.`);
  const { sizeBytes } = await remotes.borrow(remote);
  return standings.foreign(remote.volume, remotes.open(remote, sizeBytes));
}

/** Left lent if the node cannot be reached: the same primary may have it again, and its operator may take it back. */
async function giveBack({ ports: { remotes, log } }: Context, remote: RemoteVolume): Promise<void> {
  await remotes?.giveBack(remote).catch((error: unknown) => {
    log.warn({ ...remote, reason: reasonOf(error) }, `volume ${remote.volume} could not be given back`);
  });
}

function decide({ mirror }: Pair, command: PairCommand): PairPhase {
  const decision = decideCommand(mirror.volumes, mirror.phase(), command);
  if (decision.kind === "go") return decision.to;
  const text =
    `Pair ${mirror.name} is in ${describePhase(mirror.phase())}: ${command} is not legal now; ` +
    `legal: ${decision.instead}.`;
  throw pairFailure("PAIR_STATE", text, { details: { pair: mirror.name, state: mirror.rules().state } });
}

/** Commands that bring two sides together again that were apart. */
const returns: readonly PairCommand[] = ["resync", "quick-resync", "restore"];

async function carryOut(context: Context, name: PairName, command: PairCommand): Promise<PairStatus> {
  const pair = context.registry.find(name);
  const { mirror, place, remoteHosts } = pair;
  const wanted = decide(pair, command);
  checkSiblings(mirror, wanted, context.registry.siblingsOf(pair));
  try {
    if (wanted === mirror.phase()) return show(pair);
    // Before the primary's hosts are held up: a node that does not answer takes its time.
    if (remoteHosts !== null && returns.includes(command)) await flushSecondary(mirror);
    if (mirror.phase() === "split") await remoteHosts?.recall();
    const release = await place.primary.own.quiesce();
    try {
      const to = decide(pair, command);
      if (to !== mirror.phase()) await changePhase(context, pair, to);
    } finally {
      release();
    }
    return show(pair);
  } finally {
    // Also where it was refused after all: then the volume is its hosts' again.
    await remoteHosts?.follow();
  }
}

/** Nothing is under way on either side. */
async function changePhase({ ports: { log }, registry }: Context, pair: Pair, to: PairPhase): Promise<void> {
  const { mirror, place } = pair;
  const siblings = registry.siblingsOf(pair);
  checkSiblings(mirror, to, siblings);
  const openMarks = (): Promise<DurableBlockStore> =>
    place.home.marks.create(mirror.id, marksBytes(mirror.marks().regionCount));
  const next = await preparePhase({ primary: place.primary.store, mirror, siblings, to, openMarks });
  const began = mirror.turn();
  await registry.save(place.home, next.record);
  if (mirror.turn() !== began) {
    // A failure came between: it counts, on disk too.
    await registry.save(place.home, mirror.record());
    const text = `Pair ${mirror.name} became ${describePhase(mirror.phase())}: ${mirror.record().reason ?? ""}`;
    throw pairFailure("PAIR_STATE", `${text}; give the command again when that is mended.`);
  }
  mirror.adopt(next.record, next.kept);
  log.info({ pair: mirror.name, phase: mirror.phase() }, `pair ${mirror.name} is ${describePhase(mirror.phase())}`);
}

/**
 * Dying before the record is deleted leaves the pair as it is; after it, no pair, and marks that are nobody's. What is
 * still owed to either side stays where it is: the table lets only a forced deletion go so far.
 */
async function remove(context: Context, name: PairName, command: "delete" | "force-delete"): Promise<void> {
  const { ports, standings, registry } = context;
  const pair = registry.find(name);
  const { mirror, place, copier } = pair;
  decide(pair, command);
  const release = await place.primary.own.quiesce();
  try {
    decide(pair, command);
    // So that each side has what its hosts were told, for itself.
    if (mirror.phase() === "duplex" && command === "delete") await makeEven(mirror);
    await registry.remove(pair);
  } finally {
    release();
  }
  await copier.stop();
  await place.home.marks.delete(mirror.id).catch((error: unknown) => {
    ports.log.warn({ pair: mirror.name, reason: reasonOf(error) }, "the marks of a deleted pair are still there");
  });
  if (place.remote !== null) await giveBack(context, place.remote);
  await standings.release(place.secondary);
  await standings.release(place.primary);
}

async function waitFor(pair: Pair, onProgress?: (status: PairStatus) => void): Promise<PairStatus> {
  const { mirror } = pair;
  await new Promise<void>((resolve) => {
    const look = (): void => {
      onProgress?.(show(pair));
      if (mirror.rules().copies !== null) return;
      stop();
      resolve();
    };
    const stop = mirror.onChange(look);
    look();
  });
  if (mirror.phase() === "simplex") throw pairFailure("UNKNOWN_PAIR", `Pair ${mirror.name} was deleted meanwhile.`);
  await mirror.ensureSaved();
  return show(pair);
}

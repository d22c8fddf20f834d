/**
 * The pairs of a node with all that belongs to each, and how one comes to be: brought back from its record, or new.
 */
import type { DurableBlockStore } from "@waystation/contracts/block-device";
import type { Clock } from "@waystation/contracts/clock";
import type { Log } from "@waystation/contracts/log";
import { marksBytes } from "../core/marks-layout.js";
import { decodePair, encodePair, type PairRecord } from "../core/pair-record.js";
import { phaseAfter } from "../core/pair-phase.js";
import { regionBytesFor } from "../core/region-marks.js";
import { pairFailure } from "../errors.js";
import { createCopier, type Copier, type CopyPace } from "./copier.js";
import { loadMirror } from "./load-mirror.js";
import { formatMarks } from "./marks-store.js";
import { createMirror, type Mirror } from "./mirror.js";
import type { NewPair, PairName } from "./pair-checks.js";
import type { PairHome } from "./pair-home.js";
import { newEpoch } from "./phase-change.js";
import { createRemoteHosts, type RemoteHosts } from "./remote-hosts.js";
import type { RemoteSecondaries, RemoteVolume } from "./remote-secondary.js";
import { claimSecondary, dropClaim, isClaimedBy, withAnotherSecondary } from "./secondary-claim.js";
import { goneStore, ownRole, type Standing, type Standings } from "./standings.js";

export interface Pair {
  readonly mirror: Mirror;
  readonly copier: Copier;
  readonly place: PairPlace;
  /** Null when the secondary is here. */
  readonly remoteHosts: RemoteHosts | null;
}

/** Where a pair lies. */
export interface PairPlace {
  readonly home: PairHome;
  readonly primary: Standing;
  readonly secondary: Standing;
  /** Set when another node has the secondary. */
  readonly remote: RemoteVolume | null;
}

export interface PairRegistry {
  all(): readonly Pair[];
  /** Throws `UNKNOWN_PAIR`. */
  find(name: PairName): Pair;
  /** The other pairs of the same primary. */
  siblingsOf(pair: Pair): readonly Mirror[];
  /** Brings a pair back. Rejects with `PAIR_RECORD_DAMAGED`. */
  load(home: PairHome, document: string): Promise<void>;
  /** Begins a pair of volumes that nothing is under way on. `id` is new. */
  establish(id: string, wanted: NewPair, place: PairPlace): Promise<Pair>;
  save(home: PairHome, record: PairRecord): Promise<void>;
  /** Forgets a pair; its volumes are their own again. */
  remove(pair: Pair): Promise<void>;
}

export interface RegistryOptions {
  readonly standings: Standings;
  /** The array of a volume. Throws when there is none. */
  readonly homeOf: (volume: string) => PairHome;
  readonly remotes: RemoteSecondaries | null;
  /** Told of each volume whose hosts may be able to do more or less than before. */
  readonly announce: (volume: string) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly pace: CopyPace;
}

const documentPrefix = "pairs/";

export function isPairDocument(name: string): boolean {
  return name.startsWith(documentPrefix);
}

export function createPairRegistry({
  standings,
  homeOf,
  remotes,
  announce,
  clock,
  log,
  pace,
}: RegistryOptions): PairRegistry {
  const pairs = new Map<string, Pair>();

  const attach = (mirror: Mirror, place: PairPlace): Pair => {
    const { primary, secondary } = place;
    const sides = { primary: primary.store, mirror };
    const hostRequests = primary.own.requests;
    const copier = createCopier({ sides, locks: primary.own.locks, pace, clock, hostRequests });
    const { remote } = place;
    const remoteHosts =
      remote === null || remotes === null ? null : createRemoteHosts({ mirror, remote, remotes, log });
    const pair = { mirror, copier, place, remoteHosts };
    primary.own.attach(mirror);
    secondary.role = { family: primary.own, side: mirror, loan: null };
    pairs.set(mirror.name, pair);
    let turn = mirror.turn();
    void remoteHosts?.follow();
    mirror.onChange(() => {
      copier.wake();
      void remoteHosts?.follow();
      if (turn === mirror.turn()) return;
      turn = mirror.turn();
      announceBoth(place);
    });
    copier.wake();
    announceBoth(place);
    return pair;
  };
  const announceBoth = ({ primary, secondary, remote }: PairPlace): void => {
    announce(primary.name);
    if (remote === null) announce(secondary.name);
  };
  /** Null when the volume is gone. */
  const homeOrNull = (volume: string): PairHome | null => {
    try {
      return homeOf(volume);
    } catch {
      return null;
    }
  };
  const save = (home: PairHome, record: PairRecord): Promise<void> =>
    home.documents.put(documentOf(record.id), encodePair(record));

  return {
    all: () => [...pairs.values()],
    find({ primary, secondary }) {
      const pair = pairs.get(`${primary}/${secondary}`);
      if (pair !== undefined) return pair;
      const names = [...pairs.keys()].join(", ");
      throw pairFailure("UNKNOWN_PAIR", `No pair ${primary}/${secondary} on this node; it has: ${names || "none"}.`);
    },
    siblingsOf: ({ mirror, place }) => place.primary.own.mirrors().filter((other) => other !== mirror),
    async load(home, document) {
      const record = decodePair(home.documents.get(document));
      if (record === null || documentOf(record.id) !== document) {
        const text = `What is kept of a pair in document ${document} makes no sense: delete it, and create the pair anew.`;
        throw pairFailure("PAIR_RECORD_DAMAGED", text);
      }
      const primary = standings.useOrFail(record.primary, record.sizeBytes);
      const remote = remoteOf(record);
      const secondary =
        remote === null
          ? standings.useOrFail(record.secondary, record.sizeBytes)
          : standings.foreign(record.secondary, openRemote(remotes, remote, record.sizeBytes));
      const sides = { primary: primary.store, secondary: secondary.store };
      const secondaryHome = remote === null ? homeOrNull(record.secondary) : null;
      const isOurs = secondaryHome === null || isClaimedBy(secondaryHome, record);
      const kept = isOurs ? record : withAnotherSecondary(record);
      if (kept.reason !== null && !isOurs) log.warn({ secondary: record.secondary }, kept.reason);
      const mirror = await loadMirror({ ...sides, record: kept, home, save: (next) => save(home, next), clock, log });
      // Dying before this: found to be another volume again.
      if (!isOurs) await claimSecondary(secondaryHome, record.secondary, record.id);
      attach(mirror, { home, primary, secondary, remote });
    },
    /**
     * Dying before the record is saved leaves marks that are nobody's, removed at the next start; after it, the pair.
     * Nothing has been copied by then.
     */
    async establish(id, wanted, place) {
      const { home, primary, secondary, remote } = place;
      const { sizeBytes } = primary.store;
      const regionBytes = wanted.regionBytes ?? regionBytesFor(sizeBytes);
      const regionCount = Math.ceil(sizeBytes / regionBytes);
      const [marksEpoch, differsPlane] = [newEpoch(), 0 as const];
      const store = await home.marks.create(id, marksBytes(regionCount));
      try {
        const kept = await formatMarks({ store, regionCount, differsPlane, epoch: marksEpoch }, "differs");
        const record: PairRecord = {
          ...{ id, primary: primary.name, secondary: secondary.name, sizeBytes, regionBytes, copyBytes: sizeBytes },
          secondaryNode: remote?.node ?? null,
          ...{ phase: "initial-copy", differsPlane, marksEpoch, marksLost: false, reason: null, splitId: 0 },
        };
        if (remote === null) await claimSecondary(homeOf(secondary.name), secondary.name, id);
        await save(home, record);
        const sides = {
          primary: primary.store,
          secondary: secondary.store,
          save: (next: PairRecord) => save(home, next),
        };
        return attach(createMirror({ ...sides, record, marks: kept.marks, kept, clock, log }), place);
      } catch (error) {
        await home.marks.delete(id).catch(() => {});
        throw error;
      }
    },
    save,
    async remove({ mirror, place }) {
      const { home, primary, secondary } = place;
      const record = mirror.record();
      // First: a copy or a flush that ends meanwhile would save the record again, and the pair would come back.
      mirror.adopt({ ...record, phase: "simplex" });
      try {
        await home.documents.delete(documentOf(mirror.id));
      } catch (error) {
        mirror.adopt({ ...record, phase: phaseAfter(record.phase, "reopened") });
        throw error;
      }
      const secondaryHome = place.remote === null ? homeOrNull(secondary.name) : null;
      // Where that fails, the next start does it.
      if (secondaryHome !== null) await dropClaim(secondaryHome, secondary.name).catch(() => {});
      pairs.delete(mirror.name);
      primary.own.detach(mirror);
      secondary.role = ownRole(secondary.own);
      mirror.close();
      announceBoth(place);
    },
  };
}

function documentOf(id: string): string {
  return `${documentPrefix}${id}`;
}

function remoteOf({ id, primary, secondary, secondaryNode }: PairRecord): RemoteVolume | null {
  return secondaryNode === null ? null : { node: secondaryNode, volume: secondary, pairId: id, primary };
}

function openRemote(remotes: RemoteSecondaries | null, remote: RemoteVolume, sizeBytes: number): DurableBlockStore {
  return remotes?.open(remote, sizeBytes) ?? goneStore(remote.volume, sizeBytes, `nothing here reaches ${remote.node}`);
}

/**
 * What a storage front end (gRPC, wayctl behind it) may ask of a node: its arrays, the volumes on them, and the mirror
 * pairs between volumes (SPEC A). The daemon implements it; the front ends are thin translators.
 *
 * Every answer is plain data about this node only, live when asked. Work that takes long (scrub, rebuild, copy) goes on
 * whether or not anybody watches: whoever wants to wait asks again until the answer says that it has ended. Every refusal
 * is a `Failure` whose message names the array, disk or pair, the state that it is in, and the command that would be legal.
 */

/** How far a piece of work is, and how fast. Figures of the last seconds, not of its whole life. */
export interface WorkProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond: number;
  /** Null while it stands still, or nothing is known yet. */
  readonly remainingMs: number | null;
}

/**
 * `degraded`: all data is there, with less redundancy than the level has. `rebuilding`: degraded, and on the way back.
 * `failed`: every read and write is an I/O error.
 */
export type ArrayHealth = "optimal" | "degraded" | "rebuilding" | "failed";

export type DiskHealth = "active" | "rebuilding" | "absent" | "spare";

export interface DiskReport {
  /** Null for a spare. */
  readonly slot: number | null;
  /** Null when no disk was found for the slot. */
  readonly file: string | null;
  readonly health: DiskHealth;
  /** Why it is not active, or "". */
  readonly reason: string;
  /** Blocks of it that were found wrong and put right from redundancy, since the array was opened. */
  readonly repairedBlocks: number;
  /** Present while `rebuilding`. */
  readonly progress: WorkProgress | null;
}

/** One place that a scrub found wrong. */
export interface ScrubFinding {
  /** The disk's file. */
  readonly disk: string;
  readonly offsetBytes: number;
  /** What was wrong there: "data", "parity", "checksum" and the like. */
  readonly kind: string;
  readonly repaired: boolean;
}

export interface ScrubReport {
  /** Counts the scrubs since the array was opened: 1 is the first. */
  readonly run: number;
  readonly startedWallMs: number;
  readonly endedWallMs: number;
  readonly scannedBytes: number;
  readonly repairedBlocks: number;
  readonly unrepairableBlocks: number;
  /** The first of them, at most as many as fit a screen. */
  readonly findings: readonly ScrubFinding[];
  /** Why it ended before the end of the array; "" when it did not. */
  readonly failure: string;
}

export interface RunningScrub {
  readonly run: number;
  readonly progress: WorkProgress;
}

export interface ArrayReport {
  readonly name: string;
  readonly level: string;
  readonly health: ArrayHealth;
  readonly stripeUnitBytes: number;
  readonly checksums: boolean;
  readonly usableBytes: number;
  /** What new volumes can still use. */
  readonly freeBytes: number;
  /** Kept free, so that volumes with snapshots can be overwritten. */
  readonly reservedBytes: number;
  /** Bytes that cannot be read until they have been written again. */
  readonly lostBytes: number;
  /** Members in the order of their slots, then spares. */
  readonly disks: readonly DiskReport[];
  readonly scrub: RunningScrub | null;
  readonly lastScrub: ScrubReport | null;
}

/** Who uses a volume: hosts themselves, a replication group, or a journal. */
export type VolumeUse = "standalone" | "replicated" | "journal";

export interface StoredVolume {
  readonly name: string;
  readonly array: string;
  /**
   * How its space is kept. `thick`: one run of the array. `mapped`: by a chunk map, room to overwrite all of it kept free.
   * `thin`, and `clone`: by a chunk map, space taken as it is written.
   */
  readonly kind: "thick" | "mapped" | "thin" | "snapshot" | "clone";
  readonly use: VolumeUse;
  readonly sizeBytes: number;
  /** Space of the array that is its own: given back when it is deleted. Null where counting it takes long. */
  readonly usedBytes: number | null;
  /** What hosts may do with it now. */
  readonly access: "read-write" | "read-only" | "closed";
  /** Why not more: "snapshot of vol-a", "S-VOL of vol-p/vol-s"; "" when there is nothing to say. */
  readonly detail: string;
  /** The volume that a snapshot or clone was made of. */
  readonly origin: string | null;
}

export interface VolumeOrder {
  readonly name: string;
  readonly array: string;
  readonly sizeBytes: number;
  /** Takes space as it is written; a write may then fail with `NO_SPACE`. */
  readonly thin: boolean;
}

/** A volume made of another one, on the same array: `name` holds what `origin` holds now. */
export interface CopyOrder {
  readonly origin: string;
  readonly name: string;
}

export interface SnapshotOrder extends CopyOrder {
  /** Keeps no room free for overwriting the volume: writes to it may then fail with `NO_SPACE`. */
  readonly unreserved?: boolean;
}

/** SPEC's vocabulary. `COPY`: initial copy, resync or restore; `PSUS`: split by an operator; `PSUE`: by a failure. */
export type PairState = "COPY" | "PAIR" | "PSUS" | "PSUE";

/** A pair by its volumes: the P-VOL on this node, the S-VOL on this node or on `secondaryNode`. */
export interface PairName {
  readonly primary: string;
  readonly secondary: string;
}

export interface PairReport extends PairName {
  /** "" when the S-VOL is on this node. */
  readonly secondaryNode: string;
  readonly state: PairState;
  /** `reverse` while the P-VOL is being restored from the S-VOL. */
  readonly direction: "forward" | "reverse";
  /** What the state means just now: "quick split, copying behind", or why it was suspended. */
  readonly detail: string;
  /** The unit in which updates are recorded while the pair is split. */
  readonly regionBytes: number;
  /** Regions that differ, or may differ, between the two. */
  readonly dirtyRegions: number;
  readonly regions: number;
  /** Present while regions are being copied. */
  readonly progress: WorkProgress | null;
}

export interface PairOrder extends PairName {
  /** The node of the S-VOL; "" for this one. */
  readonly secondaryNode: string;
}

export interface PairCommand extends PairName {
  /** The host sees the new state at once, and the copy goes on behind (A10). */
  readonly quick: boolean;
}

export interface PairDeletion extends PairName {
  /** Also where that leaves one side half copied. */
  readonly force: boolean;
}

/** What the node of a P-VOL asks of the node that has the S-VOL (A8). */
export interface LoanOrder {
  readonly volume: string;
  /** Unique for ever. */
  readonly pairId: string;
  readonly primaryNode: string;
  readonly primary: string;
  /** For a pair that is being made. Otherwise a volume that is not lent to it is refused: it may hold anything. */
  readonly isNew: boolean;
}

export type LoanName = Pick<LoanOrder, "volume" | "pairId">;

/** One split of a pair: with another one the record of what hosts wrote begins anew. */
export interface SplitTerms {
  readonly splitId: number;
  /** What one mark of the record stands for. */
  readonly regionBytes: number;
}

/** Regions, [first, end). */
export interface RegionRun {
  readonly first: number;
  readonly end: number;
}

export interface LoanTerms {
  readonly sizeBytes: number;
  /** Of the array that it lies on. */
  readonly stripeBytes: number;
  /** The name by which the block service opens it for the pair, until it is lent again. */
  readonly sessionVolume: string;
}

/** Rejections carry a code of `storageErrorCodes`, or of block requests. */
export interface StorageFront {
  arrays(): readonly ArrayReport[];
  /** Starts a scrub, or joins the one that runs; resolves with its run number. */
  scrub(array: string): Promise<number>;
  /** Starts what can be rebuilt: a spare, or a disk that came back to its place. Resolves once it runs. */
  rebuild(array: string): Promise<void>;
  /** Ejects a disk, if the array goes on without it. */
  failDisk(array: string, slot: number): Promise<void>;
  /** Takes the disk that is now at the slot's place for the one that was there, and rebuilds it. */
  replaceDisk(array: string, slot: number): Promise<void>;

  volumes(): readonly StoredVolume[];
  createVolume(order: VolumeOrder): Promise<void>;
  /** Ends the sessions on it, and gives its space back. */
  deleteVolume(name: string): Promise<void>;
  /** Read-only. */
  snapshotVolume(order: SnapshotOrder): Promise<void>;
  /** Of a snapshot; writable. */
  cloneVolume(order: CopyOrder): Promise<void>;

  pairs(): readonly PairReport[];
  createPair(order: PairOrder): Promise<void>;
  splitPair(command: PairCommand): Promise<void>;
  resyncPair(command: PairCommand): Promise<void>;
  /** Copies what the S-VOL has to the P-VOL; hosts see that at once, and the copy goes on behind. */
  restorePair(pair: PairName): Promise<void>;
  deletePair(pair: PairDeletion): Promise<void>;
  /**
   * Takes a volume from its hosts, durably, as the S-VOL of a pair of another node. Whatever was sent for the pair before,
   * and is not carried out when this resolves, never will be.
   */
  lendVolume(order: LoanOrder): Promise<LoanTerms>;
  /** The volume is its hosts' again. One that is not lent for this pair is left alone. */
  returnVolume(loan: LoanName): Promise<void>;
  /** The pair is split: hosts here may use the volume, and what they write is recorded. Rejects with `UNKNOWN_PAIR`. */
  openLentVolume(loan: LoanName, split: SplitTerms): Promise<void>;
  /** Takes it from them again, and tells what they wrote in the last split. Rejects with `UNKNOWN_PAIR`. */
  closeLentVolume(loan: LoanName): Promise<readonly RegionRun[]>;
}

/** What the calls above are refused with, beside the codes of block requests. */
export const storageErrorCodes = [
  "UNKNOWN_ARRAY", // not an array of this node
  "UNKNOWN_DISK", // not a slot of the array
  "UNKNOWN_PAIR", // no such pair on this node
  "ARRAY_STATE", // not legal in the array's, or the disk's, present state
  "ARRAY_EXISTS", // the disk belongs to another array
  "DISK_NOT_EMPTY", // the disk holds something else
  "DISK_TOO_SMALL", // the disk has not the room that the array uses of each
  "DISK_IO", // the disk refuses to be read or written
  "VOLUME_EXISTS", // the name is taken on this node
  "VOLUME_NAME", // not a legal volume name
  "VOLUME_SIZE", // not a size that a volume can have
  "VOLUME_IN_USE", // a group, a journal, a pair, a snapshot or cluster.yaml stands on it
  "VOLUME_NOT_FOUND", // no such volume on the array
  "VOLUME_KIND", // a snapshot where only a volume will do, or a volume where only a snapshot will
  "VOLUME_HAS_SNAPSHOTS", // so it cannot be deleted
  "VOLUME_HAS_CLONES", // so it cannot be deleted
  "PAIR_STATE", // not legal in the pair's present state
] as const;
export type StorageErrorCode = (typeof storageErrorCodes)[number];

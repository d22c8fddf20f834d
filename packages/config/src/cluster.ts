/**
 * The cluster as every daemon sees it: `cluster.yaml`, checked as a whole, with every default filled in, frozen.
 * Who holds a `Cluster` needs no further checks: names resolve, sizes fit, addresses do not clash.
 */
import type { ArrayName, GroupName, NodeName, VolumeName } from "@waystation/contracts/ids";
import type { NodeRole } from "./schema.js";

export interface Address {
  /** A host name or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Where a node listens, and where others reach it. */
export interface Endpoint {
  readonly listen: Address;
  readonly connect: Address;
}

export interface NodeConfig {
  readonly name: NodeName;
  readonly site: string;
  /** The role it starts in; a group's present roles are durable state of its nodes. */
  readonly role: NodeRole;
  readonly grpc: Endpoint;
  readonly nbd: Endpoint | null;
  /** The array that holds its journals, each on a volume of its own; null: they are on LevelDB. */
  readonly journalArray: ArrayName | null;
}

/** A volume that holds the journal of one group on one node. */
export interface JournalVolumeConfig extends VolumePlace {
  readonly group: GroupName;
  readonly name: VolumeName;
  readonly sizeBytes: number;
}

export type ArrayLevel = "raid0" | "raid1" | "raid10" | "raid4" | "raid5" | "raid6";

export interface ArrayConfig {
  readonly node: NodeName;
  readonly name: ArrayName;
  readonly level: ArrayLevel;
  readonly diskCount: number;
  /** One absolute path per disk, or null: directories below the data directory (see `diskPaths`). */
  readonly disks: readonly string[] | null;
  /** The same for its spares (see `sparePaths`). */
  readonly spareCount: number;
  readonly spares: readonly string[] | null;
  readonly stripeUnitBytes: number;
  readonly diskSizeBytes: number;
  readonly checksums: boolean;
  /** Null: only when an operator asks for it. */
  readonly scrubEveryMs: number | null;
}

export interface VolumePlace {
  readonly node: NodeName;
  readonly array: ArrayName;
}

/** A volume that a group replicates, or is to. */
export interface VolumeConfig {
  readonly name: VolumeName;
  readonly sizeBytes: number;
  readonly primary: VolumePlace;
  /** At least one, each on another node. */
  readonly secondaries: readonly VolumePlace[];
  /** Null: no pair yet (SMPL). */
  readonly group: GroupName | null;
}

/** A volume in no group. */
export interface StandaloneVolumeConfig extends VolumePlace {
  readonly name: VolumeName;
  readonly sizeBytes: number;
}

export interface GroupConfig {
  readonly name: GroupName;
  readonly relay: NodeName;
  readonly volumes: readonly VolumeName[];
  readonly fence: "data" | "never" | "status";
  readonly holdMs: number;
  readonly leaseMs: number;
  readonly relayJournalBytes: number;
  readonly secondaryJournalBytes: number;
  /** What a secondary may keep of what a copy run overwrites. */
  readonly preImageJournalBytes: number;
  /** Unit of the region logs: a power of two, a multiple of 64 KiB. */
  readonly regionBytes: number;
  readonly journalFull: {
    /** From this share of the relay's journal on the group is PFUL. */
    readonly warnShare: number;
    /** How long hosts are held by a full journal before the group is suspended; shorter than `holdMs`. */
    readonly holdMs: number;
  };
  /** Whether the group resyncs by itself after a failure. */
  readonly autoResync: boolean;
}

export interface SiteConfig {
  readonly name: string;
  readonly description: string;
}

export interface Cluster {
  readonly name: string;
  readonly sites: readonly SiteConfig[];
  readonly nodes: readonly NodeConfig[];
  readonly arrays: readonly ArrayConfig[];
  readonly volumes: readonly VolumeConfig[];
  readonly standaloneVolumes: readonly StandaloneVolumeConfig[];
  readonly groups: readonly GroupConfig[];
}

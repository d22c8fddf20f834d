/**
 * A secondary volume on another node, as a pair here sees it (SPEC A8): only user data goes there, and that node forms the
 * redundancy for its own array. The port belongs to the pairs; what carries it is the daemon's business.
 */
import type { DurableBlockStore } from "@waystation/contracts/block-device";
import type { RegionRun } from "../core/region-marks.js";

export interface RemoteVolume {
  readonly node: string;
  readonly volume: string;
  /** On whose behalf: the far node refuses everybody else. */
  readonly pairId: string;
  readonly primary: string;
}

/** One split of a pair, for the node that has the secondary. */
export interface SplitTerms {
  readonly splitId: number;
  /** What one mark stands for. */
  readonly regionBytes: number;
}

/** Where the far volume's whole stripes are is known, so that what is sent makes whole ones. */
export interface RemoteStore extends DurableBlockStore {
  readonly stripeBytes?: number;
  readonly stripeOffsetBytes?: number;
}

export interface RemoteSecondaries {
  /**
   * Has the far volume taken for the pair, durably: its hosts there are refused from then on. May be repeated. Rejects
   * when the node cannot be reached, or the volume is none that it may lend.
   */
  borrow(remote: RemoteVolume): Promise<{ readonly sizeBytes: number }>;
  giveBack(remote: RemoteVolume): Promise<void>;
  /** The pair is split: the far node's hosts may use the volume, and it records what they write. May be repeated. */
  openToHosts(remote: RemoteVolume, split: SplitTerms): Promise<void>;
  /** Takes it from them again; tells the regions that they wrote in the last split. May be repeated. */
  closeToHosts(remote: RemoteVolume): Promise<readonly RegionRun[]>;
  /**
   * Its requests fail when the node cannot be reached, within a bounded time; later ones try again. No request that
   * failed is carried out later: the far node ends what came before when the store connects anew.
   */
  open(remote: RemoteVolume, sizeBytes: number): RemoteStore;
}

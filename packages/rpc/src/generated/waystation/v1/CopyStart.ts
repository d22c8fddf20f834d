// Original file: ../../proto/waystation/v1/replication.proto

import type { RegionRuns as _waystation_v1_RegionRuns, RegionRuns__Output as _waystation_v1_RegionRuns__Output } from '../../waystation/v1/RegionRuns.js';

/**
 * What is to be copied beside what the primary's own log says.
 */
export interface CopyStart {
  /**
   * Which run.
   */
  'copyId'?: (string);
  /**
   * Volumes to be copied whole.
   */
  'full'?: (string)[];
  /**
   * Regions that the far side or the relay knows to differ.
   */
  'regions'?: (_waystation_v1_RegionRuns)[];
}

/**
 * What is to be copied beside what the primary's own log says.
 */
export interface CopyStart__Output {
  /**
   * Which run.
   */
  'copyId': (string);
  /**
   * Volumes to be copied whole.
   */
  'full': (string)[];
  /**
   * Regions that the far side or the relay knows to differ.
   */
  'regions': (_waystation_v1_RegionRuns__Output)[];
}

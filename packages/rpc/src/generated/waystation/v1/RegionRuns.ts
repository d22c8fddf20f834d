// Original file: ../../proto/waystation/v1/replication.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Regions of one volume, ascending and apart.
 */
export interface RegionRuns {
  /**
   * The volume.
   */
  'volume'?: (string);
  /**
   * Two numbers per run: how many regions lie between the run before (or the volume's start) and this one, and how many
   * it has. At least 1 each, but for the first run's distance. A message has at most 262144 runs over all volumes.
   */
  'spans'?: (number | string | Long)[];
}

/**
 * Regions of one volume, ascending and apart.
 */
export interface RegionRuns__Output {
  /**
   * The volume.
   */
  'volume': (string);
  /**
   * Two numbers per run: how many regions lie between the run before (or the volume's start) and this one, and how many
   * it has. At least 1 each, but for the first run's distance. A message has at most 262144 runs over all volumes.
   */
  'spans': (number)[];
}

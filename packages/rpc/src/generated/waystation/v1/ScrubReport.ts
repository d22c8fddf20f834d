// Original file: ../../proto/waystation/v1/storage.proto

import type { ScrubFinding as _waystation_v1_ScrubFinding, ScrubFinding__Output as _waystation_v1_ScrubFinding__Output } from '../../waystation/v1/ScrubFinding.js';
import type { Long } from '@grpc/proto-loader';

/**
 * What a scrub found.
 */
export interface ScrubReport {
  /**
   * Counts the scrubs since the array was opened.
   */
  'run'?: (number | string | Long);
  /**
   * When it began: ms since 1970 by the node's clock.
   */
  'startedWallMs'?: (number | string | Long);
  /**
   * When it ended.
   */
  'endedWallMs'?: (number | string | Long);
  /**
   * What it read.
   */
  'scannedBytes'?: (number | string | Long);
  /**
   * Wrong, and put right.
   */
  'repairedBlocks'?: (number | string | Long);
  /**
   * Wrong, and not to be put right.
   */
  'unrepairableBlocks'?: (number | string | Long);
  /**
   * The first of them.
   */
  'findings'?: (_waystation_v1_ScrubFinding)[];
  /**
   * Why it ended before the end of the array.
   */
  'failure'?: (string);
}

/**
 * What a scrub found.
 */
export interface ScrubReport__Output {
  /**
   * Counts the scrubs since the array was opened.
   */
  'run': (number);
  /**
   * When it began: ms since 1970 by the node's clock.
   */
  'startedWallMs': (number);
  /**
   * When it ended.
   */
  'endedWallMs': (number);
  /**
   * What it read.
   */
  'scannedBytes': (number);
  /**
   * Wrong, and put right.
   */
  'repairedBlocks': (number);
  /**
   * Wrong, and not to be put right.
   */
  'unrepairableBlocks': (number);
  /**
   * The first of them.
   */
  'findings': (_waystation_v1_ScrubFinding__Output)[];
  /**
   * Why it ended before the end of the array.
   */
  'failure': (string);
}

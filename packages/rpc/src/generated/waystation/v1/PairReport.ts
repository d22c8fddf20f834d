// Original file: ../../proto/waystation/v1/storage.proto

import type { PairState as _waystation_v1_PairState, PairState__Output as _waystation_v1_PairState__Output } from '../../waystation/v1/PairState.js';
import type { PairDirection as _waystation_v1_PairDirection, PairDirection__Output as _waystation_v1_PairDirection__Output } from '../../waystation/v1/PairDirection.js';
import type { WorkProgress as _waystation_v1_WorkProgress, WorkProgress__Output as _waystation_v1_WorkProgress__Output } from '../../waystation/v1/WorkProgress.js';
import type { Long } from '@grpc/proto-loader';

/**
 * One mirror pair.
 */
export interface PairReport {
  /**
   * The P-VOL, on this node.
   */
  'primary'?: (string);
  /**
   * The S-VOL.
   */
  'secondary'?: (string);
  /**
   * The node of the S-VOL; empty for this one.
   */
  'secondaryNode'?: (string);
  /**
   * How it is.
   */
  'state'?: (_waystation_v1_PairState);
  /**
   * Which way it copies.
   */
  'direction'?: (_waystation_v1_PairDirection);
  /**
   * What the state means just now.
   */
  'detail'?: (string);
  /**
   * The unit in which updates are recorded.
   */
  'regionBytes'?: (number | string | Long);
  /**
   * Regions that differ, or may differ.
   */
  'dirtyRegions'?: (number | string | Long);
  /**
   * Regions of the volume.
   */
  'regions'?: (number | string | Long);
  /**
   * Present while regions are being copied.
   */
  'progress'?: (_waystation_v1_WorkProgress | null);
}

/**
 * One mirror pair.
 */
export interface PairReport__Output {
  /**
   * The P-VOL, on this node.
   */
  'primary': (string);
  /**
   * The S-VOL.
   */
  'secondary': (string);
  /**
   * The node of the S-VOL; empty for this one.
   */
  'secondaryNode': (string);
  /**
   * How it is.
   */
  'state': (_waystation_v1_PairState__Output);
  /**
   * Which way it copies.
   */
  'direction': (_waystation_v1_PairDirection__Output);
  /**
   * What the state means just now.
   */
  'detail': (string);
  /**
   * The unit in which updates are recorded.
   */
  'regionBytes': (number);
  /**
   * Regions that differ, or may differ.
   */
  'dirtyRegions': (number);
  /**
   * Regions of the volume.
   */
  'regions': (number);
  /**
   * Present while regions are being copied.
   */
  'progress': (_waystation_v1_WorkProgress__Output | null);
}

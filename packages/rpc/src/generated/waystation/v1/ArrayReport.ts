// Original file: ../../proto/waystation/v1/storage.proto

import type { ArrayHealth as _waystation_v1_ArrayHealth, ArrayHealth__Output as _waystation_v1_ArrayHealth__Output } from '../../waystation/v1/ArrayHealth.js';
import type { DiskReport as _waystation_v1_DiskReport, DiskReport__Output as _waystation_v1_DiskReport__Output } from '../../waystation/v1/DiskReport.js';
import type { RunningScrub as _waystation_v1_RunningScrub, RunningScrub__Output as _waystation_v1_RunningScrub__Output } from '../../waystation/v1/RunningScrub.js';
import type { ScrubReport as _waystation_v1_ScrubReport, ScrubReport__Output as _waystation_v1_ScrubReport__Output } from '../../waystation/v1/ScrubReport.js';
import type { Long } from '@grpc/proto-loader';

/**
 * One array, in full.
 */
export interface ArrayReport {
  /**
   * Unique within the node.
   */
  'name'?: (string);
  /**
   * Such as `raid5`.
   */
  'level'?: (string);
  /**
   * How it is.
   */
  'health'?: (_waystation_v1_ArrayHealth);
  /**
   * Of one disk, before the next is used.
   */
  'stripeUnitBytes'?: (number | string | Long);
  /**
   * It keeps a checksum for each block.
   */
  'checksums'?: (boolean);
  /**
   * What it can hold.
   */
  'usableBytes'?: (number | string | Long);
  /**
   * What new volumes can still use.
   */
  'freeBytes'?: (number | string | Long);
  /**
   * Cannot be read until written again.
   */
  'lostBytes'?: (number | string | Long);
  /**
   * Members by slot, then spares.
   */
  'disks'?: (_waystation_v1_DiskReport)[];
  /**
   * Present while a scrub runs.
   */
  'scrub'?: (_waystation_v1_RunningScrub | null);
  /**
   * Present when one has ended since the array was opened.
   */
  'lastScrub'?: (_waystation_v1_ScrubReport | null);
  /**
   * Kept free, so that volumes with snapshots can be overwritten.
   */
  'reservedBytes'?: (number | string | Long);
}

/**
 * One array, in full.
 */
export interface ArrayReport__Output {
  /**
   * Unique within the node.
   */
  'name': (string);
  /**
   * Such as `raid5`.
   */
  'level': (string);
  /**
   * How it is.
   */
  'health': (_waystation_v1_ArrayHealth__Output);
  /**
   * Of one disk, before the next is used.
   */
  'stripeUnitBytes': (number);
  /**
   * It keeps a checksum for each block.
   */
  'checksums': (boolean);
  /**
   * What it can hold.
   */
  'usableBytes': (number);
  /**
   * What new volumes can still use.
   */
  'freeBytes': (number);
  /**
   * Cannot be read until written again.
   */
  'lostBytes': (number);
  /**
   * Members by slot, then spares.
   */
  'disks': (_waystation_v1_DiskReport__Output)[];
  /**
   * Present while a scrub runs.
   */
  'scrub': (_waystation_v1_RunningScrub__Output | null);
  /**
   * Present when one has ended since the array was opened.
   */
  'lastScrub': (_waystation_v1_ScrubReport__Output | null);
  /**
   * Kept free, so that volumes with snapshots can be overwritten.
   */
  'reservedBytes': (number);
}

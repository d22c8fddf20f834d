// Original file: ../../proto/waystation/v1/storage.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Lets hosts use a lent volume.
 */
export interface OpenLentVolumeRequest {
  /**
   * The volume, of this node.
   */
  'volume'?: (string);
  /**
   * For which pair it was lent.
   */
  'pairId'?: (string);
  /**
   * Which split this is: with another one the record begins anew.
   */
  'splitId'?: (number);
  /**
   * What one mark of the record stands for.
   */
  'regionBytes'?: (number | string | Long);
}

/**
 * Lets hosts use a lent volume.
 */
export interface OpenLentVolumeRequest__Output {
  /**
   * The volume, of this node.
   */
  'volume': (string);
  /**
   * For which pair it was lent.
   */
  'pairId': (string);
  /**
   * Which split this is: with another one the record begins anew.
   */
  'splitId': (number);
  /**
   * What one mark of the record stands for.
   */
  'regionBytes': (number);
}

// Original file: ../../proto/waystation/v1/storage.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Asks for a new volume.
 */
export interface CreateVolumeRequest {
  /**
   * Its name, unique within the node.
   */
  'name'?: (string);
  /**
   * The array that will hold it.
   */
  'array'?: (string);
  /**
   * Its size, a multiple of 4 KiB.
   */
  'sizeBytes'?: (number | string | Long);
  /**
   * Takes space as it is written; a write may then find no room.
   */
  'thin'?: (boolean);
}

/**
 * Asks for a new volume.
 */
export interface CreateVolumeRequest__Output {
  /**
   * Its name, unique within the node.
   */
  'name': (string);
  /**
   * The array that will hold it.
   */
  'array': (string);
  /**
   * Its size, a multiple of 4 KiB.
   */
  'sizeBytes': (number);
  /**
   * Takes space as it is written; a write may then find no room.
   */
  'thin': (boolean);
}

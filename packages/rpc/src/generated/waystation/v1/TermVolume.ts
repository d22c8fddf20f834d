// Original file: ../../proto/waystation/v1/replication.proto

import type { Long } from '@grpc/proto-loader';

/**
 * A volume of a group and its places.
 */
export interface TermVolume {
  /**
   * The volume.
   */
  'name'?: (string);
  /**
   * Its size.
   */
  'sizeBytes'?: (number | string | Long);
  /**
   * Where hosts write.
   */
  'primary'?: (string);
  /**
   * Where the copies are: at least one.
   */
  'secondaries'?: (string)[];
}

/**
 * A volume of a group and its places.
 */
export interface TermVolume__Output {
  /**
   * The volume.
   */
  'name': (string);
  /**
   * Its size.
   */
  'sizeBytes': (number);
  /**
   * Where hosts write.
   */
  'primary': (string);
  /**
   * Where the copies are: at least one.
   */
  'secondaries': (string)[];
}

// Original file: ../../proto/waystation/v1/block.proto

import type { Volume as _waystation_v1_Volume, Volume__Output as _waystation_v1_Volume__Output } from '../../waystation/v1/Volume.js';

/**
 * The stream may be written.
 */
export interface WriteStreamOpened {
  /**
   * The volume.
   */
  'volume'?: (_waystation_v1_Volume | null);
  /**
   * How many bytes of data may be in flight before the server stops reading the stream.
   */
  'windowBytes'?: (number);
}

/**
 * The stream may be written.
 */
export interface WriteStreamOpened__Output {
  /**
   * The volume.
   */
  'volume': (_waystation_v1_Volume__Output | null);
  /**
   * How many bytes of data may be in flight before the server stops reading the stream.
   */
  'windowBytes': (number);
}

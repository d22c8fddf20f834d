// Original file: ../../proto/waystation/v1/replication.proto

import type { Long } from '@grpc/proto-loader';

/**
 * One copy run, as the relay orders it: initial copy and resync alike.
 */
export interface CopyOrder {
  /**
   * Which run.
   */
  'copyId'?: (string);
  /**
   * The gate when it began: the image that a takeover in the middle of it yields.
   */
  'base'?: (number | string | Long);
  /**
   * The stream goes on above this number for `nodes`.
   */
  'begin'?: (number | string | Long);
  /**
   * The secondaries whose volumes are copied.
   */
  'nodes'?: (string)[];
  /**
   * The highest number stamped when the last region was read; absent until then.
   */
  'end'?: (number | string | Long);
  '_end'?: "end";
}

/**
 * One copy run, as the relay orders it: initial copy and resync alike.
 */
export interface CopyOrder__Output {
  /**
   * Which run.
   */
  'copyId': (string);
  /**
   * The gate when it began: the image that a takeover in the middle of it yields.
   */
  'base': (number);
  /**
   * The stream goes on above this number for `nodes`.
   */
  'begin': (number);
  /**
   * The secondaries whose volumes are copied.
   */
  'nodes': (string)[];
  /**
   * The highest number stamped when the last region was read; absent until then.
   */
  'end'?: (number);
  '_end'?: "end";
}

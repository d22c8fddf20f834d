// Original file: ../../proto/waystation/v1/replication.proto

import type { Long } from '@grpc/proto-loader';

/**
 * A copy run at a secondary: a CopyOrder, and whether there is an image to go back to.
 */
export interface MemberCopy {
  /**
   * As in CopyOrder.
   */
  'copyId'?: (string);
  /**
   * As in CopyOrder.
   */
  'base'?: (number | string | Long);
  /**
   * As in CopyOrder.
   */
  'begin'?: (number | string | Long);
  /**
   * As in CopyOrder.
   */
  'nodes'?: (string)[];
  /**
   * As in CopyOrder.
   */
  'end'?: (number | string | Long);
  /**
   * The secondary cannot go back to the image at `base`.
   */
  'blank'?: (boolean);
  '_end'?: "end";
}

/**
 * A copy run at a secondary: a CopyOrder, and whether there is an image to go back to.
 */
export interface MemberCopy__Output {
  /**
   * As in CopyOrder.
   */
  'copyId': (string);
  /**
   * As in CopyOrder.
   */
  'base': (number);
  /**
   * As in CopyOrder.
   */
  'begin': (number);
  /**
   * As in CopyOrder.
   */
  'nodes': (string)[];
  /**
   * As in CopyOrder.
   */
  'end'?: (number);
  /**
   * The secondary cannot go back to the image at `base`.
   */
  'blank': (boolean);
  '_end'?: "end";
}

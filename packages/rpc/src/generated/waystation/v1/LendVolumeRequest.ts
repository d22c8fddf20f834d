// Original file: ../../proto/waystation/v1/storage.proto


/**
 * Asks for a volume as the S-VOL of a pair of another node.
 */
export interface LendVolumeRequest {
  /**
   * The volume, of this node.
   */
  'volume'?: (string);
  /**
   * Unique for ever.
   */
  'pairId'?: (string);
  /**
   * The node that asks.
   */
  'primaryNode'?: (string);
  /**
   * The P-VOL, on that node.
   */
  'primary'?: (string);
  /**
   * For a pair that is being made. Otherwise a volume that is not lent to it is refused: what it holds is not what the
   * pair believes.
   */
  'isNew'?: (boolean);
}

/**
 * Asks for a volume as the S-VOL of a pair of another node.
 */
export interface LendVolumeRequest__Output {
  /**
   * The volume, of this node.
   */
  'volume': (string);
  /**
   * Unique for ever.
   */
  'pairId': (string);
  /**
   * The node that asks.
   */
  'primaryNode': (string);
  /**
   * The P-VOL, on that node.
   */
  'primary': (string);
  /**
   * For a pair that is being made. Otherwise a volume that is not lent to it is refused: what it holds is not what the
   * pair believes.
   */
  'isNew': (boolean);
}

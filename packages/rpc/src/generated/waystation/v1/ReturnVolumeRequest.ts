// Original file: ../../proto/waystation/v1/storage.proto


/**
 * Gives a volume back.
 */
export interface ReturnVolumeRequest {
  /**
   * The volume, of this node.
   */
  'volume'?: (string);
  /**
   * For which pair it was lent.
   */
  'pairId'?: (string);
}

/**
 * Gives a volume back.
 */
export interface ReturnVolumeRequest__Output {
  /**
   * The volume, of this node.
   */
  'volume': (string);
  /**
   * For which pair it was lent.
   */
  'pairId': (string);
}

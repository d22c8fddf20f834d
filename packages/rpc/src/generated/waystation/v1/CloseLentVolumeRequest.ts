// Original file: ../../proto/waystation/v1/storage.proto


/**
 * Takes a lent volume from hosts again.
 */
export interface CloseLentVolumeRequest {
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
 * Takes a lent volume from hosts again.
 */
export interface CloseLentVolumeRequest__Output {
  /**
   * The volume, of this node.
   */
  'volume': (string);
  /**
   * For which pair it was lent.
   */
  'pairId': (string);
}

// Original file: ../../proto/waystation/v1/block.proto


/**
 * Asks for one volume.
 */
export interface GetVolumeRequest {
  /**
   * Its name.
   */
  'volume'?: (string);
}

/**
 * Asks for one volume.
 */
export interface GetVolumeRequest__Output {
  /**
   * Its name.
   */
  'volume': (string);
}

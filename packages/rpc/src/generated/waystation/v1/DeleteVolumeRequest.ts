// Original file: ../../proto/waystation/v1/storage.proto


/**
 * Asks to delete a volume.
 */
export interface DeleteVolumeRequest {
  /**
   * Its name.
   */
  'name'?: (string);
}

/**
 * Asks to delete a volume.
 */
export interface DeleteVolumeRequest__Output {
  /**
   * Its name.
   */
  'name': (string);
}

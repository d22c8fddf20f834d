// Original file: ../../proto/waystation/v1/storage.proto


/**
 * Asks for a clone.
 */
export interface CloneVolumeRequest {
  /**
   * Of which snapshot.
   */
  'origin'?: (string);
  /**
   * The clone's name, unique within the node.
   */
  'name'?: (string);
}

/**
 * Asks for a clone.
 */
export interface CloneVolumeRequest__Output {
  /**
   * Of which snapshot.
   */
  'origin': (string);
  /**
   * The clone's name, unique within the node.
   */
  'name': (string);
}

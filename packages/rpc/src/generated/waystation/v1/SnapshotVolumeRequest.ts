// Original file: ../../proto/waystation/v1/storage.proto


/**
 * Asks for a snapshot.
 */
export interface SnapshotVolumeRequest {
  /**
   * Of which volume.
   */
  'origin'?: (string);
  /**
   * The snapshot's name, unique within the node.
   */
  'name'?: (string);
}

/**
 * Asks for a snapshot.
 */
export interface SnapshotVolumeRequest__Output {
  /**
   * Of which volume.
   */
  'origin': (string);
  /**
   * The snapshot's name, unique within the node.
   */
  'name': (string);
}

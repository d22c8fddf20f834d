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
  /**
   * Keep no room free for overwriting the volume: writes to it may then fail with NO_SPACE.
   */
  'unreserved'?: (boolean);
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
  /**
   * Keep no room free for overwriting the volume: writes to it may then fail with NO_SPACE.
   */
  'unreserved': (boolean);
}

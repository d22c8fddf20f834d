// Original file: ../../proto/waystation/v1/storage.proto


/**
 * It is there.
 */
export interface SnapshotVolumeResponse {
}

/**
 * It is there.
 */
export interface SnapshotVolumeResponse__Output {
}

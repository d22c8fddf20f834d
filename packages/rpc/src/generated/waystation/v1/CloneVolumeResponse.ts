// Original file: ../../proto/waystation/v1/storage.proto


/**
 * It is there.
 */
export interface CloneVolumeResponse {
}

/**
 * It is there.
 */
export interface CloneVolumeResponse__Output {
}

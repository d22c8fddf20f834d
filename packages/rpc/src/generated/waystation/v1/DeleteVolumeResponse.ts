// Original file: ../../proto/waystation/v1/storage.proto


/**
 * It is gone.
 */
export interface DeleteVolumeResponse {
}

/**
 * It is gone.
 */
export interface DeleteVolumeResponse__Output {
}

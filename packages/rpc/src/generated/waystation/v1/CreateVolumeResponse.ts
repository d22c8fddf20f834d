// Original file: ../../proto/waystation/v1/storage.proto


/**
 * It is there.
 */
export interface CreateVolumeResponse {
}

/**
 * It is there.
 */
export interface CreateVolumeResponse__Output {
}

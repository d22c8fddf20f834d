// Original file: ../../proto/waystation/v1/storage.proto


/**
 * It is its hosts' again.
 */
export interface ReturnVolumeResponse {
}

/**
 * It is its hosts' again.
 */
export interface ReturnVolumeResponse__Output {
}

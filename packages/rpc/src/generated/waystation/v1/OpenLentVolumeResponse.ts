// Original file: ../../proto/waystation/v1/storage.proto


/**
 * They may.
 */
export interface OpenLentVolumeResponse {
}

/**
 * They may.
 */
export interface OpenLentVolumeResponse__Output {
}

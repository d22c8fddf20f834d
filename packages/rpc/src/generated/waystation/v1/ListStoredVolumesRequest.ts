// Original file: ../../proto/waystation/v1/storage.proto


/**
 * Asks for all volumes.
 */
export interface ListStoredVolumesRequest {
}

/**
 * Asks for all volumes.
 */
export interface ListStoredVolumesRequest__Output {
}

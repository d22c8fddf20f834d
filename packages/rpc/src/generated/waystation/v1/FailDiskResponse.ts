// Original file: ../../proto/waystation/v1/storage.proto


/**
 * It is ejected.
 */
export interface FailDiskResponse {
}

/**
 * It is ejected.
 */
export interface FailDiskResponse__Output {
}

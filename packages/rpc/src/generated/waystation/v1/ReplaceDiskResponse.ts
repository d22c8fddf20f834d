// Original file: ../../proto/waystation/v1/storage.proto


/**
 * Its rebuild runs.
 */
export interface ReplaceDiskResponse {
}

/**
 * Its rebuild runs.
 */
export interface ReplaceDiskResponse__Output {
}

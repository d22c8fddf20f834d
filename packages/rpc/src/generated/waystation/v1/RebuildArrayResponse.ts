// Original file: ../../proto/waystation/v1/storage.proto


/**
 * It runs, or there was nothing to rebuild.
 */
export interface RebuildArrayResponse {
}

/**
 * It runs, or there was nothing to rebuild.
 */
export interface RebuildArrayResponse__Output {
}

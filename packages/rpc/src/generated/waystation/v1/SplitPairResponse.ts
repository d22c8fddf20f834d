// Original file: ../../proto/waystation/v1/storage.proto


/**
 * It is split, or on the way.
 */
export interface SplitPairResponse {
}

/**
 * It is split, or on the way.
 */
export interface SplitPairResponse__Output {
}

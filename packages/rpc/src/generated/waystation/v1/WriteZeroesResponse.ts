// Original file: ../../proto/waystation/v1/block.proto


/**
 * The range reads as zeros.
 */
export interface WriteZeroesResponse {
}

/**
 * The range reads as zeros.
 */
export interface WriteZeroesResponse__Output {
}

// Original file: ../../proto/waystation/v1/block.proto


/**
 * The range reads as zeros.
 */
export interface DiscardResponse {
}

/**
 * The range reads as zeros.
 */
export interface DiscardResponse__Output {
}

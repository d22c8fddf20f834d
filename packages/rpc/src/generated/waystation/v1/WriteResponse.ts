// Original file: ../../proto/waystation/v1/block.proto


/**
 * The write is durable.
 */
export interface WriteResponse {
}

/**
 * The write is durable.
 */
export interface WriteResponse__Output {
}

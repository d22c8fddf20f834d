// Original file: ../../proto/waystation/v1/block.proto


/**
 * Earlier writes are durable.
 */
export interface FlushResponse {
}

/**
 * Earlier writes are durable.
 */
export interface FlushResponse__Output {
}

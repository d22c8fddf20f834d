// Original file: ../../proto/waystation/v1/storage.proto


/**
 * Asks for all arrays.
 */
export interface ListArraysRequest {
}

/**
 * Asks for all arrays.
 */
export interface ListArraysRequest__Output {
}

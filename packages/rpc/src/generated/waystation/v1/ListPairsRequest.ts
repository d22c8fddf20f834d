// Original file: ../../proto/waystation/v1/storage.proto


/**
 * Asks for all pairs.
 */
export interface ListPairsRequest {
}

/**
 * Asks for all pairs.
 */
export interface ListPairsRequest__Output {
}

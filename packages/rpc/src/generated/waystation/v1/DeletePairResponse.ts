// Original file: ../../proto/waystation/v1/storage.proto


/**
 * It is gone.
 */
export interface DeletePairResponse {
}

/**
 * It is gone.
 */
export interface DeletePairResponse__Output {
}

// Original file: ../../proto/waystation/v1/storage.proto


/**
 * The initial copy runs.
 */
export interface CreatePairResponse {
}

/**
 * The initial copy runs.
 */
export interface CreatePairResponse__Output {
}

// Original file: ../../proto/waystation/v1/storage.proto


/**
 * The copy runs.
 */
export interface ResyncPairResponse {
}

/**
 * The copy runs.
 */
export interface ResyncPairResponse__Output {
}

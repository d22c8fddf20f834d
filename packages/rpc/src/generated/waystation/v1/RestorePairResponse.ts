// Original file: ../../proto/waystation/v1/storage.proto


/**
 * The copy runs.
 */
export interface RestorePairResponse {
}

/**
 * The copy runs.
 */
export interface RestorePairResponse__Output {
}

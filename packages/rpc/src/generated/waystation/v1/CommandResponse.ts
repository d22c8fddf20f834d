// Original file: ../../proto/waystation/v1/control.proto


/**
 * It is done, or has begun.
 */
export interface CommandResponse {
}

/**
 * It is done, or has begun.
 */
export interface CommandResponse__Output {
}

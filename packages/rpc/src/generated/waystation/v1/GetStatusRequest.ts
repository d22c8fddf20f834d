// Original file: ../../proto/waystation/v1/control.proto


/**
 * Asks for the status.
 */
export interface GetStatusRequest {
}

/**
 * Asks for the status.
 */
export interface GetStatusRequest__Output {
}

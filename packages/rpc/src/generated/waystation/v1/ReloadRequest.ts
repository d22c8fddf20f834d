// Original file: ../../proto/waystation/v1/control.proto


/**
 * Asks a node to read its configuration again.
 */
export interface ReloadRequest {
}

/**
 * Asks a node to read its configuration again.
 */
export interface ReloadRequest__Output {
}

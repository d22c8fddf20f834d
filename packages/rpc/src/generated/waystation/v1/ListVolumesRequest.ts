// Original file: ../../proto/waystation/v1/block.proto


/**
 * Asks for the list of volumes.
 */
export interface ListVolumesRequest {
}

/**
 * Asks for the list of volumes.
 */
export interface ListVolumesRequest__Output {
}

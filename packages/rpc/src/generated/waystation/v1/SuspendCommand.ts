// Original file: ../../proto/waystation/v1/control.proto


/**
 * Split the pairs of the whole group at one number.
 */
export interface SuspendCommand {
}

/**
 * Split the pairs of the whole group at one number.
 */
export interface SuspendCommand__Output {
}

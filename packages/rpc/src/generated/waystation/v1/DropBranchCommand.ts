// Original file: ../../proto/waystation/v1/control.proto


/**
 * Give the space of a branch back.
 */
export interface DropBranchCommand {
  /**
   * Its name, as the status shows it.
   */
  'branch'?: (string);
}

/**
 * Give the space of a branch back.
 */
export interface DropBranchCommand__Output {
  /**
   * Its name, as the status shows it.
   */
  'branch': (string);
}

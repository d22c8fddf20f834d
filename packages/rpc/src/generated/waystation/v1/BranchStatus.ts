// Original file: ../../proto/waystation/v1/control.proto


/**
 * What a volume held before it was overwritten.
 */
export interface BranchStatus {
  /**
   * The volume.
   */
  'volume'?: (string);
  /**
   * For `drop_branch`.
   */
  'name'?: (string);
}

/**
 * What a volume held before it was overwritten.
 */
export interface BranchStatus__Output {
  /**
   * The volume.
   */
  'volume': (string);
  /**
   * For `drop_branch`.
   */
  'name': (string);
}

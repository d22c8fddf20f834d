// Original file: ../../proto/waystation/v1/control.proto


/**
 * It did.
 */
export interface ReloadResponse {
  /**
   * What is new at this node, for people, a line each.
   */
  'changes'?: (string)[];
}

/**
 * It did.
 */
export interface ReloadResponse__Output {
  /**
   * What is new at this node, for people, a line each.
   */
  'changes': (string)[];
}

// Original file: ../../proto/waystation/v1/storage.proto


/**
 * Asks for a pair.
 */
export interface CreatePairRequest {
  /**
   * The P-VOL, on this node.
   */
  'primary'?: (string);
  /**
   * The S-VOL.
   */
  'secondary'?: (string);
  /**
   * The node of the S-VOL; empty for this one.
   */
  'secondaryNode'?: (string);
}

/**
 * Asks for a pair.
 */
export interface CreatePairRequest__Output {
  /**
   * The P-VOL, on this node.
   */
  'primary': (string);
  /**
   * The S-VOL.
   */
  'secondary': (string);
  /**
   * The node of the S-VOL; empty for this one.
   */
  'secondaryNode': (string);
}

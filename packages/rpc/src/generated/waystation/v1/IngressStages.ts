// Original file: ../../proto/waystation/v1/control.proto


/**
 * The near leg to one primary.
 */
export interface IngressStages {
  /**
   * The primary.
   */
  'node'?: (string);
  /**
   * Its link stands.
   */
  'connected'?: (boolean);
  /**
   * It holds a lease.
   */
  'leased'?: (boolean);
}

/**
 * The near leg to one primary.
 */
export interface IngressStages__Output {
  /**
   * The primary.
   */
  'node': (string);
  /**
   * Its link stands.
   */
  'connected': (boolean);
  /**
   * It holds a lease.
   */
  'leased': (boolean);
}

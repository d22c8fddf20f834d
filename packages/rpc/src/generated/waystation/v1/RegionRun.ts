// Original file: ../../proto/waystation/v1/storage.proto


/**
 * Regions from `first` to before `end`.
 */
export interface RegionRun {
  /**
   * The first, from 0.
   */
  'first'?: (number);
  /**
   * The first that is not meant any more.
   */
  'end'?: (number);
}

/**
 * Regions from `first` to before `end`.
 */
export interface RegionRun__Output {
  /**
   * The first, from 0.
   */
  'first': (number);
  /**
   * The first that is not meant any more.
   */
  'end': (number);
}

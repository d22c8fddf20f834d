// Original file: ../../proto/waystation/v1/block.proto

import type { OpenWriteStream as _waystation_v1_OpenWriteStream, OpenWriteStream__Output as _waystation_v1_OpenWriteStream__Output } from '../../waystation/v1/OpenWriteStream.js';
import type { WriteBatch as _waystation_v1_WriteBatch, WriteBatch__Output as _waystation_v1_WriteBatch__Output } from '../../waystation/v1/WriteBatch.js';

/**
 * What the client says on a write stream.
 */
export interface WriteStreamRequest {
  /**
   * Opens the volume.
   */
  'open'?: (_waystation_v1_OpenWriteStream | null);
  /**
   * Writes to it.
   */
  'batch'?: (_waystation_v1_WriteBatch | null);
  /**
   * `open` exactly once, first.
   */
  'body'?: "open"|"batch";
}

/**
 * What the client says on a write stream.
 */
export interface WriteStreamRequest__Output {
  /**
   * Opens the volume.
   */
  'open'?: (_waystation_v1_OpenWriteStream__Output | null);
  /**
   * Writes to it.
   */
  'batch'?: (_waystation_v1_WriteBatch__Output | null);
  /**
   * `open` exactly once, first.
   */
  'body'?: "open"|"batch";
}

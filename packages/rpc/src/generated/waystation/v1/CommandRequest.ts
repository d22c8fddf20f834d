// Original file: ../../proto/waystation/v1/control.proto

import type { SuspendCommand as _waystation_v1_SuspendCommand, SuspendCommand__Output as _waystation_v1_SuspendCommand__Output } from '../../waystation/v1/SuspendCommand.js';
import type { ResyncCommand as _waystation_v1_ResyncCommand, ResyncCommand__Output as _waystation_v1_ResyncCommand__Output } from '../../waystation/v1/ResyncCommand.js';
import type { DropBranchCommand as _waystation_v1_DropBranchCommand, DropBranchCommand__Output as _waystation_v1_DropBranchCommand__Output } from '../../waystation/v1/DropBranchCommand.js';

/**
 * Asks a role for something.
 */
export interface CommandRequest {
  /**
   * The group.
   */
  'group'?: (string);
  /**
   * To the relay: split the pairs at one number (PSUS).
   */
  'suspend'?: (_waystation_v1_SuspendCommand | null);
  /**
   * To the relay: copy what differs, and pair again.
   */
  'resync'?: (_waystation_v1_ResyncCommand | null);
  /**
   * To a node that keeps one: give the space of a branch back.
   */
  'dropBranch'?: (_waystation_v1_DropBranchCommand | null);
  /**
   * What.
   */
  'command'?: "suspend"|"resync"|"dropBranch";
}

/**
 * Asks a role for something.
 */
export interface CommandRequest__Output {
  /**
   * The group.
   */
  'group': (string);
  /**
   * To the relay: split the pairs at one number (PSUS).
   */
  'suspend'?: (_waystation_v1_SuspendCommand__Output | null);
  /**
   * To the relay: copy what differs, and pair again.
   */
  'resync'?: (_waystation_v1_ResyncCommand__Output | null);
  /**
   * To a node that keeps one: give the space of a branch back.
   */
  'dropBranch'?: (_waystation_v1_DropBranchCommand__Output | null);
  /**
   * What.
   */
  'command'?: "suspend"|"resync"|"dropBranch";
}

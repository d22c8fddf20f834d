// Original file: ../../proto/waystation/v1/control.proto

import type { GroupRole as _waystation_v1_GroupRole, GroupRole__Output as _waystation_v1_GroupRole__Output } from '../../waystation/v1/GroupRole.js';
import type { Epoch as _waystation_v1_Epoch, Epoch__Output as _waystation_v1_Epoch__Output } from '../../waystation/v1/Epoch.js';
import type { RelayStages as _waystation_v1_RelayStages, RelayStages__Output as _waystation_v1_RelayStages__Output } from '../../waystation/v1/RelayStages.js';
import type { PrimaryStages as _waystation_v1_PrimaryStages, PrimaryStages__Output as _waystation_v1_PrimaryStages__Output } from '../../waystation/v1/PrimaryStages.js';
import type { SecondaryStages as _waystation_v1_SecondaryStages, SecondaryStages__Output as _waystation_v1_SecondaryStages__Output } from '../../waystation/v1/SecondaryStages.js';
import type { TermSummary as _waystation_v1_TermSummary, TermSummary__Output as _waystation_v1_TermSummary__Output } from '../../waystation/v1/TermSummary.js';
import type { BranchStatus as _waystation_v1_BranchStatus, BranchStatus__Output as _waystation_v1_BranchStatus__Output } from '../../waystation/v1/BranchStatus.js';

/**
 * One group, as this member sees it.
 */
export interface GroupStatus {
  /**
   * Its name.
   */
  'group'?: (string);
  /**
   * This node's role.
   */
  'role'?: (_waystation_v1_GroupRole);
  /**
   * The epoch that it follows.
   */
  'epoch'?: (_waystation_v1_Epoch | null);
  /**
   * What the role is doing.
   */
  'phase'?: (string);
  /**
   * Why it is not doing more.
   */
  'detail'?: (string);
  /**
   * Present at a relay.
   */
  'relay'?: (_waystation_v1_RelayStages | null);
  /**
   * Present at a primary.
   */
  'primary'?: (_waystation_v1_PrimaryStages | null);
  /**
   * Present at a secondary.
   */
  'secondary'?: (_waystation_v1_SecondaryStages | null);
  /**
   * The term that it follows; absent: as configured.
   */
  'term'?: (_waystation_v1_TermSummary | null);
  /**
   * What it keeps of volumes as they were before they were overwritten.
   */
  'branches'?: (_waystation_v1_BranchStatus)[];
}

/**
 * One group, as this member sees it.
 */
export interface GroupStatus__Output {
  /**
   * Its name.
   */
  'group': (string);
  /**
   * This node's role.
   */
  'role': (_waystation_v1_GroupRole__Output);
  /**
   * The epoch that it follows.
   */
  'epoch': (_waystation_v1_Epoch__Output | null);
  /**
   * What the role is doing.
   */
  'phase': (string);
  /**
   * Why it is not doing more.
   */
  'detail': (string);
  /**
   * Present at a relay.
   */
  'relay': (_waystation_v1_RelayStages__Output | null);
  /**
   * Present at a primary.
   */
  'primary': (_waystation_v1_PrimaryStages__Output | null);
  /**
   * Present at a secondary.
   */
  'secondary': (_waystation_v1_SecondaryStages__Output | null);
  /**
   * The term that it follows; absent: as configured.
   */
  'term': (_waystation_v1_TermSummary__Output | null);
  /**
   * What it keeps of volumes as they were before they were overwritten.
   */
  'branches': (_waystation_v1_BranchStatus__Output)[];
}

// Original file: ../../proto/waystation/v1/replication.proto

import type { GroupRole as _waystation_v1_GroupRole, GroupRole__Output as _waystation_v1_GroupRole__Output } from '../../waystation/v1/GroupRole.js';
import type { Epoch as _waystation_v1_Epoch, Epoch__Output as _waystation_v1_Epoch__Output } from '../../waystation/v1/Epoch.js';
import type { Decision as _waystation_v1_Decision, Decision__Output as _waystation_v1_Decision__Output } from '../../waystation/v1/Decision.js';
import type { Term as _waystation_v1_Term, Term__Output as _waystation_v1_Term__Output } from '../../waystation/v1/Term.js';
import type { MemberCopy as _waystation_v1_MemberCopy, MemberCopy__Output as _waystation_v1_MemberCopy__Output } from '../../waystation/v1/MemberCopy.js';
import type { Long } from '@grpc/proto-loader';

/**
 * Where a node stands in a group, as it durably knows.
 */
export interface MemberState {
  /**
   * Its name.
   */
  'node'?: (string);
  /**
   * Its role.
   */
  'role'?: (_waystation_v1_GroupRole);
  /**
   * What the role is doing, for people.
   */
  'phase'?: (string);
  /**
   * It follows no epoch below this one.
   */
  'promised'?: (_waystation_v1_Epoch | null);
  /**
   * Complete up to here.
   */
  'received'?: (number | string | Long);
  /**
   * Validated up to here.
   */
  'validated'?: (number | string | Long);
  /**
   * In the volumes up to here.
   */
  'applied'?: (number | string | Long);
  /**
   * Relay: the last number stamped and durable.
   */
  'stamped'?: (number | string | Long);
  /**
   * The last decision that it knows; absent when there was none.
   */
  'decision'?: (_waystation_v1_Decision | null);
  /**
   * Every role that it has in the group.
   */
  'roles'?: (_waystation_v1_GroupRole)[];
  /**
   * What its relay role is doing, for people; empty without one.
   */
  'relayPhase'?: (string);
  /**
   * The term that it follows; absent: as configured.
   */
  'term'?: (_waystation_v1_Term | null);
  /**
   * The copy run that it takes part in; absent when none.
   */
  'copy'?: (_waystation_v1_MemberCopy | null);
  /**
   * Relay: primaries may have acknowledged writes that it was never sent.
   */
  'bypassed'?: (boolean);
}

/**
 * Where a node stands in a group, as it durably knows.
 */
export interface MemberState__Output {
  /**
   * Its name.
   */
  'node': (string);
  /**
   * Its role.
   */
  'role': (_waystation_v1_GroupRole__Output);
  /**
   * What the role is doing, for people.
   */
  'phase': (string);
  /**
   * It follows no epoch below this one.
   */
  'promised': (_waystation_v1_Epoch__Output | null);
  /**
   * Complete up to here.
   */
  'received': (number);
  /**
   * Validated up to here.
   */
  'validated': (number);
  /**
   * In the volumes up to here.
   */
  'applied': (number);
  /**
   * Relay: the last number stamped and durable.
   */
  'stamped': (number);
  /**
   * The last decision that it knows; absent when there was none.
   */
  'decision': (_waystation_v1_Decision__Output | null);
  /**
   * Every role that it has in the group.
   */
  'roles': (_waystation_v1_GroupRole__Output)[];
  /**
   * What its relay role is doing, for people; empty without one.
   */
  'relayPhase': (string);
  /**
   * The term that it follows; absent: as configured.
   */
  'term': (_waystation_v1_Term__Output | null);
  /**
   * The copy run that it takes part in; absent when none.
   */
  'copy': (_waystation_v1_MemberCopy__Output | null);
  /**
   * Relay: primaries may have acknowledged writes that it was never sent.
   */
  'bypassed': (boolean);
}

// Original file: ../../proto/waystation/v1/replication.proto

import type { Epoch as _waystation_v1_Epoch, Epoch__Output as _waystation_v1_Epoch__Output } from '../../waystation/v1/Epoch.js';
import type { OriginBatch as _waystation_v1_OriginBatch, OriginBatch__Output as _waystation_v1_OriginBatch__Output } from '../../waystation/v1/OriginBatch.js';
import type { RelayAck as _waystation_v1_RelayAck, RelayAck__Output as _waystation_v1_RelayAck__Output } from '../../waystation/v1/RelayAck.js';
import type { ShipBatch as _waystation_v1_ShipBatch, ShipBatch__Output as _waystation_v1_ShipBatch__Output } from '../../waystation/v1/ShipBatch.js';
import type { ShipReceived as _waystation_v1_ShipReceived, ShipReceived__Output as _waystation_v1_ShipReceived__Output } from '../../waystation/v1/ShipReceived.js';
import type { Prepare as _waystation_v1_Prepare, Prepare__Output as _waystation_v1_Prepare__Output } from '../../waystation/v1/Prepare.js';
import type { Prepared as _waystation_v1_Prepared, Prepared__Output as _waystation_v1_Prepared__Output } from '../../waystation/v1/Prepared.js';
import type { Validate as _waystation_v1_Validate, Validate__Output as _waystation_v1_Validate__Output } from '../../waystation/v1/Validate.js';
import type { Validated as _waystation_v1_Validated, Validated__Output as _waystation_v1_Validated__Output } from '../../waystation/v1/Validated.js';
import type { Gate as _waystation_v1_Gate, Gate__Output as _waystation_v1_Gate__Output } from '../../waystation/v1/Gate.js';
import type { Applied as _waystation_v1_Applied, Applied__Output as _waystation_v1_Applied__Output } from '../../waystation/v1/Applied.js';
import type { LeaseChallenge as _waystation_v1_LeaseChallenge, LeaseChallenge__Output as _waystation_v1_LeaseChallenge__Output } from '../../waystation/v1/LeaseChallenge.js';
import type { LeaseRenewal as _waystation_v1_LeaseRenewal, LeaseRenewal__Output as _waystation_v1_LeaseRenewal__Output } from '../../waystation/v1/LeaseRenewal.js';
import type { Refusal as _waystation_v1_Refusal, Refusal__Output as _waystation_v1_Refusal__Output } from '../../waystation/v1/Refusal.js';
import type { OriginHello as _waystation_v1_OriginHello, OriginHello__Output as _waystation_v1_OriginHello__Output } from '../../waystation/v1/OriginHello.js';
import type { OriginFetch as _waystation_v1_OriginFetch, OriginFetch__Output as _waystation_v1_OriginFetch__Output } from '../../waystation/v1/OriginFetch.js';
import type { RelayWelcome as _waystation_v1_RelayWelcome, RelayWelcome__Output as _waystation_v1_RelayWelcome__Output } from '../../waystation/v1/RelayWelcome.js';
import type { RelayRecords as _waystation_v1_RelayRecords, RelayRecords__Output as _waystation_v1_RelayRecords__Output } from '../../waystation/v1/RelayRecords.js';
import type { ShipHello as _waystation_v1_ShipHello, ShipHello__Output as _waystation_v1_ShipHello__Output } from '../../waystation/v1/ShipHello.js';
import type { ShipWelcome as _waystation_v1_ShipWelcome, ShipWelcome__Output as _waystation_v1_ShipWelcome__Output } from '../../waystation/v1/ShipWelcome.js';
import type { Promise as _waystation_v1_Promise, Promise__Output as _waystation_v1_Promise__Output } from '../../waystation/v1/Promise.js';
import type { Decide as _waystation_v1_Decide, Decide__Output as _waystation_v1_Decide__Output } from '../../waystation/v1/Decide.js';
import type { Inquire as _waystation_v1_Inquire, Inquire__Output as _waystation_v1_Inquire__Output } from '../../waystation/v1/Inquire.js';
import type { CouncilReply as _waystation_v1_CouncilReply, CouncilReply__Output as _waystation_v1_CouncilReply__Output } from '../../waystation/v1/CouncilReply.js';
import type { Suspended as _waystation_v1_Suspended, Suspended__Output as _waystation_v1_Suspended__Output } from '../../waystation/v1/Suspended.js';
import type { CopyStart as _waystation_v1_CopyStart, CopyStart__Output as _waystation_v1_CopyStart__Output } from '../../waystation/v1/CopyStart.js';
import type { CopyDone as _waystation_v1_CopyDone, CopyDone__Output as _waystation_v1_CopyDone__Output } from '../../waystation/v1/CopyDone.js';
import type { CopyEnded as _waystation_v1_CopyEnded, CopyEnded__Output as _waystation_v1_CopyEnded__Output } from '../../waystation/v1/CopyEnded.js';
import type { FarValidated as _waystation_v1_FarValidated, FarValidated__Output as _waystation_v1_FarValidated__Output } from '../../waystation/v1/FarValidated.js';
import type { DigestAsk as _waystation_v1_DigestAsk, DigestAsk__Output as _waystation_v1_DigestAsk__Output } from '../../waystation/v1/DigestAsk.js';
import type { DigestReply as _waystation_v1_DigestReply, DigestReply__Output as _waystation_v1_DigestReply__Output } from '../../waystation/v1/DigestReply.js';
import type { ShipCopy as _waystation_v1_ShipCopy, ShipCopy__Output as _waystation_v1_ShipCopy__Output } from '../../waystation/v1/ShipCopy.js';
import type { ShipRegions as _waystation_v1_ShipRegions, ShipRegions__Output as _waystation_v1_ShipRegions__Output } from '../../waystation/v1/ShipRegions.js';
import type { ShipState as _waystation_v1_ShipState, ShipState__Output as _waystation_v1_ShipState__Output } from '../../waystation/v1/ShipState.js';
import type { Long } from '@grpc/proto-loader';

/**
 * One message on a link.
 */
export interface PeerMessage {
  /**
   * The sender's epoch. A receiver that has promised a higher one refuses the message.
   */
  'epoch'?: (_waystation_v1_Epoch | null);
  /**
   * Ingress, to the relay.
   */
  'originBatch'?: (_waystation_v1_OriginBatch | null);
  /**
   * Ingress, to the primary.
   */
  'relayAck'?: (_waystation_v1_RelayAck | null);
  /**
   * Ship, to the secondary.
   */
  'shipBatch'?: (_waystation_v1_ShipBatch | null);
  /**
   * Ship, to the relay.
   */
  'shipReceived'?: (_waystation_v1_ShipReceived | null);
  /**
   * Ship, to the secondary.
   */
  'prepare'?: (_waystation_v1_Prepare | null);
  /**
   * Ship, to the relay.
   */
  'prepared'?: (_waystation_v1_Prepared | null);
  /**
   * Ship, to the secondary.
   */
  'validate'?: (_waystation_v1_Validate | null);
  /**
   * Ship, to the relay.
   */
  'validated'?: (_waystation_v1_Validated | null);
  /**
   * Ship, to the secondary.
   */
  'gate'?: (_waystation_v1_Gate | null);
  /**
   * Ship, to the relay.
   */
  'applied'?: (_waystation_v1_Applied | null);
  /**
   * Lease, to the primary.
   */
  'leaseChallenge'?: (_waystation_v1_LeaseChallenge | null);
  /**
   * Lease, to the relay.
   */
  'leaseRenewal'?: (_waystation_v1_LeaseRenewal | null);
  /**
   * Ingress and ship, either way.
   */
  'refusal'?: (_waystation_v1_Refusal | null);
  /**
   * Ingress, to the relay.
   */
  'originHello'?: (_waystation_v1_OriginHello | null);
  /**
   * Ingress, to the relay.
   */
  'originFetch'?: (_waystation_v1_OriginFetch | null);
  /**
   * Ingress, to the primary.
   */
  'relayWelcome'?: (_waystation_v1_RelayWelcome | null);
  /**
   * Ingress, to the primary.
   */
  'relayRecords'?: (_waystation_v1_RelayRecords | null);
  /**
   * Ship, to the secondary.
   */
  'shipHello'?: (_waystation_v1_ShipHello | null);
  /**
   * Ship, to the relay.
   */
  'shipWelcome'?: (_waystation_v1_ShipWelcome | null);
  /**
   * Council.
   */
  'promise'?: (_waystation_v1_Promise | null);
  /**
   * Council.
   */
  'decide'?: (_waystation_v1_Decide | null);
  /**
   * Council.
   */
  'inquire'?: (_waystation_v1_Inquire | null);
  /**
   * Council.
   */
  'councilReply'?: (_waystation_v1_CouncilReply | null);
  /**
   * Ingress, to the primary.
   */
  'suspended'?: (_waystation_v1_Suspended | null);
  /**
   * Ingress, to the primary.
   */
  'copyStart'?: (_waystation_v1_CopyStart | null);
  /**
   * Ingress, to the relay.
   */
  'copyDone'?: (_waystation_v1_CopyDone | null);
  /**
   * Ingress, to the primary.
   */
  'copyEnded'?: (_waystation_v1_CopyEnded | null);
  /**
   * Ingress, to the primary.
   */
  'farValidated'?: (_waystation_v1_FarValidated | null);
  /**
   * Ingress to the relay, ship to the secondary.
   */
  'digestAsk'?: (_waystation_v1_DigestAsk | null);
  /**
   * Ship to the relay, ingress to the primary.
   */
  'digestReply'?: (_waystation_v1_DigestReply | null);
  /**
   * Ship, to the secondary.
   */
  'shipCopy'?: (_waystation_v1_ShipCopy | null);
  /**
   * Ship, to the relay.
   */
  'shipRegions'?: (_waystation_v1_ShipRegions | null);
  /**
   * Ship, to the secondary.
   */
  'shipState'?: (_waystation_v1_ShipState | null);
  /**
   * The number of the epoch that the sender's roles were begun under; 0: they are as configured. A receiver whose roles
   * are of another term refuses the message, on every stream but Council.
   */
  'term'?: (number | string | Long);
  /**
   * What is said. Numbers 2 to 15 are the frequent ones.
   */
  'body'?: "originBatch"|"relayAck"|"shipBatch"|"shipReceived"|"prepare"|"prepared"|"validate"|"validated"|"gate"|"applied"|"leaseChallenge"|"leaseRenewal"|"refusal"|"originHello"|"originFetch"|"relayWelcome"|"relayRecords"|"shipHello"|"shipWelcome"|"promise"|"decide"|"inquire"|"councilReply"|"suspended"|"copyStart"|"copyDone"|"copyEnded"|"farValidated"|"digestAsk"|"digestReply"|"shipCopy"|"shipRegions"|"shipState";
}

/**
 * One message on a link.
 */
export interface PeerMessage__Output {
  /**
   * The sender's epoch. A receiver that has promised a higher one refuses the message.
   */
  'epoch': (_waystation_v1_Epoch__Output | null);
  /**
   * Ingress, to the relay.
   */
  'originBatch'?: (_waystation_v1_OriginBatch__Output | null);
  /**
   * Ingress, to the primary.
   */
  'relayAck'?: (_waystation_v1_RelayAck__Output | null);
  /**
   * Ship, to the secondary.
   */
  'shipBatch'?: (_waystation_v1_ShipBatch__Output | null);
  /**
   * Ship, to the relay.
   */
  'shipReceived'?: (_waystation_v1_ShipReceived__Output | null);
  /**
   * Ship, to the secondary.
   */
  'prepare'?: (_waystation_v1_Prepare__Output | null);
  /**
   * Ship, to the relay.
   */
  'prepared'?: (_waystation_v1_Prepared__Output | null);
  /**
   * Ship, to the secondary.
   */
  'validate'?: (_waystation_v1_Validate__Output | null);
  /**
   * Ship, to the relay.
   */
  'validated'?: (_waystation_v1_Validated__Output | null);
  /**
   * Ship, to the secondary.
   */
  'gate'?: (_waystation_v1_Gate__Output | null);
  /**
   * Ship, to the relay.
   */
  'applied'?: (_waystation_v1_Applied__Output | null);
  /**
   * Lease, to the primary.
   */
  'leaseChallenge'?: (_waystation_v1_LeaseChallenge__Output | null);
  /**
   * Lease, to the relay.
   */
  'leaseRenewal'?: (_waystation_v1_LeaseRenewal__Output | null);
  /**
   * Ingress and ship, either way.
   */
  'refusal'?: (_waystation_v1_Refusal__Output | null);
  /**
   * Ingress, to the relay.
   */
  'originHello'?: (_waystation_v1_OriginHello__Output | null);
  /**
   * Ingress, to the relay.
   */
  'originFetch'?: (_waystation_v1_OriginFetch__Output | null);
  /**
   * Ingress, to the primary.
   */
  'relayWelcome'?: (_waystation_v1_RelayWelcome__Output | null);
  /**
   * Ingress, to the primary.
   */
  'relayRecords'?: (_waystation_v1_RelayRecords__Output | null);
  /**
   * Ship, to the secondary.
   */
  'shipHello'?: (_waystation_v1_ShipHello__Output | null);
  /**
   * Ship, to the relay.
   */
  'shipWelcome'?: (_waystation_v1_ShipWelcome__Output | null);
  /**
   * Council.
   */
  'promise'?: (_waystation_v1_Promise__Output | null);
  /**
   * Council.
   */
  'decide'?: (_waystation_v1_Decide__Output | null);
  /**
   * Council.
   */
  'inquire'?: (_waystation_v1_Inquire__Output | null);
  /**
   * Council.
   */
  'councilReply'?: (_waystation_v1_CouncilReply__Output | null);
  /**
   * Ingress, to the primary.
   */
  'suspended'?: (_waystation_v1_Suspended__Output | null);
  /**
   * Ingress, to the primary.
   */
  'copyStart'?: (_waystation_v1_CopyStart__Output | null);
  /**
   * Ingress, to the relay.
   */
  'copyDone'?: (_waystation_v1_CopyDone__Output | null);
  /**
   * Ingress, to the primary.
   */
  'copyEnded'?: (_waystation_v1_CopyEnded__Output | null);
  /**
   * Ingress, to the primary.
   */
  'farValidated'?: (_waystation_v1_FarValidated__Output | null);
  /**
   * Ingress to the relay, ship to the secondary.
   */
  'digestAsk'?: (_waystation_v1_DigestAsk__Output | null);
  /**
   * Ship to the relay, ingress to the primary.
   */
  'digestReply'?: (_waystation_v1_DigestReply__Output | null);
  /**
   * Ship, to the secondary.
   */
  'shipCopy'?: (_waystation_v1_ShipCopy__Output | null);
  /**
   * Ship, to the relay.
   */
  'shipRegions'?: (_waystation_v1_ShipRegions__Output | null);
  /**
   * Ship, to the secondary.
   */
  'shipState'?: (_waystation_v1_ShipState__Output | null);
  /**
   * The number of the epoch that the sender's roles were begun under; 0: they are as configured. A receiver whose roles
   * are of another term refuses the message, on every stream but Council.
   */
  'term': (number);
  /**
   * What is said. Numbers 2 to 15 are the frequent ones.
   */
  'body'?: "originBatch"|"relayAck"|"shipBatch"|"shipReceived"|"prepare"|"prepared"|"validate"|"validated"|"gate"|"applied"|"leaseChallenge"|"leaseRenewal"|"refusal"|"originHello"|"originFetch"|"relayWelcome"|"relayRecords"|"shipHello"|"shipWelcome"|"promise"|"decide"|"inquire"|"councilReply"|"suspended"|"copyStart"|"copyDone"|"copyEnded"|"farValidated"|"digestAsk"|"digestReply"|"shipCopy"|"shipRegions"|"shipState";
}

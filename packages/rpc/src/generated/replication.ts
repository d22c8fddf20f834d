import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Applied as _waystation_v1_Applied, Applied__Output as _waystation_v1_Applied__Output } from './waystation/v1/Applied.js';
import type { CopyDone as _waystation_v1_CopyDone, CopyDone__Output as _waystation_v1_CopyDone__Output } from './waystation/v1/CopyDone.js';
import type { CopyEnded as _waystation_v1_CopyEnded, CopyEnded__Output as _waystation_v1_CopyEnded__Output } from './waystation/v1/CopyEnded.js';
import type { CopyOrder as _waystation_v1_CopyOrder, CopyOrder__Output as _waystation_v1_CopyOrder__Output } from './waystation/v1/CopyOrder.js';
import type { CopyStart as _waystation_v1_CopyStart, CopyStart__Output as _waystation_v1_CopyStart__Output } from './waystation/v1/CopyStart.js';
import type { CouncilReply as _waystation_v1_CouncilReply, CouncilReply__Output as _waystation_v1_CouncilReply__Output } from './waystation/v1/CouncilReply.js';
import type { Decide as _waystation_v1_Decide, Decide__Output as _waystation_v1_Decide__Output } from './waystation/v1/Decide.js';
import type { Decision as _waystation_v1_Decision, Decision__Output as _waystation_v1_Decision__Output } from './waystation/v1/Decision.js';
import type { DigestAsk as _waystation_v1_DigestAsk, DigestAsk__Output as _waystation_v1_DigestAsk__Output } from './waystation/v1/DigestAsk.js';
import type { DigestReply as _waystation_v1_DigestReply, DigestReply__Output as _waystation_v1_DigestReply__Output } from './waystation/v1/DigestReply.js';
import type { Epoch as _waystation_v1_Epoch, Epoch__Output as _waystation_v1_Epoch__Output } from './waystation/v1/Epoch.js';
import type { FarValidated as _waystation_v1_FarValidated, FarValidated__Output as _waystation_v1_FarValidated__Output } from './waystation/v1/FarValidated.js';
import type { Gate as _waystation_v1_Gate, Gate__Output as _waystation_v1_Gate__Output } from './waystation/v1/Gate.js';
import type { InclusionProof as _waystation_v1_InclusionProof, InclusionProof__Output as _waystation_v1_InclusionProof__Output } from './waystation/v1/InclusionProof.js';
import type { Inquire as _waystation_v1_Inquire, Inquire__Output as _waystation_v1_Inquire__Output } from './waystation/v1/Inquire.js';
import type { LeaseChallenge as _waystation_v1_LeaseChallenge, LeaseChallenge__Output as _waystation_v1_LeaseChallenge__Output } from './waystation/v1/LeaseChallenge.js';
import type { LeaseRenewal as _waystation_v1_LeaseRenewal, LeaseRenewal__Output as _waystation_v1_LeaseRenewal__Output } from './waystation/v1/LeaseRenewal.js';
import type { LostExtent as _waystation_v1_LostExtent, LostExtent__Output as _waystation_v1_LostExtent__Output } from './waystation/v1/LostExtent.js';
import type { LostWrites as _waystation_v1_LostWrites, LostWrites__Output as _waystation_v1_LostWrites__Output } from './waystation/v1/LostWrites.js';
import type { MemberCopy as _waystation_v1_MemberCopy, MemberCopy__Output as _waystation_v1_MemberCopy__Output } from './waystation/v1/MemberCopy.js';
import type { MemberState as _waystation_v1_MemberState, MemberState__Output as _waystation_v1_MemberState__Output } from './waystation/v1/MemberState.js';
import type { OriginBatch as _waystation_v1_OriginBatch, OriginBatch__Output as _waystation_v1_OriginBatch__Output } from './waystation/v1/OriginBatch.js';
import type { OriginFetch as _waystation_v1_OriginFetch, OriginFetch__Output as _waystation_v1_OriginFetch__Output } from './waystation/v1/OriginFetch.js';
import type { OriginHello as _waystation_v1_OriginHello, OriginHello__Output as _waystation_v1_OriginHello__Output } from './waystation/v1/OriginHello.js';
import type { OriginNumber as _waystation_v1_OriginNumber, OriginNumber__Output as _waystation_v1_OriginNumber__Output } from './waystation/v1/OriginNumber.js';
import type { OriginVolume as _waystation_v1_OriginVolume, OriginVolume__Output as _waystation_v1_OriginVolume__Output } from './waystation/v1/OriginVolume.js';
import type { OriginWrite as _waystation_v1_OriginWrite, OriginWrite__Output as _waystation_v1_OriginWrite__Output } from './waystation/v1/OriginWrite.js';
import type { PeerMessage as _waystation_v1_PeerMessage, PeerMessage__Output as _waystation_v1_PeerMessage__Output } from './waystation/v1/PeerMessage.js';
import type { PointCommitment as _waystation_v1_PointCommitment, PointCommitment__Output as _waystation_v1_PointCommitment__Output } from './waystation/v1/PointCommitment.js';
import type { Prepare as _waystation_v1_Prepare, Prepare__Output as _waystation_v1_Prepare__Output } from './waystation/v1/Prepare.js';
import type { Prepared as _waystation_v1_Prepared, Prepared__Output as _waystation_v1_Prepared__Output } from './waystation/v1/Prepared.js';
import type { Promise as _waystation_v1_Promise, Promise__Output as _waystation_v1_Promise__Output } from './waystation/v1/Promise.js';
import type { Record as _waystation_v1_Record, Record__Output as _waystation_v1_Record__Output } from './waystation/v1/Record.js';
import type { Refusal as _waystation_v1_Refusal, Refusal__Output as _waystation_v1_Refusal__Output } from './waystation/v1/Refusal.js';
import type { RegionRuns as _waystation_v1_RegionRuns, RegionRuns__Output as _waystation_v1_RegionRuns__Output } from './waystation/v1/RegionRuns.js';
import type { RelayAck as _waystation_v1_RelayAck, RelayAck__Output as _waystation_v1_RelayAck__Output } from './waystation/v1/RelayAck.js';
import type { RelayRecords as _waystation_v1_RelayRecords, RelayRecords__Output as _waystation_v1_RelayRecords__Output } from './waystation/v1/RelayRecords.js';
import type { RelayWelcome as _waystation_v1_RelayWelcome, RelayWelcome__Output as _waystation_v1_RelayWelcome__Output } from './waystation/v1/RelayWelcome.js';
import type { ReplicationServiceClient as _waystation_v1_ReplicationServiceClient, ReplicationServiceDefinition as _waystation_v1_ReplicationServiceDefinition } from './waystation/v1/ReplicationService.js';
import type { ShipBatch as _waystation_v1_ShipBatch, ShipBatch__Output as _waystation_v1_ShipBatch__Output } from './waystation/v1/ShipBatch.js';
import type { ShipCopy as _waystation_v1_ShipCopy, ShipCopy__Output as _waystation_v1_ShipCopy__Output } from './waystation/v1/ShipCopy.js';
import type { ShipHello as _waystation_v1_ShipHello, ShipHello__Output as _waystation_v1_ShipHello__Output } from './waystation/v1/ShipHello.js';
import type { ShipReceived as _waystation_v1_ShipReceived, ShipReceived__Output as _waystation_v1_ShipReceived__Output } from './waystation/v1/ShipReceived.js';
import type { ShipRegions as _waystation_v1_ShipRegions, ShipRegions__Output as _waystation_v1_ShipRegions__Output } from './waystation/v1/ShipRegions.js';
import type { ShipState as _waystation_v1_ShipState, ShipState__Output as _waystation_v1_ShipState__Output } from './waystation/v1/ShipState.js';
import type { ShipWelcome as _waystation_v1_ShipWelcome, ShipWelcome__Output as _waystation_v1_ShipWelcome__Output } from './waystation/v1/ShipWelcome.js';
import type { Suspended as _waystation_v1_Suspended, Suspended__Output as _waystation_v1_Suspended__Output } from './waystation/v1/Suspended.js';
import type { Term as _waystation_v1_Term, Term__Output as _waystation_v1_Term__Output } from './waystation/v1/Term.js';
import type { TermVolume as _waystation_v1_TermVolume, TermVolume__Output as _waystation_v1_TermVolume__Output } from './waystation/v1/TermVolume.js';
import type { Validate as _waystation_v1_Validate, Validate__Output as _waystation_v1_Validate__Output } from './waystation/v1/Validate.js';
import type { Validated as _waystation_v1_Validated, Validated__Output as _waystation_v1_Validated__Output } from './waystation/v1/Validated.js';
import type { VolumeMark as _waystation_v1_VolumeMark, VolumeMark__Output as _waystation_v1_VolumeMark__Output } from './waystation/v1/VolumeMark.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  waystation: {
    v1: {
      Applied: MessageTypeDefinition<_waystation_v1_Applied, _waystation_v1_Applied__Output>
      CopyDone: MessageTypeDefinition<_waystation_v1_CopyDone, _waystation_v1_CopyDone__Output>
      CopyEnded: MessageTypeDefinition<_waystation_v1_CopyEnded, _waystation_v1_CopyEnded__Output>
      CopyOrder: MessageTypeDefinition<_waystation_v1_CopyOrder, _waystation_v1_CopyOrder__Output>
      CopyStart: MessageTypeDefinition<_waystation_v1_CopyStart, _waystation_v1_CopyStart__Output>
      CouncilReply: MessageTypeDefinition<_waystation_v1_CouncilReply, _waystation_v1_CouncilReply__Output>
      Decide: MessageTypeDefinition<_waystation_v1_Decide, _waystation_v1_Decide__Output>
      Decision: MessageTypeDefinition<_waystation_v1_Decision, _waystation_v1_Decision__Output>
      DigestAsk: MessageTypeDefinition<_waystation_v1_DigestAsk, _waystation_v1_DigestAsk__Output>
      DigestReply: MessageTypeDefinition<_waystation_v1_DigestReply, _waystation_v1_DigestReply__Output>
      Epoch: MessageTypeDefinition<_waystation_v1_Epoch, _waystation_v1_Epoch__Output>
      FarValidated: MessageTypeDefinition<_waystation_v1_FarValidated, _waystation_v1_FarValidated__Output>
      Gate: MessageTypeDefinition<_waystation_v1_Gate, _waystation_v1_Gate__Output>
      GroupPairState: EnumTypeDefinition
      GroupRole: EnumTypeDefinition
      InclusionProof: MessageTypeDefinition<_waystation_v1_InclusionProof, _waystation_v1_InclusionProof__Output>
      Inquire: MessageTypeDefinition<_waystation_v1_Inquire, _waystation_v1_Inquire__Output>
      LeaseChallenge: MessageTypeDefinition<_waystation_v1_LeaseChallenge, _waystation_v1_LeaseChallenge__Output>
      LeaseRenewal: MessageTypeDefinition<_waystation_v1_LeaseRenewal, _waystation_v1_LeaseRenewal__Output>
      LostExtent: MessageTypeDefinition<_waystation_v1_LostExtent, _waystation_v1_LostExtent__Output>
      LostWrites: MessageTypeDefinition<_waystation_v1_LostWrites, _waystation_v1_LostWrites__Output>
      MemberCopy: MessageTypeDefinition<_waystation_v1_MemberCopy, _waystation_v1_MemberCopy__Output>
      MemberState: MessageTypeDefinition<_waystation_v1_MemberState, _waystation_v1_MemberState__Output>
      OriginBatch: MessageTypeDefinition<_waystation_v1_OriginBatch, _waystation_v1_OriginBatch__Output>
      OriginFetch: MessageTypeDefinition<_waystation_v1_OriginFetch, _waystation_v1_OriginFetch__Output>
      OriginHello: MessageTypeDefinition<_waystation_v1_OriginHello, _waystation_v1_OriginHello__Output>
      OriginLeg: EnumTypeDefinition
      OriginNumber: MessageTypeDefinition<_waystation_v1_OriginNumber, _waystation_v1_OriginNumber__Output>
      OriginVolume: MessageTypeDefinition<_waystation_v1_OriginVolume, _waystation_v1_OriginVolume__Output>
      OriginWrite: MessageTypeDefinition<_waystation_v1_OriginWrite, _waystation_v1_OriginWrite__Output>
      PeerMessage: MessageTypeDefinition<_waystation_v1_PeerMessage, _waystation_v1_PeerMessage__Output>
      PointCommitment: MessageTypeDefinition<_waystation_v1_PointCommitment, _waystation_v1_PointCommitment__Output>
      Prepare: MessageTypeDefinition<_waystation_v1_Prepare, _waystation_v1_Prepare__Output>
      Prepared: MessageTypeDefinition<_waystation_v1_Prepared, _waystation_v1_Prepared__Output>
      Promise: MessageTypeDefinition<_waystation_v1_Promise, _waystation_v1_Promise__Output>
      PromisePurpose: EnumTypeDefinition
      Record: MessageTypeDefinition<_waystation_v1_Record, _waystation_v1_Record__Output>
      RecordKind: EnumTypeDefinition
      Refusal: MessageTypeDefinition<_waystation_v1_Refusal, _waystation_v1_Refusal__Output>
      RefusalReason: EnumTypeDefinition
      RegionRuns: MessageTypeDefinition<_waystation_v1_RegionRuns, _waystation_v1_RegionRuns__Output>
      RelayAck: MessageTypeDefinition<_waystation_v1_RelayAck, _waystation_v1_RelayAck__Output>
      RelayRecords: MessageTypeDefinition<_waystation_v1_RelayRecords, _waystation_v1_RelayRecords__Output>
      RelayWelcome: MessageTypeDefinition<_waystation_v1_RelayWelcome, _waystation_v1_RelayWelcome__Output>
      /**
       * One method per channel, each on a connection of its own, so that leases and promises never queue behind data.
       */
      ReplicationService: SubtypeConstructor<typeof grpc.Client, _waystation_v1_ReplicationServiceClient> & { service: _waystation_v1_ReplicationServiceDefinition }
      ShipBatch: MessageTypeDefinition<_waystation_v1_ShipBatch, _waystation_v1_ShipBatch__Output>
      ShipCopy: MessageTypeDefinition<_waystation_v1_ShipCopy, _waystation_v1_ShipCopy__Output>
      ShipHello: MessageTypeDefinition<_waystation_v1_ShipHello, _waystation_v1_ShipHello__Output>
      ShipReceived: MessageTypeDefinition<_waystation_v1_ShipReceived, _waystation_v1_ShipReceived__Output>
      ShipRegions: MessageTypeDefinition<_waystation_v1_ShipRegions, _waystation_v1_ShipRegions__Output>
      ShipState: MessageTypeDefinition<_waystation_v1_ShipState, _waystation_v1_ShipState__Output>
      ShipWelcome: MessageTypeDefinition<_waystation_v1_ShipWelcome, _waystation_v1_ShipWelcome__Output>
      Suspended: MessageTypeDefinition<_waystation_v1_Suspended, _waystation_v1_Suspended__Output>
      Term: MessageTypeDefinition<_waystation_v1_Term, _waystation_v1_Term__Output>
      TermCause: EnumTypeDefinition
      TermVolume: MessageTypeDefinition<_waystation_v1_TermVolume, _waystation_v1_TermVolume__Output>
      Validate: MessageTypeDefinition<_waystation_v1_Validate, _waystation_v1_Validate__Output>
      Validated: MessageTypeDefinition<_waystation_v1_Validated, _waystation_v1_Validated__Output>
      VolumeMark: MessageTypeDefinition<_waystation_v1_VolumeMark, _waystation_v1_VolumeMark__Output>
    }
  }
}


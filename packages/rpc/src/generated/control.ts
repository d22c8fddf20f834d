import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Applied as _waystation_v1_Applied, Applied__Output as _waystation_v1_Applied__Output } from './waystation/v1/Applied.js';
import type { ArrayStatus as _waystation_v1_ArrayStatus, ArrayStatus__Output as _waystation_v1_ArrayStatus__Output } from './waystation/v1/ArrayStatus.js';
import type { AttestGroupRequest as _waystation_v1_AttestGroupRequest, AttestGroupRequest__Output as _waystation_v1_AttestGroupRequest__Output } from './waystation/v1/AttestGroupRequest.js';
import type { AttestGroupResponse as _waystation_v1_AttestGroupResponse, AttestGroupResponse__Output as _waystation_v1_AttestGroupResponse__Output } from './waystation/v1/AttestGroupResponse.js';
import type { BranchStatus as _waystation_v1_BranchStatus, BranchStatus__Output as _waystation_v1_BranchStatus__Output } from './waystation/v1/BranchStatus.js';
import type { ChangeTermRequest as _waystation_v1_ChangeTermRequest, ChangeTermRequest__Output as _waystation_v1_ChangeTermRequest__Output } from './waystation/v1/ChangeTermRequest.js';
import type { CommandRequest as _waystation_v1_CommandRequest, CommandRequest__Output as _waystation_v1_CommandRequest__Output } from './waystation/v1/CommandRequest.js';
import type { CommandResponse as _waystation_v1_CommandResponse, CommandResponse__Output as _waystation_v1_CommandResponse__Output } from './waystation/v1/CommandResponse.js';
import type { ControlServiceClient as _waystation_v1_ControlServiceClient, ControlServiceDefinition as _waystation_v1_ControlServiceDefinition } from './waystation/v1/ControlService.js';
import type { CopyDone as _waystation_v1_CopyDone, CopyDone__Output as _waystation_v1_CopyDone__Output } from './waystation/v1/CopyDone.js';
import type { CopyEnded as _waystation_v1_CopyEnded, CopyEnded__Output as _waystation_v1_CopyEnded__Output } from './waystation/v1/CopyEnded.js';
import type { CopyOrder as _waystation_v1_CopyOrder, CopyOrder__Output as _waystation_v1_CopyOrder__Output } from './waystation/v1/CopyOrder.js';
import type { CopyProgress as _waystation_v1_CopyProgress, CopyProgress__Output as _waystation_v1_CopyProgress__Output } from './waystation/v1/CopyProgress.js';
import type { CopyStart as _waystation_v1_CopyStart, CopyStart__Output as _waystation_v1_CopyStart__Output } from './waystation/v1/CopyStart.js';
import type { CouncilReply as _waystation_v1_CouncilReply, CouncilReply__Output as _waystation_v1_CouncilReply__Output } from './waystation/v1/CouncilReply.js';
import type { Decide as _waystation_v1_Decide, Decide__Output as _waystation_v1_Decide__Output } from './waystation/v1/Decide.js';
import type { Decision as _waystation_v1_Decision, Decision__Output as _waystation_v1_Decision__Output } from './waystation/v1/Decision.js';
import type { DigestAsk as _waystation_v1_DigestAsk, DigestAsk__Output as _waystation_v1_DigestAsk__Output } from './waystation/v1/DigestAsk.js';
import type { DigestReply as _waystation_v1_DigestReply, DigestReply__Output as _waystation_v1_DigestReply__Output } from './waystation/v1/DigestReply.js';
import type { DropBranchCommand as _waystation_v1_DropBranchCommand, DropBranchCommand__Output as _waystation_v1_DropBranchCommand__Output } from './waystation/v1/DropBranchCommand.js';
import type { Epoch as _waystation_v1_Epoch, Epoch__Output as _waystation_v1_Epoch__Output } from './waystation/v1/Epoch.js';
import type { FarValidated as _waystation_v1_FarValidated, FarValidated__Output as _waystation_v1_FarValidated__Output } from './waystation/v1/FarValidated.js';
import type { Gate as _waystation_v1_Gate, Gate__Output as _waystation_v1_Gate__Output } from './waystation/v1/Gate.js';
import type { GetStatusRequest as _waystation_v1_GetStatusRequest, GetStatusRequest__Output as _waystation_v1_GetStatusRequest__Output } from './waystation/v1/GetStatusRequest.js';
import type { GetStatusResponse as _waystation_v1_GetStatusResponse, GetStatusResponse__Output as _waystation_v1_GetStatusResponse__Output } from './waystation/v1/GetStatusResponse.js';
import type { GroupStatus as _waystation_v1_GroupStatus, GroupStatus__Output as _waystation_v1_GroupStatus__Output } from './waystation/v1/GroupStatus.js';
import type { InclusionProof as _waystation_v1_InclusionProof, InclusionProof__Output as _waystation_v1_InclusionProof__Output } from './waystation/v1/InclusionProof.js';
import type { IngressStages as _waystation_v1_IngressStages, IngressStages__Output as _waystation_v1_IngressStages__Output } from './waystation/v1/IngressStages.js';
import type { Inquire as _waystation_v1_Inquire, Inquire__Output as _waystation_v1_Inquire__Output } from './waystation/v1/Inquire.js';
import type { LeaseChallenge as _waystation_v1_LeaseChallenge, LeaseChallenge__Output as _waystation_v1_LeaseChallenge__Output } from './waystation/v1/LeaseChallenge.js';
import type { LeaseRenewal as _waystation_v1_LeaseRenewal, LeaseRenewal__Output as _waystation_v1_LeaseRenewal__Output } from './waystation/v1/LeaseRenewal.js';
import type { LostExtent as _waystation_v1_LostExtent, LostExtent__Output as _waystation_v1_LostExtent__Output } from './waystation/v1/LostExtent.js';
import type { LostWrites as _waystation_v1_LostWrites, LostWrites__Output as _waystation_v1_LostWrites__Output } from './waystation/v1/LostWrites.js';
import type { MemberCopy as _waystation_v1_MemberCopy, MemberCopy__Output as _waystation_v1_MemberCopy__Output } from './waystation/v1/MemberCopy.js';
import type { MemberState as _waystation_v1_MemberState, MemberState__Output as _waystation_v1_MemberState__Output } from './waystation/v1/MemberState.js';
import type { NodeStatus as _waystation_v1_NodeStatus, NodeStatus__Output as _waystation_v1_NodeStatus__Output } from './waystation/v1/NodeStatus.js';
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
import type { PrimaryStages as _waystation_v1_PrimaryStages, PrimaryStages__Output as _waystation_v1_PrimaryStages__Output } from './waystation/v1/PrimaryStages.js';
import type { Promise as _waystation_v1_Promise, Promise__Output as _waystation_v1_Promise__Output } from './waystation/v1/Promise.js';
import type { Record as _waystation_v1_Record, Record__Output as _waystation_v1_Record__Output } from './waystation/v1/Record.js';
import type { Refusal as _waystation_v1_Refusal, Refusal__Output as _waystation_v1_Refusal__Output } from './waystation/v1/Refusal.js';
import type { RegionRuns as _waystation_v1_RegionRuns, RegionRuns__Output as _waystation_v1_RegionRuns__Output } from './waystation/v1/RegionRuns.js';
import type { RelayAck as _waystation_v1_RelayAck, RelayAck__Output as _waystation_v1_RelayAck__Output } from './waystation/v1/RelayAck.js';
import type { RelayRecords as _waystation_v1_RelayRecords, RelayRecords__Output as _waystation_v1_RelayRecords__Output } from './waystation/v1/RelayRecords.js';
import type { RelayStages as _waystation_v1_RelayStages, RelayStages__Output as _waystation_v1_RelayStages__Output } from './waystation/v1/RelayStages.js';
import type { RelayWelcome as _waystation_v1_RelayWelcome, RelayWelcome__Output as _waystation_v1_RelayWelcome__Output } from './waystation/v1/RelayWelcome.js';
import type { ReloadRequest as _waystation_v1_ReloadRequest, ReloadRequest__Output as _waystation_v1_ReloadRequest__Output } from './waystation/v1/ReloadRequest.js';
import type { ReloadResponse as _waystation_v1_ReloadResponse, ReloadResponse__Output as _waystation_v1_ReloadResponse__Output } from './waystation/v1/ReloadResponse.js';
import type { ReplicationServiceClient as _waystation_v1_ReplicationServiceClient, ReplicationServiceDefinition as _waystation_v1_ReplicationServiceDefinition } from './waystation/v1/ReplicationService.js';
import type { ResyncCommand as _waystation_v1_ResyncCommand, ResyncCommand__Output as _waystation_v1_ResyncCommand__Output } from './waystation/v1/ResyncCommand.js';
import type { SecondaryStages as _waystation_v1_SecondaryStages, SecondaryStages__Output as _waystation_v1_SecondaryStages__Output } from './waystation/v1/SecondaryStages.js';
import type { ShipBatch as _waystation_v1_ShipBatch, ShipBatch__Output as _waystation_v1_ShipBatch__Output } from './waystation/v1/ShipBatch.js';
import type { ShipCopy as _waystation_v1_ShipCopy, ShipCopy__Output as _waystation_v1_ShipCopy__Output } from './waystation/v1/ShipCopy.js';
import type { ShipHello as _waystation_v1_ShipHello, ShipHello__Output as _waystation_v1_ShipHello__Output } from './waystation/v1/ShipHello.js';
import type { ShipReceived as _waystation_v1_ShipReceived, ShipReceived__Output as _waystation_v1_ShipReceived__Output } from './waystation/v1/ShipReceived.js';
import type { ShipRegions as _waystation_v1_ShipRegions, ShipRegions__Output as _waystation_v1_ShipRegions__Output } from './waystation/v1/ShipRegions.js';
import type { ShipState as _waystation_v1_ShipState, ShipState__Output as _waystation_v1_ShipState__Output } from './waystation/v1/ShipState.js';
import type { ShipWelcome as _waystation_v1_ShipWelcome, ShipWelcome__Output as _waystation_v1_ShipWelcome__Output } from './waystation/v1/ShipWelcome.js';
import type { ShippingStages as _waystation_v1_ShippingStages, ShippingStages__Output as _waystation_v1_ShippingStages__Output } from './waystation/v1/ShippingStages.js';
import type { SuspendCommand as _waystation_v1_SuspendCommand, SuspendCommand__Output as _waystation_v1_SuspendCommand__Output } from './waystation/v1/SuspendCommand.js';
import type { Suspended as _waystation_v1_Suspended, Suspended__Output as _waystation_v1_Suspended__Output } from './waystation/v1/Suspended.js';
import type { TakeoverRequest as _waystation_v1_TakeoverRequest, TakeoverRequest__Output as _waystation_v1_TakeoverRequest__Output } from './waystation/v1/TakeoverRequest.js';
import type { TakeoverResponse as _waystation_v1_TakeoverResponse, TakeoverResponse__Output as _waystation_v1_TakeoverResponse__Output } from './waystation/v1/TakeoverResponse.js';
import type { TakeoverResult as _waystation_v1_TakeoverResult, TakeoverResult__Output as _waystation_v1_TakeoverResult__Output } from './waystation/v1/TakeoverResult.js';
import type { Term as _waystation_v1_Term, Term__Output as _waystation_v1_Term__Output } from './waystation/v1/Term.js';
import type { TermSummary as _waystation_v1_TermSummary, TermSummary__Output as _waystation_v1_TermSummary__Output } from './waystation/v1/TermSummary.js';
import type { TermVolume as _waystation_v1_TermVolume, TermVolume__Output as _waystation_v1_TermVolume__Output } from './waystation/v1/TermVolume.js';
import type { Validate as _waystation_v1_Validate, Validate__Output as _waystation_v1_Validate__Output } from './waystation/v1/Validate.js';
import type { Validated as _waystation_v1_Validated, Validated__Output as _waystation_v1_Validated__Output } from './waystation/v1/Validated.js';
import type { VolumeMark as _waystation_v1_VolumeMark, VolumeMark__Output as _waystation_v1_VolumeMark__Output } from './waystation/v1/VolumeMark.js';
import type { VolumeStatus as _waystation_v1_VolumeStatus, VolumeStatus__Output as _waystation_v1_VolumeStatus__Output } from './waystation/v1/VolumeStatus.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  waystation: {
    v1: {
      Applied: MessageTypeDefinition<_waystation_v1_Applied, _waystation_v1_Applied__Output>
      ArrayState: EnumTypeDefinition
      ArrayStatus: MessageTypeDefinition<_waystation_v1_ArrayStatus, _waystation_v1_ArrayStatus__Output>
      AttestGroupRequest: MessageTypeDefinition<_waystation_v1_AttestGroupRequest, _waystation_v1_AttestGroupRequest__Output>
      AttestGroupResponse: MessageTypeDefinition<_waystation_v1_AttestGroupResponse, _waystation_v1_AttestGroupResponse__Output>
      BranchStatus: MessageTypeDefinition<_waystation_v1_BranchStatus, _waystation_v1_BranchStatus__Output>
      ChangeTermRequest: MessageTypeDefinition<_waystation_v1_ChangeTermRequest, _waystation_v1_ChangeTermRequest__Output>
      CommandRequest: MessageTypeDefinition<_waystation_v1_CommandRequest, _waystation_v1_CommandRequest__Output>
      CommandResponse: MessageTypeDefinition<_waystation_v1_CommandResponse, _waystation_v1_CommandResponse__Output>
      /**
       * Each node answers for itself only and never waits for another one to do so: ask every node to see a cluster.
       */
      ControlService: SubtypeConstructor<typeof grpc.Client, _waystation_v1_ControlServiceClient> & { service: _waystation_v1_ControlServiceDefinition }
      CopyDone: MessageTypeDefinition<_waystation_v1_CopyDone, _waystation_v1_CopyDone__Output>
      CopyEnded: MessageTypeDefinition<_waystation_v1_CopyEnded, _waystation_v1_CopyEnded__Output>
      CopyOrder: MessageTypeDefinition<_waystation_v1_CopyOrder, _waystation_v1_CopyOrder__Output>
      CopyProgress: MessageTypeDefinition<_waystation_v1_CopyProgress, _waystation_v1_CopyProgress__Output>
      CopyStart: MessageTypeDefinition<_waystation_v1_CopyStart, _waystation_v1_CopyStart__Output>
      CouncilReply: MessageTypeDefinition<_waystation_v1_CouncilReply, _waystation_v1_CouncilReply__Output>
      Decide: MessageTypeDefinition<_waystation_v1_Decide, _waystation_v1_Decide__Output>
      Decision: MessageTypeDefinition<_waystation_v1_Decision, _waystation_v1_Decision__Output>
      DigestAsk: MessageTypeDefinition<_waystation_v1_DigestAsk, _waystation_v1_DigestAsk__Output>
      DigestReply: MessageTypeDefinition<_waystation_v1_DigestReply, _waystation_v1_DigestReply__Output>
      DropBranchCommand: MessageTypeDefinition<_waystation_v1_DropBranchCommand, _waystation_v1_DropBranchCommand__Output>
      Epoch: MessageTypeDefinition<_waystation_v1_Epoch, _waystation_v1_Epoch__Output>
      FarValidated: MessageTypeDefinition<_waystation_v1_FarValidated, _waystation_v1_FarValidated__Output>
      Gate: MessageTypeDefinition<_waystation_v1_Gate, _waystation_v1_Gate__Output>
      GetStatusRequest: MessageTypeDefinition<_waystation_v1_GetStatusRequest, _waystation_v1_GetStatusRequest__Output>
      GetStatusResponse: MessageTypeDefinition<_waystation_v1_GetStatusResponse, _waystation_v1_GetStatusResponse__Output>
      GroupPairState: EnumTypeDefinition
      GroupRole: EnumTypeDefinition
      GroupStatus: MessageTypeDefinition<_waystation_v1_GroupStatus, _waystation_v1_GroupStatus__Output>
      InclusionProof: MessageTypeDefinition<_waystation_v1_InclusionProof, _waystation_v1_InclusionProof__Output>
      IngressStages: MessageTypeDefinition<_waystation_v1_IngressStages, _waystation_v1_IngressStages__Output>
      Inquire: MessageTypeDefinition<_waystation_v1_Inquire, _waystation_v1_Inquire__Output>
      LeaseChallenge: MessageTypeDefinition<_waystation_v1_LeaseChallenge, _waystation_v1_LeaseChallenge__Output>
      LeaseRenewal: MessageTypeDefinition<_waystation_v1_LeaseRenewal, _waystation_v1_LeaseRenewal__Output>
      LostExtent: MessageTypeDefinition<_waystation_v1_LostExtent, _waystation_v1_LostExtent__Output>
      LostVerdict: EnumTypeDefinition
      LostWrites: MessageTypeDefinition<_waystation_v1_LostWrites, _waystation_v1_LostWrites__Output>
      MemberCopy: MessageTypeDefinition<_waystation_v1_MemberCopy, _waystation_v1_MemberCopy__Output>
      MemberState: MessageTypeDefinition<_waystation_v1_MemberState, _waystation_v1_MemberState__Output>
      NodeStatus: MessageTypeDefinition<_waystation_v1_NodeStatus, _waystation_v1_NodeStatus__Output>
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
      PrimaryStages: MessageTypeDefinition<_waystation_v1_PrimaryStages, _waystation_v1_PrimaryStages__Output>
      Promise: MessageTypeDefinition<_waystation_v1_Promise, _waystation_v1_Promise__Output>
      PromisePurpose: EnumTypeDefinition
      Record: MessageTypeDefinition<_waystation_v1_Record, _waystation_v1_Record__Output>
      RecordKind: EnumTypeDefinition
      Refusal: MessageTypeDefinition<_waystation_v1_Refusal, _waystation_v1_Refusal__Output>
      RefusalReason: EnumTypeDefinition
      RegionRuns: MessageTypeDefinition<_waystation_v1_RegionRuns, _waystation_v1_RegionRuns__Output>
      RelayAck: MessageTypeDefinition<_waystation_v1_RelayAck, _waystation_v1_RelayAck__Output>
      RelayRecords: MessageTypeDefinition<_waystation_v1_RelayRecords, _waystation_v1_RelayRecords__Output>
      RelayStages: MessageTypeDefinition<_waystation_v1_RelayStages, _waystation_v1_RelayStages__Output>
      RelayWelcome: MessageTypeDefinition<_waystation_v1_RelayWelcome, _waystation_v1_RelayWelcome__Output>
      ReloadRequest: MessageTypeDefinition<_waystation_v1_ReloadRequest, _waystation_v1_ReloadRequest__Output>
      ReloadResponse: MessageTypeDefinition<_waystation_v1_ReloadResponse, _waystation_v1_ReloadResponse__Output>
      /**
       * One method per channel, each on a connection of its own, so that leases and promises never queue behind data.
       */
      ReplicationService: SubtypeConstructor<typeof grpc.Client, _waystation_v1_ReplicationServiceClient> & { service: _waystation_v1_ReplicationServiceDefinition }
      ResyncCommand: MessageTypeDefinition<_waystation_v1_ResyncCommand, _waystation_v1_ResyncCommand__Output>
      SecondaryStages: MessageTypeDefinition<_waystation_v1_SecondaryStages, _waystation_v1_SecondaryStages__Output>
      ShipBatch: MessageTypeDefinition<_waystation_v1_ShipBatch, _waystation_v1_ShipBatch__Output>
      ShipCopy: MessageTypeDefinition<_waystation_v1_ShipCopy, _waystation_v1_ShipCopy__Output>
      ShipHello: MessageTypeDefinition<_waystation_v1_ShipHello, _waystation_v1_ShipHello__Output>
      ShipReceived: MessageTypeDefinition<_waystation_v1_ShipReceived, _waystation_v1_ShipReceived__Output>
      ShipRegions: MessageTypeDefinition<_waystation_v1_ShipRegions, _waystation_v1_ShipRegions__Output>
      ShipState: MessageTypeDefinition<_waystation_v1_ShipState, _waystation_v1_ShipState__Output>
      ShipWelcome: MessageTypeDefinition<_waystation_v1_ShipWelcome, _waystation_v1_ShipWelcome__Output>
      ShippingStages: MessageTypeDefinition<_waystation_v1_ShippingStages, _waystation_v1_ShippingStages__Output>
      SuspendCommand: MessageTypeDefinition<_waystation_v1_SuspendCommand, _waystation_v1_SuspendCommand__Output>
      Suspended: MessageTypeDefinition<_waystation_v1_Suspended, _waystation_v1_Suspended__Output>
      TakeoverOutcome: EnumTypeDefinition
      TakeoverRequest: MessageTypeDefinition<_waystation_v1_TakeoverRequest, _waystation_v1_TakeoverRequest__Output>
      TakeoverResponse: MessageTypeDefinition<_waystation_v1_TakeoverResponse, _waystation_v1_TakeoverResponse__Output>
      TakeoverResult: MessageTypeDefinition<_waystation_v1_TakeoverResult, _waystation_v1_TakeoverResult__Output>
      Term: MessageTypeDefinition<_waystation_v1_Term, _waystation_v1_Term__Output>
      TermCause: EnumTypeDefinition
      TermSummary: MessageTypeDefinition<_waystation_v1_TermSummary, _waystation_v1_TermSummary__Output>
      TermVolume: MessageTypeDefinition<_waystation_v1_TermVolume, _waystation_v1_TermVolume__Output>
      Validate: MessageTypeDefinition<_waystation_v1_Validate, _waystation_v1_Validate__Output>
      Validated: MessageTypeDefinition<_waystation_v1_Validated, _waystation_v1_Validated__Output>
      VolumeMark: MessageTypeDefinition<_waystation_v1_VolumeMark, _waystation_v1_VolumeMark__Output>
      VolumeState: EnumTypeDefinition
      VolumeStatus: MessageTypeDefinition<_waystation_v1_VolumeStatus, _waystation_v1_VolumeStatus__Output>
    }
  }
}


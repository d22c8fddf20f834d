import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { ArrayReport as _waystation_v1_ArrayReport, ArrayReport__Output as _waystation_v1_ArrayReport__Output } from './waystation/v1/ArrayReport.js';
import type { CloneVolumeRequest as _waystation_v1_CloneVolumeRequest, CloneVolumeRequest__Output as _waystation_v1_CloneVolumeRequest__Output } from './waystation/v1/CloneVolumeRequest.js';
import type { CloneVolumeResponse as _waystation_v1_CloneVolumeResponse, CloneVolumeResponse__Output as _waystation_v1_CloneVolumeResponse__Output } from './waystation/v1/CloneVolumeResponse.js';
import type { CloseLentVolumeRequest as _waystation_v1_CloseLentVolumeRequest, CloseLentVolumeRequest__Output as _waystation_v1_CloseLentVolumeRequest__Output } from './waystation/v1/CloseLentVolumeRequest.js';
import type { CloseLentVolumeResponse as _waystation_v1_CloseLentVolumeResponse, CloseLentVolumeResponse__Output as _waystation_v1_CloseLentVolumeResponse__Output } from './waystation/v1/CloseLentVolumeResponse.js';
import type { CreatePairRequest as _waystation_v1_CreatePairRequest, CreatePairRequest__Output as _waystation_v1_CreatePairRequest__Output } from './waystation/v1/CreatePairRequest.js';
import type { CreatePairResponse as _waystation_v1_CreatePairResponse, CreatePairResponse__Output as _waystation_v1_CreatePairResponse__Output } from './waystation/v1/CreatePairResponse.js';
import type { CreateVolumeRequest as _waystation_v1_CreateVolumeRequest, CreateVolumeRequest__Output as _waystation_v1_CreateVolumeRequest__Output } from './waystation/v1/CreateVolumeRequest.js';
import type { CreateVolumeResponse as _waystation_v1_CreateVolumeResponse, CreateVolumeResponse__Output as _waystation_v1_CreateVolumeResponse__Output } from './waystation/v1/CreateVolumeResponse.js';
import type { DeletePairRequest as _waystation_v1_DeletePairRequest, DeletePairRequest__Output as _waystation_v1_DeletePairRequest__Output } from './waystation/v1/DeletePairRequest.js';
import type { DeletePairResponse as _waystation_v1_DeletePairResponse, DeletePairResponse__Output as _waystation_v1_DeletePairResponse__Output } from './waystation/v1/DeletePairResponse.js';
import type { DeleteVolumeRequest as _waystation_v1_DeleteVolumeRequest, DeleteVolumeRequest__Output as _waystation_v1_DeleteVolumeRequest__Output } from './waystation/v1/DeleteVolumeRequest.js';
import type { DeleteVolumeResponse as _waystation_v1_DeleteVolumeResponse, DeleteVolumeResponse__Output as _waystation_v1_DeleteVolumeResponse__Output } from './waystation/v1/DeleteVolumeResponse.js';
import type { DiskReport as _waystation_v1_DiskReport, DiskReport__Output as _waystation_v1_DiskReport__Output } from './waystation/v1/DiskReport.js';
import type { FailDiskRequest as _waystation_v1_FailDiskRequest, FailDiskRequest__Output as _waystation_v1_FailDiskRequest__Output } from './waystation/v1/FailDiskRequest.js';
import type { FailDiskResponse as _waystation_v1_FailDiskResponse, FailDiskResponse__Output as _waystation_v1_FailDiskResponse__Output } from './waystation/v1/FailDiskResponse.js';
import type { LendVolumeRequest as _waystation_v1_LendVolumeRequest, LendVolumeRequest__Output as _waystation_v1_LendVolumeRequest__Output } from './waystation/v1/LendVolumeRequest.js';
import type { LendVolumeResponse as _waystation_v1_LendVolumeResponse, LendVolumeResponse__Output as _waystation_v1_LendVolumeResponse__Output } from './waystation/v1/LendVolumeResponse.js';
import type { ListArraysRequest as _waystation_v1_ListArraysRequest, ListArraysRequest__Output as _waystation_v1_ListArraysRequest__Output } from './waystation/v1/ListArraysRequest.js';
import type { ListArraysResponse as _waystation_v1_ListArraysResponse, ListArraysResponse__Output as _waystation_v1_ListArraysResponse__Output } from './waystation/v1/ListArraysResponse.js';
import type { ListPairsRequest as _waystation_v1_ListPairsRequest, ListPairsRequest__Output as _waystation_v1_ListPairsRequest__Output } from './waystation/v1/ListPairsRequest.js';
import type { ListPairsResponse as _waystation_v1_ListPairsResponse, ListPairsResponse__Output as _waystation_v1_ListPairsResponse__Output } from './waystation/v1/ListPairsResponse.js';
import type { ListStoredVolumesRequest as _waystation_v1_ListStoredVolumesRequest, ListStoredVolumesRequest__Output as _waystation_v1_ListStoredVolumesRequest__Output } from './waystation/v1/ListStoredVolumesRequest.js';
import type { ListStoredVolumesResponse as _waystation_v1_ListStoredVolumesResponse, ListStoredVolumesResponse__Output as _waystation_v1_ListStoredVolumesResponse__Output } from './waystation/v1/ListStoredVolumesResponse.js';
import type { OpenLentVolumeRequest as _waystation_v1_OpenLentVolumeRequest, OpenLentVolumeRequest__Output as _waystation_v1_OpenLentVolumeRequest__Output } from './waystation/v1/OpenLentVolumeRequest.js';
import type { OpenLentVolumeResponse as _waystation_v1_OpenLentVolumeResponse, OpenLentVolumeResponse__Output as _waystation_v1_OpenLentVolumeResponse__Output } from './waystation/v1/OpenLentVolumeResponse.js';
import type { PairReport as _waystation_v1_PairReport, PairReport__Output as _waystation_v1_PairReport__Output } from './waystation/v1/PairReport.js';
import type { RebuildArrayRequest as _waystation_v1_RebuildArrayRequest, RebuildArrayRequest__Output as _waystation_v1_RebuildArrayRequest__Output } from './waystation/v1/RebuildArrayRequest.js';
import type { RebuildArrayResponse as _waystation_v1_RebuildArrayResponse, RebuildArrayResponse__Output as _waystation_v1_RebuildArrayResponse__Output } from './waystation/v1/RebuildArrayResponse.js';
import type { RegionRun as _waystation_v1_RegionRun, RegionRun__Output as _waystation_v1_RegionRun__Output } from './waystation/v1/RegionRun.js';
import type { ReplaceDiskRequest as _waystation_v1_ReplaceDiskRequest, ReplaceDiskRequest__Output as _waystation_v1_ReplaceDiskRequest__Output } from './waystation/v1/ReplaceDiskRequest.js';
import type { ReplaceDiskResponse as _waystation_v1_ReplaceDiskResponse, ReplaceDiskResponse__Output as _waystation_v1_ReplaceDiskResponse__Output } from './waystation/v1/ReplaceDiskResponse.js';
import type { RestorePairRequest as _waystation_v1_RestorePairRequest, RestorePairRequest__Output as _waystation_v1_RestorePairRequest__Output } from './waystation/v1/RestorePairRequest.js';
import type { RestorePairResponse as _waystation_v1_RestorePairResponse, RestorePairResponse__Output as _waystation_v1_RestorePairResponse__Output } from './waystation/v1/RestorePairResponse.js';
import type { ResyncPairRequest as _waystation_v1_ResyncPairRequest, ResyncPairRequest__Output as _waystation_v1_ResyncPairRequest__Output } from './waystation/v1/ResyncPairRequest.js';
import type { ResyncPairResponse as _waystation_v1_ResyncPairResponse, ResyncPairResponse__Output as _waystation_v1_ResyncPairResponse__Output } from './waystation/v1/ResyncPairResponse.js';
import type { ReturnVolumeRequest as _waystation_v1_ReturnVolumeRequest, ReturnVolumeRequest__Output as _waystation_v1_ReturnVolumeRequest__Output } from './waystation/v1/ReturnVolumeRequest.js';
import type { ReturnVolumeResponse as _waystation_v1_ReturnVolumeResponse, ReturnVolumeResponse__Output as _waystation_v1_ReturnVolumeResponse__Output } from './waystation/v1/ReturnVolumeResponse.js';
import type { RunningScrub as _waystation_v1_RunningScrub, RunningScrub__Output as _waystation_v1_RunningScrub__Output } from './waystation/v1/RunningScrub.js';
import type { ScrubArrayRequest as _waystation_v1_ScrubArrayRequest, ScrubArrayRequest__Output as _waystation_v1_ScrubArrayRequest__Output } from './waystation/v1/ScrubArrayRequest.js';
import type { ScrubArrayResponse as _waystation_v1_ScrubArrayResponse, ScrubArrayResponse__Output as _waystation_v1_ScrubArrayResponse__Output } from './waystation/v1/ScrubArrayResponse.js';
import type { ScrubFinding as _waystation_v1_ScrubFinding, ScrubFinding__Output as _waystation_v1_ScrubFinding__Output } from './waystation/v1/ScrubFinding.js';
import type { ScrubReport as _waystation_v1_ScrubReport, ScrubReport__Output as _waystation_v1_ScrubReport__Output } from './waystation/v1/ScrubReport.js';
import type { ShowArrayRequest as _waystation_v1_ShowArrayRequest, ShowArrayRequest__Output as _waystation_v1_ShowArrayRequest__Output } from './waystation/v1/ShowArrayRequest.js';
import type { ShowArrayResponse as _waystation_v1_ShowArrayResponse, ShowArrayResponse__Output as _waystation_v1_ShowArrayResponse__Output } from './waystation/v1/ShowArrayResponse.js';
import type { SnapshotVolumeRequest as _waystation_v1_SnapshotVolumeRequest, SnapshotVolumeRequest__Output as _waystation_v1_SnapshotVolumeRequest__Output } from './waystation/v1/SnapshotVolumeRequest.js';
import type { SnapshotVolumeResponse as _waystation_v1_SnapshotVolumeResponse, SnapshotVolumeResponse__Output as _waystation_v1_SnapshotVolumeResponse__Output } from './waystation/v1/SnapshotVolumeResponse.js';
import type { SplitPairRequest as _waystation_v1_SplitPairRequest, SplitPairRequest__Output as _waystation_v1_SplitPairRequest__Output } from './waystation/v1/SplitPairRequest.js';
import type { SplitPairResponse as _waystation_v1_SplitPairResponse, SplitPairResponse__Output as _waystation_v1_SplitPairResponse__Output } from './waystation/v1/SplitPairResponse.js';
import type { StorageServiceClient as _waystation_v1_StorageServiceClient, StorageServiceDefinition as _waystation_v1_StorageServiceDefinition } from './waystation/v1/StorageService.js';
import type { StoredVolume as _waystation_v1_StoredVolume, StoredVolume__Output as _waystation_v1_StoredVolume__Output } from './waystation/v1/StoredVolume.js';
import type { WatchArrayRequest as _waystation_v1_WatchArrayRequest, WatchArrayRequest__Output as _waystation_v1_WatchArrayRequest__Output } from './waystation/v1/WatchArrayRequest.js';
import type { WatchArrayResponse as _waystation_v1_WatchArrayResponse, WatchArrayResponse__Output as _waystation_v1_WatchArrayResponse__Output } from './waystation/v1/WatchArrayResponse.js';
import type { WatchPairRequest as _waystation_v1_WatchPairRequest, WatchPairRequest__Output as _waystation_v1_WatchPairRequest__Output } from './waystation/v1/WatchPairRequest.js';
import type { WatchPairResponse as _waystation_v1_WatchPairResponse, WatchPairResponse__Output as _waystation_v1_WatchPairResponse__Output } from './waystation/v1/WatchPairResponse.js';
import type { WorkProgress as _waystation_v1_WorkProgress, WorkProgress__Output as _waystation_v1_WorkProgress__Output } from './waystation/v1/WorkProgress.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  waystation: {
    v1: {
      ArrayHealth: EnumTypeDefinition
      ArrayReport: MessageTypeDefinition<_waystation_v1_ArrayReport, _waystation_v1_ArrayReport__Output>
      CloneVolumeRequest: MessageTypeDefinition<_waystation_v1_CloneVolumeRequest, _waystation_v1_CloneVolumeRequest__Output>
      CloneVolumeResponse: MessageTypeDefinition<_waystation_v1_CloneVolumeResponse, _waystation_v1_CloneVolumeResponse__Output>
      CloseLentVolumeRequest: MessageTypeDefinition<_waystation_v1_CloseLentVolumeRequest, _waystation_v1_CloseLentVolumeRequest__Output>
      CloseLentVolumeResponse: MessageTypeDefinition<_waystation_v1_CloseLentVolumeResponse, _waystation_v1_CloseLentVolumeResponse__Output>
      CreatePairRequest: MessageTypeDefinition<_waystation_v1_CreatePairRequest, _waystation_v1_CreatePairRequest__Output>
      CreatePairResponse: MessageTypeDefinition<_waystation_v1_CreatePairResponse, _waystation_v1_CreatePairResponse__Output>
      CreateVolumeRequest: MessageTypeDefinition<_waystation_v1_CreateVolumeRequest, _waystation_v1_CreateVolumeRequest__Output>
      CreateVolumeResponse: MessageTypeDefinition<_waystation_v1_CreateVolumeResponse, _waystation_v1_CreateVolumeResponse__Output>
      DeletePairRequest: MessageTypeDefinition<_waystation_v1_DeletePairRequest, _waystation_v1_DeletePairRequest__Output>
      DeletePairResponse: MessageTypeDefinition<_waystation_v1_DeletePairResponse, _waystation_v1_DeletePairResponse__Output>
      DeleteVolumeRequest: MessageTypeDefinition<_waystation_v1_DeleteVolumeRequest, _waystation_v1_DeleteVolumeRequest__Output>
      DeleteVolumeResponse: MessageTypeDefinition<_waystation_v1_DeleteVolumeResponse, _waystation_v1_DeleteVolumeResponse__Output>
      DiskHealth: EnumTypeDefinition
      DiskReport: MessageTypeDefinition<_waystation_v1_DiskReport, _waystation_v1_DiskReport__Output>
      FailDiskRequest: MessageTypeDefinition<_waystation_v1_FailDiskRequest, _waystation_v1_FailDiskRequest__Output>
      FailDiskResponse: MessageTypeDefinition<_waystation_v1_FailDiskResponse, _waystation_v1_FailDiskResponse__Output>
      LendVolumeRequest: MessageTypeDefinition<_waystation_v1_LendVolumeRequest, _waystation_v1_LendVolumeRequest__Output>
      LendVolumeResponse: MessageTypeDefinition<_waystation_v1_LendVolumeResponse, _waystation_v1_LendVolumeResponse__Output>
      ListArraysRequest: MessageTypeDefinition<_waystation_v1_ListArraysRequest, _waystation_v1_ListArraysRequest__Output>
      ListArraysResponse: MessageTypeDefinition<_waystation_v1_ListArraysResponse, _waystation_v1_ListArraysResponse__Output>
      ListPairsRequest: MessageTypeDefinition<_waystation_v1_ListPairsRequest, _waystation_v1_ListPairsRequest__Output>
      ListPairsResponse: MessageTypeDefinition<_waystation_v1_ListPairsResponse, _waystation_v1_ListPairsResponse__Output>
      ListStoredVolumesRequest: MessageTypeDefinition<_waystation_v1_ListStoredVolumesRequest, _waystation_v1_ListStoredVolumesRequest__Output>
      ListStoredVolumesResponse: MessageTypeDefinition<_waystation_v1_ListStoredVolumesResponse, _waystation_v1_ListStoredVolumesResponse__Output>
      OpenLentVolumeRequest: MessageTypeDefinition<_waystation_v1_OpenLentVolumeRequest, _waystation_v1_OpenLentVolumeRequest__Output>
      OpenLentVolumeResponse: MessageTypeDefinition<_waystation_v1_OpenLentVolumeResponse, _waystation_v1_OpenLentVolumeResponse__Output>
      PairDirection: EnumTypeDefinition
      PairReport: MessageTypeDefinition<_waystation_v1_PairReport, _waystation_v1_PairReport__Output>
      PairState: EnumTypeDefinition
      RebuildArrayRequest: MessageTypeDefinition<_waystation_v1_RebuildArrayRequest, _waystation_v1_RebuildArrayRequest__Output>
      RebuildArrayResponse: MessageTypeDefinition<_waystation_v1_RebuildArrayResponse, _waystation_v1_RebuildArrayResponse__Output>
      RegionRun: MessageTypeDefinition<_waystation_v1_RegionRun, _waystation_v1_RegionRun__Output>
      ReplaceDiskRequest: MessageTypeDefinition<_waystation_v1_ReplaceDiskRequest, _waystation_v1_ReplaceDiskRequest__Output>
      ReplaceDiskResponse: MessageTypeDefinition<_waystation_v1_ReplaceDiskResponse, _waystation_v1_ReplaceDiskResponse__Output>
      RestorePairRequest: MessageTypeDefinition<_waystation_v1_RestorePairRequest, _waystation_v1_RestorePairRequest__Output>
      RestorePairResponse: MessageTypeDefinition<_waystation_v1_RestorePairResponse, _waystation_v1_RestorePairResponse__Output>
      ResyncPairRequest: MessageTypeDefinition<_waystation_v1_ResyncPairRequest, _waystation_v1_ResyncPairRequest__Output>
      ResyncPairResponse: MessageTypeDefinition<_waystation_v1_ResyncPairResponse, _waystation_v1_ResyncPairResponse__Output>
      ReturnVolumeRequest: MessageTypeDefinition<_waystation_v1_ReturnVolumeRequest, _waystation_v1_ReturnVolumeRequest__Output>
      ReturnVolumeResponse: MessageTypeDefinition<_waystation_v1_ReturnVolumeResponse, _waystation_v1_ReturnVolumeResponse__Output>
      RunningScrub: MessageTypeDefinition<_waystation_v1_RunningScrub, _waystation_v1_RunningScrub__Output>
      ScrubArrayRequest: MessageTypeDefinition<_waystation_v1_ScrubArrayRequest, _waystation_v1_ScrubArrayRequest__Output>
      ScrubArrayResponse: MessageTypeDefinition<_waystation_v1_ScrubArrayResponse, _waystation_v1_ScrubArrayResponse__Output>
      ScrubFinding: MessageTypeDefinition<_waystation_v1_ScrubFinding, _waystation_v1_ScrubFinding__Output>
      ScrubReport: MessageTypeDefinition<_waystation_v1_ScrubReport, _waystation_v1_ScrubReport__Output>
      ShowArrayRequest: MessageTypeDefinition<_waystation_v1_ShowArrayRequest, _waystation_v1_ShowArrayRequest__Output>
      ShowArrayResponse: MessageTypeDefinition<_waystation_v1_ShowArrayResponse, _waystation_v1_ShowArrayResponse__Output>
      SnapshotVolumeRequest: MessageTypeDefinition<_waystation_v1_SnapshotVolumeRequest, _waystation_v1_SnapshotVolumeRequest__Output>
      SnapshotVolumeResponse: MessageTypeDefinition<_waystation_v1_SnapshotVolumeResponse, _waystation_v1_SnapshotVolumeResponse__Output>
      SplitPairRequest: MessageTypeDefinition<_waystation_v1_SplitPairRequest, _waystation_v1_SplitPairRequest__Output>
      SplitPairResponse: MessageTypeDefinition<_waystation_v1_SplitPairResponse, _waystation_v1_SplitPairResponse__Output>
      /**
       * Each node answers for itself only. Scrub, rebuild and copy go on whether or not anybody watches: the streams only tell
       * of them, and end when the caller has seen enough, or at the deadline.
       */
      StorageService: SubtypeConstructor<typeof grpc.Client, _waystation_v1_StorageServiceClient> & { service: _waystation_v1_StorageServiceDefinition }
      StoredVolume: MessageTypeDefinition<_waystation_v1_StoredVolume, _waystation_v1_StoredVolume__Output>
      StoredVolumeAccess: EnumTypeDefinition
      VolumeKind: EnumTypeDefinition
      VolumeUse: EnumTypeDefinition
      WatchArrayRequest: MessageTypeDefinition<_waystation_v1_WatchArrayRequest, _waystation_v1_WatchArrayRequest__Output>
      WatchArrayResponse: MessageTypeDefinition<_waystation_v1_WatchArrayResponse, _waystation_v1_WatchArrayResponse__Output>
      WatchPairRequest: MessageTypeDefinition<_waystation_v1_WatchPairRequest, _waystation_v1_WatchPairRequest__Output>
      WatchPairResponse: MessageTypeDefinition<_waystation_v1_WatchPairResponse, _waystation_v1_WatchPairResponse__Output>
      WorkProgress: MessageTypeDefinition<_waystation_v1_WorkProgress, _waystation_v1_WorkProgress__Output>
    }
  }
}


// Original file: ../../proto/waystation/v1/storage.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CloneVolumeRequest as _waystation_v1_CloneVolumeRequest, CloneVolumeRequest__Output as _waystation_v1_CloneVolumeRequest__Output } from '../../waystation/v1/CloneVolumeRequest.js';
import type { CloneVolumeResponse as _waystation_v1_CloneVolumeResponse, CloneVolumeResponse__Output as _waystation_v1_CloneVolumeResponse__Output } from '../../waystation/v1/CloneVolumeResponse.js';
import type { CloseLentVolumeRequest as _waystation_v1_CloseLentVolumeRequest, CloseLentVolumeRequest__Output as _waystation_v1_CloseLentVolumeRequest__Output } from '../../waystation/v1/CloseLentVolumeRequest.js';
import type { CloseLentVolumeResponse as _waystation_v1_CloseLentVolumeResponse, CloseLentVolumeResponse__Output as _waystation_v1_CloseLentVolumeResponse__Output } from '../../waystation/v1/CloseLentVolumeResponse.js';
import type { CreatePairRequest as _waystation_v1_CreatePairRequest, CreatePairRequest__Output as _waystation_v1_CreatePairRequest__Output } from '../../waystation/v1/CreatePairRequest.js';
import type { CreatePairResponse as _waystation_v1_CreatePairResponse, CreatePairResponse__Output as _waystation_v1_CreatePairResponse__Output } from '../../waystation/v1/CreatePairResponse.js';
import type { CreateVolumeRequest as _waystation_v1_CreateVolumeRequest, CreateVolumeRequest__Output as _waystation_v1_CreateVolumeRequest__Output } from '../../waystation/v1/CreateVolumeRequest.js';
import type { CreateVolumeResponse as _waystation_v1_CreateVolumeResponse, CreateVolumeResponse__Output as _waystation_v1_CreateVolumeResponse__Output } from '../../waystation/v1/CreateVolumeResponse.js';
import type { DeletePairRequest as _waystation_v1_DeletePairRequest, DeletePairRequest__Output as _waystation_v1_DeletePairRequest__Output } from '../../waystation/v1/DeletePairRequest.js';
import type { DeletePairResponse as _waystation_v1_DeletePairResponse, DeletePairResponse__Output as _waystation_v1_DeletePairResponse__Output } from '../../waystation/v1/DeletePairResponse.js';
import type { DeleteVolumeRequest as _waystation_v1_DeleteVolumeRequest, DeleteVolumeRequest__Output as _waystation_v1_DeleteVolumeRequest__Output } from '../../waystation/v1/DeleteVolumeRequest.js';
import type { DeleteVolumeResponse as _waystation_v1_DeleteVolumeResponse, DeleteVolumeResponse__Output as _waystation_v1_DeleteVolumeResponse__Output } from '../../waystation/v1/DeleteVolumeResponse.js';
import type { FailDiskRequest as _waystation_v1_FailDiskRequest, FailDiskRequest__Output as _waystation_v1_FailDiskRequest__Output } from '../../waystation/v1/FailDiskRequest.js';
import type { FailDiskResponse as _waystation_v1_FailDiskResponse, FailDiskResponse__Output as _waystation_v1_FailDiskResponse__Output } from '../../waystation/v1/FailDiskResponse.js';
import type { LendVolumeRequest as _waystation_v1_LendVolumeRequest, LendVolumeRequest__Output as _waystation_v1_LendVolumeRequest__Output } from '../../waystation/v1/LendVolumeRequest.js';
import type { LendVolumeResponse as _waystation_v1_LendVolumeResponse, LendVolumeResponse__Output as _waystation_v1_LendVolumeResponse__Output } from '../../waystation/v1/LendVolumeResponse.js';
import type { ListArraysRequest as _waystation_v1_ListArraysRequest, ListArraysRequest__Output as _waystation_v1_ListArraysRequest__Output } from '../../waystation/v1/ListArraysRequest.js';
import type { ListArraysResponse as _waystation_v1_ListArraysResponse, ListArraysResponse__Output as _waystation_v1_ListArraysResponse__Output } from '../../waystation/v1/ListArraysResponse.js';
import type { ListPairsRequest as _waystation_v1_ListPairsRequest, ListPairsRequest__Output as _waystation_v1_ListPairsRequest__Output } from '../../waystation/v1/ListPairsRequest.js';
import type { ListPairsResponse as _waystation_v1_ListPairsResponse, ListPairsResponse__Output as _waystation_v1_ListPairsResponse__Output } from '../../waystation/v1/ListPairsResponse.js';
import type { ListStoredVolumesRequest as _waystation_v1_ListStoredVolumesRequest, ListStoredVolumesRequest__Output as _waystation_v1_ListStoredVolumesRequest__Output } from '../../waystation/v1/ListStoredVolumesRequest.js';
import type { ListStoredVolumesResponse as _waystation_v1_ListStoredVolumesResponse, ListStoredVolumesResponse__Output as _waystation_v1_ListStoredVolumesResponse__Output } from '../../waystation/v1/ListStoredVolumesResponse.js';
import type { OpenLentVolumeRequest as _waystation_v1_OpenLentVolumeRequest, OpenLentVolumeRequest__Output as _waystation_v1_OpenLentVolumeRequest__Output } from '../../waystation/v1/OpenLentVolumeRequest.js';
import type { OpenLentVolumeResponse as _waystation_v1_OpenLentVolumeResponse, OpenLentVolumeResponse__Output as _waystation_v1_OpenLentVolumeResponse__Output } from '../../waystation/v1/OpenLentVolumeResponse.js';
import type { RebuildArrayRequest as _waystation_v1_RebuildArrayRequest, RebuildArrayRequest__Output as _waystation_v1_RebuildArrayRequest__Output } from '../../waystation/v1/RebuildArrayRequest.js';
import type { RebuildArrayResponse as _waystation_v1_RebuildArrayResponse, RebuildArrayResponse__Output as _waystation_v1_RebuildArrayResponse__Output } from '../../waystation/v1/RebuildArrayResponse.js';
import type { ReplaceDiskRequest as _waystation_v1_ReplaceDiskRequest, ReplaceDiskRequest__Output as _waystation_v1_ReplaceDiskRequest__Output } from '../../waystation/v1/ReplaceDiskRequest.js';
import type { ReplaceDiskResponse as _waystation_v1_ReplaceDiskResponse, ReplaceDiskResponse__Output as _waystation_v1_ReplaceDiskResponse__Output } from '../../waystation/v1/ReplaceDiskResponse.js';
import type { RestorePairRequest as _waystation_v1_RestorePairRequest, RestorePairRequest__Output as _waystation_v1_RestorePairRequest__Output } from '../../waystation/v1/RestorePairRequest.js';
import type { RestorePairResponse as _waystation_v1_RestorePairResponse, RestorePairResponse__Output as _waystation_v1_RestorePairResponse__Output } from '../../waystation/v1/RestorePairResponse.js';
import type { ResyncPairRequest as _waystation_v1_ResyncPairRequest, ResyncPairRequest__Output as _waystation_v1_ResyncPairRequest__Output } from '../../waystation/v1/ResyncPairRequest.js';
import type { ResyncPairResponse as _waystation_v1_ResyncPairResponse, ResyncPairResponse__Output as _waystation_v1_ResyncPairResponse__Output } from '../../waystation/v1/ResyncPairResponse.js';
import type { ReturnVolumeRequest as _waystation_v1_ReturnVolumeRequest, ReturnVolumeRequest__Output as _waystation_v1_ReturnVolumeRequest__Output } from '../../waystation/v1/ReturnVolumeRequest.js';
import type { ReturnVolumeResponse as _waystation_v1_ReturnVolumeResponse, ReturnVolumeResponse__Output as _waystation_v1_ReturnVolumeResponse__Output } from '../../waystation/v1/ReturnVolumeResponse.js';
import type { ScrubArrayRequest as _waystation_v1_ScrubArrayRequest, ScrubArrayRequest__Output as _waystation_v1_ScrubArrayRequest__Output } from '../../waystation/v1/ScrubArrayRequest.js';
import type { ScrubArrayResponse as _waystation_v1_ScrubArrayResponse, ScrubArrayResponse__Output as _waystation_v1_ScrubArrayResponse__Output } from '../../waystation/v1/ScrubArrayResponse.js';
import type { ShowArrayRequest as _waystation_v1_ShowArrayRequest, ShowArrayRequest__Output as _waystation_v1_ShowArrayRequest__Output } from '../../waystation/v1/ShowArrayRequest.js';
import type { ShowArrayResponse as _waystation_v1_ShowArrayResponse, ShowArrayResponse__Output as _waystation_v1_ShowArrayResponse__Output } from '../../waystation/v1/ShowArrayResponse.js';
import type { SnapshotVolumeRequest as _waystation_v1_SnapshotVolumeRequest, SnapshotVolumeRequest__Output as _waystation_v1_SnapshotVolumeRequest__Output } from '../../waystation/v1/SnapshotVolumeRequest.js';
import type { SnapshotVolumeResponse as _waystation_v1_SnapshotVolumeResponse, SnapshotVolumeResponse__Output as _waystation_v1_SnapshotVolumeResponse__Output } from '../../waystation/v1/SnapshotVolumeResponse.js';
import type { SplitPairRequest as _waystation_v1_SplitPairRequest, SplitPairRequest__Output as _waystation_v1_SplitPairRequest__Output } from '../../waystation/v1/SplitPairRequest.js';
import type { SplitPairResponse as _waystation_v1_SplitPairResponse, SplitPairResponse__Output as _waystation_v1_SplitPairResponse__Output } from '../../waystation/v1/SplitPairResponse.js';
import type { WatchArrayRequest as _waystation_v1_WatchArrayRequest, WatchArrayRequest__Output as _waystation_v1_WatchArrayRequest__Output } from '../../waystation/v1/WatchArrayRequest.js';
import type { WatchArrayResponse as _waystation_v1_WatchArrayResponse, WatchArrayResponse__Output as _waystation_v1_WatchArrayResponse__Output } from '../../waystation/v1/WatchArrayResponse.js';
import type { WatchPairRequest as _waystation_v1_WatchPairRequest, WatchPairRequest__Output as _waystation_v1_WatchPairRequest__Output } from '../../waystation/v1/WatchPairRequest.js';
import type { WatchPairResponse as _waystation_v1_WatchPairResponse, WatchPairResponse__Output as _waystation_v1_WatchPairResponse__Output } from '../../waystation/v1/WatchPairResponse.js';

/**
 * Each node answers for itself only. Scrub, rebuild and copy go on whether or not anybody watches: the streams only tell
 * of them, and end when the caller has seen enough, or at the deadline.
 */
export interface StorageServiceClient extends grpc.Client {
  /**
   * Makes a writable volume that holds what a snapshot holds.
   */
  CloneVolume(argument: _waystation_v1_CloneVolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_CloneVolumeResponse__Output>): grpc.ClientUnaryCall;
  CloneVolume(argument: _waystation_v1_CloneVolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_CloneVolumeResponse__Output>): grpc.ClientUnaryCall;
  CloneVolume(argument: _waystation_v1_CloneVolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_CloneVolumeResponse__Output>): grpc.ClientUnaryCall;
  CloneVolume(argument: _waystation_v1_CloneVolumeRequest, callback: grpc.requestCallback<_waystation_v1_CloneVolumeResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Makes a writable volume that holds what a snapshot holds.
   */
  cloneVolume(argument: _waystation_v1_CloneVolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_CloneVolumeResponse__Output>): grpc.ClientUnaryCall;
  cloneVolume(argument: _waystation_v1_CloneVolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_CloneVolumeResponse__Output>): grpc.ClientUnaryCall;
  cloneVolume(argument: _waystation_v1_CloneVolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_CloneVolumeResponse__Output>): grpc.ClientUnaryCall;
  cloneVolume(argument: _waystation_v1_CloneVolumeRequest, callback: grpc.requestCallback<_waystation_v1_CloneVolumeResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Asked by the node of a P-VOL whose pair is not to be split any more: takes the volume from the hosts of this node again,
   * and tells what they wrote.
   */
  CloseLentVolume(argument: _waystation_v1_CloseLentVolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_CloseLentVolumeResponse__Output>): grpc.ClientUnaryCall;
  CloseLentVolume(argument: _waystation_v1_CloseLentVolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_CloseLentVolumeResponse__Output>): grpc.ClientUnaryCall;
  CloseLentVolume(argument: _waystation_v1_CloseLentVolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_CloseLentVolumeResponse__Output>): grpc.ClientUnaryCall;
  CloseLentVolume(argument: _waystation_v1_CloseLentVolumeRequest, callback: grpc.requestCallback<_waystation_v1_CloseLentVolumeResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Asked by the node of a P-VOL whose pair is not to be split any more: takes the volume from the hosts of this node again,
   * and tells what they wrote.
   */
  closeLentVolume(argument: _waystation_v1_CloseLentVolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_CloseLentVolumeResponse__Output>): grpc.ClientUnaryCall;
  closeLentVolume(argument: _waystation_v1_CloseLentVolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_CloseLentVolumeResponse__Output>): grpc.ClientUnaryCall;
  closeLentVolume(argument: _waystation_v1_CloseLentVolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_CloseLentVolumeResponse__Output>): grpc.ClientUnaryCall;
  closeLentVolume(argument: _waystation_v1_CloseLentVolumeRequest, callback: grpc.requestCallback<_waystation_v1_CloseLentVolumeResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Mirrors one volume to another, with an on-line initial copy.
   */
  CreatePair(argument: _waystation_v1_CreatePairRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_CreatePairResponse__Output>): grpc.ClientUnaryCall;
  CreatePair(argument: _waystation_v1_CreatePairRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_CreatePairResponse__Output>): grpc.ClientUnaryCall;
  CreatePair(argument: _waystation_v1_CreatePairRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_CreatePairResponse__Output>): grpc.ClientUnaryCall;
  CreatePair(argument: _waystation_v1_CreatePairRequest, callback: grpc.requestCallback<_waystation_v1_CreatePairResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Mirrors one volume to another, with an on-line initial copy.
   */
  createPair(argument: _waystation_v1_CreatePairRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_CreatePairResponse__Output>): grpc.ClientUnaryCall;
  createPair(argument: _waystation_v1_CreatePairRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_CreatePairResponse__Output>): grpc.ClientUnaryCall;
  createPair(argument: _waystation_v1_CreatePairRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_CreatePairResponse__Output>): grpc.ClientUnaryCall;
  createPair(argument: _waystation_v1_CreatePairRequest, callback: grpc.requestCallback<_waystation_v1_CreatePairResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Makes a volume that is in no group. It reads as zeros.
   */
  CreateVolume(argument: _waystation_v1_CreateVolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_CreateVolumeResponse__Output>): grpc.ClientUnaryCall;
  CreateVolume(argument: _waystation_v1_CreateVolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_CreateVolumeResponse__Output>): grpc.ClientUnaryCall;
  CreateVolume(argument: _waystation_v1_CreateVolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_CreateVolumeResponse__Output>): grpc.ClientUnaryCall;
  CreateVolume(argument: _waystation_v1_CreateVolumeRequest, callback: grpc.requestCallback<_waystation_v1_CreateVolumeResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Makes a volume that is in no group. It reads as zeros.
   */
  createVolume(argument: _waystation_v1_CreateVolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_CreateVolumeResponse__Output>): grpc.ClientUnaryCall;
  createVolume(argument: _waystation_v1_CreateVolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_CreateVolumeResponse__Output>): grpc.ClientUnaryCall;
  createVolume(argument: _waystation_v1_CreateVolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_CreateVolumeResponse__Output>): grpc.ClientUnaryCall;
  createVolume(argument: _waystation_v1_CreateVolumeRequest, callback: grpc.requestCallback<_waystation_v1_CreateVolumeResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Ends a pair; both volumes stay.
   */
  DeletePair(argument: _waystation_v1_DeletePairRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_DeletePairResponse__Output>): grpc.ClientUnaryCall;
  DeletePair(argument: _waystation_v1_DeletePairRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_DeletePairResponse__Output>): grpc.ClientUnaryCall;
  DeletePair(argument: _waystation_v1_DeletePairRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_DeletePairResponse__Output>): grpc.ClientUnaryCall;
  DeletePair(argument: _waystation_v1_DeletePairRequest, callback: grpc.requestCallback<_waystation_v1_DeletePairResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Ends a pair; both volumes stay.
   */
  deletePair(argument: _waystation_v1_DeletePairRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_DeletePairResponse__Output>): grpc.ClientUnaryCall;
  deletePair(argument: _waystation_v1_DeletePairRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_DeletePairResponse__Output>): grpc.ClientUnaryCall;
  deletePair(argument: _waystation_v1_DeletePairRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_DeletePairResponse__Output>): grpc.ClientUnaryCall;
  deletePair(argument: _waystation_v1_DeletePairRequest, callback: grpc.requestCallback<_waystation_v1_DeletePairResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Ends the sessions on a volume that is in no group, and gives its space back.
   */
  DeleteVolume(argument: _waystation_v1_DeleteVolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_DeleteVolumeResponse__Output>): grpc.ClientUnaryCall;
  DeleteVolume(argument: _waystation_v1_DeleteVolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_DeleteVolumeResponse__Output>): grpc.ClientUnaryCall;
  DeleteVolume(argument: _waystation_v1_DeleteVolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_DeleteVolumeResponse__Output>): grpc.ClientUnaryCall;
  DeleteVolume(argument: _waystation_v1_DeleteVolumeRequest, callback: grpc.requestCallback<_waystation_v1_DeleteVolumeResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Ends the sessions on a volume that is in no group, and gives its space back.
   */
  deleteVolume(argument: _waystation_v1_DeleteVolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_DeleteVolumeResponse__Output>): grpc.ClientUnaryCall;
  deleteVolume(argument: _waystation_v1_DeleteVolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_DeleteVolumeResponse__Output>): grpc.ClientUnaryCall;
  deleteVolume(argument: _waystation_v1_DeleteVolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_DeleteVolumeResponse__Output>): grpc.ClientUnaryCall;
  deleteVolume(argument: _waystation_v1_DeleteVolumeRequest, callback: grpc.requestCallback<_waystation_v1_DeleteVolumeResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Ejects a disk, if the array goes on without it.
   */
  FailDisk(argument: _waystation_v1_FailDiskRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_FailDiskResponse__Output>): grpc.ClientUnaryCall;
  FailDisk(argument: _waystation_v1_FailDiskRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_FailDiskResponse__Output>): grpc.ClientUnaryCall;
  FailDisk(argument: _waystation_v1_FailDiskRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_FailDiskResponse__Output>): grpc.ClientUnaryCall;
  FailDisk(argument: _waystation_v1_FailDiskRequest, callback: grpc.requestCallback<_waystation_v1_FailDiskResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Ejects a disk, if the array goes on without it.
   */
  failDisk(argument: _waystation_v1_FailDiskRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_FailDiskResponse__Output>): grpc.ClientUnaryCall;
  failDisk(argument: _waystation_v1_FailDiskRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_FailDiskResponse__Output>): grpc.ClientUnaryCall;
  failDisk(argument: _waystation_v1_FailDiskRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_FailDiskResponse__Output>): grpc.ClientUnaryCall;
  failDisk(argument: _waystation_v1_FailDiskRequest, callback: grpc.requestCallback<_waystation_v1_FailDiskResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Asked by the node of a P-VOL: takes a volume of this node from its hosts, as the S-VOL of that pair. Asked again after
   * each loss of the link: what was sent before and has not been carried out by the answer never will be.
   */
  LendVolume(argument: _waystation_v1_LendVolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_LendVolumeResponse__Output>): grpc.ClientUnaryCall;
  LendVolume(argument: _waystation_v1_LendVolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_LendVolumeResponse__Output>): grpc.ClientUnaryCall;
  LendVolume(argument: _waystation_v1_LendVolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_LendVolumeResponse__Output>): grpc.ClientUnaryCall;
  LendVolume(argument: _waystation_v1_LendVolumeRequest, callback: grpc.requestCallback<_waystation_v1_LendVolumeResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Asked by the node of a P-VOL: takes a volume of this node from its hosts, as the S-VOL of that pair. Asked again after
   * each loss of the link: what was sent before and has not been carried out by the answer never will be.
   */
  lendVolume(argument: _waystation_v1_LendVolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_LendVolumeResponse__Output>): grpc.ClientUnaryCall;
  lendVolume(argument: _waystation_v1_LendVolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_LendVolumeResponse__Output>): grpc.ClientUnaryCall;
  lendVolume(argument: _waystation_v1_LendVolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_LendVolumeResponse__Output>): grpc.ClientUnaryCall;
  lendVolume(argument: _waystation_v1_LendVolumeRequest, callback: grpc.requestCallback<_waystation_v1_LendVolumeResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * All arrays of this node.
   */
  ListArrays(argument: _waystation_v1_ListArraysRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ListArraysResponse__Output>): grpc.ClientUnaryCall;
  ListArrays(argument: _waystation_v1_ListArraysRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_ListArraysResponse__Output>): grpc.ClientUnaryCall;
  ListArrays(argument: _waystation_v1_ListArraysRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ListArraysResponse__Output>): grpc.ClientUnaryCall;
  ListArrays(argument: _waystation_v1_ListArraysRequest, callback: grpc.requestCallback<_waystation_v1_ListArraysResponse__Output>): grpc.ClientUnaryCall;
  /**
   * All arrays of this node.
   */
  listArrays(argument: _waystation_v1_ListArraysRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ListArraysResponse__Output>): grpc.ClientUnaryCall;
  listArrays(argument: _waystation_v1_ListArraysRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_ListArraysResponse__Output>): grpc.ClientUnaryCall;
  listArrays(argument: _waystation_v1_ListArraysRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ListArraysResponse__Output>): grpc.ClientUnaryCall;
  listArrays(argument: _waystation_v1_ListArraysRequest, callback: grpc.requestCallback<_waystation_v1_ListArraysResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * All mirror pairs whose P-VOL is on this node.
   */
  ListPairs(argument: _waystation_v1_ListPairsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ListPairsResponse__Output>): grpc.ClientUnaryCall;
  ListPairs(argument: _waystation_v1_ListPairsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_ListPairsResponse__Output>): grpc.ClientUnaryCall;
  ListPairs(argument: _waystation_v1_ListPairsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ListPairsResponse__Output>): grpc.ClientUnaryCall;
  ListPairs(argument: _waystation_v1_ListPairsRequest, callback: grpc.requestCallback<_waystation_v1_ListPairsResponse__Output>): grpc.ClientUnaryCall;
  /**
   * All mirror pairs whose P-VOL is on this node.
   */
  listPairs(argument: _waystation_v1_ListPairsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ListPairsResponse__Output>): grpc.ClientUnaryCall;
  listPairs(argument: _waystation_v1_ListPairsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_ListPairsResponse__Output>): grpc.ClientUnaryCall;
  listPairs(argument: _waystation_v1_ListPairsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ListPairsResponse__Output>): grpc.ClientUnaryCall;
  listPairs(argument: _waystation_v1_ListPairsRequest, callback: grpc.requestCallback<_waystation_v1_ListPairsResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * All volumes on the arrays of this node, whoever uses them.
   */
  ListStoredVolumes(argument: _waystation_v1_ListStoredVolumesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ListStoredVolumesResponse__Output>): grpc.ClientUnaryCall;
  ListStoredVolumes(argument: _waystation_v1_ListStoredVolumesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_ListStoredVolumesResponse__Output>): grpc.ClientUnaryCall;
  ListStoredVolumes(argument: _waystation_v1_ListStoredVolumesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ListStoredVolumesResponse__Output>): grpc.ClientUnaryCall;
  ListStoredVolumes(argument: _waystation_v1_ListStoredVolumesRequest, callback: grpc.requestCallback<_waystation_v1_ListStoredVolumesResponse__Output>): grpc.ClientUnaryCall;
  /**
   * All volumes on the arrays of this node, whoever uses them.
   */
  listStoredVolumes(argument: _waystation_v1_ListStoredVolumesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ListStoredVolumesResponse__Output>): grpc.ClientUnaryCall;
  listStoredVolumes(argument: _waystation_v1_ListStoredVolumesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_ListStoredVolumesResponse__Output>): grpc.ClientUnaryCall;
  listStoredVolumes(argument: _waystation_v1_ListStoredVolumesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ListStoredVolumesResponse__Output>): grpc.ClientUnaryCall;
  listStoredVolumes(argument: _waystation_v1_ListStoredVolumesRequest, callback: grpc.requestCallback<_waystation_v1_ListStoredVolumesResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Asked by the node of a P-VOL whose pair is split: the hosts of this node may use the volume, and what they write is
   * recorded.
   */
  OpenLentVolume(argument: _waystation_v1_OpenLentVolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_OpenLentVolumeResponse__Output>): grpc.ClientUnaryCall;
  OpenLentVolume(argument: _waystation_v1_OpenLentVolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_OpenLentVolumeResponse__Output>): grpc.ClientUnaryCall;
  OpenLentVolume(argument: _waystation_v1_OpenLentVolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_OpenLentVolumeResponse__Output>): grpc.ClientUnaryCall;
  OpenLentVolume(argument: _waystation_v1_OpenLentVolumeRequest, callback: grpc.requestCallback<_waystation_v1_OpenLentVolumeResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Asked by the node of a P-VOL whose pair is split: the hosts of this node may use the volume, and what they write is
   * recorded.
   */
  openLentVolume(argument: _waystation_v1_OpenLentVolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_OpenLentVolumeResponse__Output>): grpc.ClientUnaryCall;
  openLentVolume(argument: _waystation_v1_OpenLentVolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_OpenLentVolumeResponse__Output>): grpc.ClientUnaryCall;
  openLentVolume(argument: _waystation_v1_OpenLentVolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_OpenLentVolumeResponse__Output>): grpc.ClientUnaryCall;
  openLentVolume(argument: _waystation_v1_OpenLentVolumeRequest, callback: grpc.requestCallback<_waystation_v1_OpenLentVolumeResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Starts what can be rebuilt: a spare, or a disk that came back to its place.
   */
  RebuildArray(argument: _waystation_v1_RebuildArrayRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_RebuildArrayResponse__Output>): grpc.ClientUnaryCall;
  RebuildArray(argument: _waystation_v1_RebuildArrayRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_RebuildArrayResponse__Output>): grpc.ClientUnaryCall;
  RebuildArray(argument: _waystation_v1_RebuildArrayRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_RebuildArrayResponse__Output>): grpc.ClientUnaryCall;
  RebuildArray(argument: _waystation_v1_RebuildArrayRequest, callback: grpc.requestCallback<_waystation_v1_RebuildArrayResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Starts what can be rebuilt: a spare, or a disk that came back to its place.
   */
  rebuildArray(argument: _waystation_v1_RebuildArrayRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_RebuildArrayResponse__Output>): grpc.ClientUnaryCall;
  rebuildArray(argument: _waystation_v1_RebuildArrayRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_RebuildArrayResponse__Output>): grpc.ClientUnaryCall;
  rebuildArray(argument: _waystation_v1_RebuildArrayRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_RebuildArrayResponse__Output>): grpc.ClientUnaryCall;
  rebuildArray(argument: _waystation_v1_RebuildArrayRequest, callback: grpc.requestCallback<_waystation_v1_RebuildArrayResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Takes the disk that is now at the slot's place for the one that was there, and rebuilds it.
   */
  ReplaceDisk(argument: _waystation_v1_ReplaceDiskRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ReplaceDiskResponse__Output>): grpc.ClientUnaryCall;
  ReplaceDisk(argument: _waystation_v1_ReplaceDiskRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_ReplaceDiskResponse__Output>): grpc.ClientUnaryCall;
  ReplaceDisk(argument: _waystation_v1_ReplaceDiskRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ReplaceDiskResponse__Output>): grpc.ClientUnaryCall;
  ReplaceDisk(argument: _waystation_v1_ReplaceDiskRequest, callback: grpc.requestCallback<_waystation_v1_ReplaceDiskResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Takes the disk that is now at the slot's place for the one that was there, and rebuilds it.
   */
  replaceDisk(argument: _waystation_v1_ReplaceDiskRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ReplaceDiskResponse__Output>): grpc.ClientUnaryCall;
  replaceDisk(argument: _waystation_v1_ReplaceDiskRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_ReplaceDiskResponse__Output>): grpc.ClientUnaryCall;
  replaceDisk(argument: _waystation_v1_ReplaceDiskRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ReplaceDiskResponse__Output>): grpc.ClientUnaryCall;
  replaceDisk(argument: _waystation_v1_ReplaceDiskRequest, callback: grpc.requestCallback<_waystation_v1_ReplaceDiskResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Copies the recorded regions from the S-VOL to the P-VOL, and mirrors again. Hosts see the S-VOL's content at once.
   */
  RestorePair(argument: _waystation_v1_RestorePairRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_RestorePairResponse__Output>): grpc.ClientUnaryCall;
  RestorePair(argument: _waystation_v1_RestorePairRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_RestorePairResponse__Output>): grpc.ClientUnaryCall;
  RestorePair(argument: _waystation_v1_RestorePairRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_RestorePairResponse__Output>): grpc.ClientUnaryCall;
  RestorePair(argument: _waystation_v1_RestorePairRequest, callback: grpc.requestCallback<_waystation_v1_RestorePairResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Copies the recorded regions from the S-VOL to the P-VOL, and mirrors again. Hosts see the S-VOL's content at once.
   */
  restorePair(argument: _waystation_v1_RestorePairRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_RestorePairResponse__Output>): grpc.ClientUnaryCall;
  restorePair(argument: _waystation_v1_RestorePairRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_RestorePairResponse__Output>): grpc.ClientUnaryCall;
  restorePair(argument: _waystation_v1_RestorePairRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_RestorePairResponse__Output>): grpc.ClientUnaryCall;
  restorePair(argument: _waystation_v1_RestorePairRequest, callback: grpc.requestCallback<_waystation_v1_RestorePairResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Copies the recorded regions to the S-VOL, and mirrors again.
   */
  ResyncPair(argument: _waystation_v1_ResyncPairRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ResyncPairResponse__Output>): grpc.ClientUnaryCall;
  ResyncPair(argument: _waystation_v1_ResyncPairRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_ResyncPairResponse__Output>): grpc.ClientUnaryCall;
  ResyncPair(argument: _waystation_v1_ResyncPairRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ResyncPairResponse__Output>): grpc.ClientUnaryCall;
  ResyncPair(argument: _waystation_v1_ResyncPairRequest, callback: grpc.requestCallback<_waystation_v1_ResyncPairResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Copies the recorded regions to the S-VOL, and mirrors again.
   */
  resyncPair(argument: _waystation_v1_ResyncPairRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ResyncPairResponse__Output>): grpc.ClientUnaryCall;
  resyncPair(argument: _waystation_v1_ResyncPairRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_ResyncPairResponse__Output>): grpc.ClientUnaryCall;
  resyncPair(argument: _waystation_v1_ResyncPairRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ResyncPairResponse__Output>): grpc.ClientUnaryCall;
  resyncPair(argument: _waystation_v1_ResyncPairRequest, callback: grpc.requestCallback<_waystation_v1_ResyncPairResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Asked by the node of a P-VOL: the volume is its hosts' again.
   */
  ReturnVolume(argument: _waystation_v1_ReturnVolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ReturnVolumeResponse__Output>): grpc.ClientUnaryCall;
  ReturnVolume(argument: _waystation_v1_ReturnVolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_ReturnVolumeResponse__Output>): grpc.ClientUnaryCall;
  ReturnVolume(argument: _waystation_v1_ReturnVolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ReturnVolumeResponse__Output>): grpc.ClientUnaryCall;
  ReturnVolume(argument: _waystation_v1_ReturnVolumeRequest, callback: grpc.requestCallback<_waystation_v1_ReturnVolumeResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Asked by the node of a P-VOL: the volume is its hosts' again.
   */
  returnVolume(argument: _waystation_v1_ReturnVolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ReturnVolumeResponse__Output>): grpc.ClientUnaryCall;
  returnVolume(argument: _waystation_v1_ReturnVolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_ReturnVolumeResponse__Output>): grpc.ClientUnaryCall;
  returnVolume(argument: _waystation_v1_ReturnVolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ReturnVolumeResponse__Output>): grpc.ClientUnaryCall;
  returnVolume(argument: _waystation_v1_ReturnVolumeRequest, callback: grpc.requestCallback<_waystation_v1_ReturnVolumeResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Starts a scrub, or joins the one that runs.
   */
  ScrubArray(argument: _waystation_v1_ScrubArrayRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ScrubArrayResponse__Output>): grpc.ClientUnaryCall;
  ScrubArray(argument: _waystation_v1_ScrubArrayRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_ScrubArrayResponse__Output>): grpc.ClientUnaryCall;
  ScrubArray(argument: _waystation_v1_ScrubArrayRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ScrubArrayResponse__Output>): grpc.ClientUnaryCall;
  ScrubArray(argument: _waystation_v1_ScrubArrayRequest, callback: grpc.requestCallback<_waystation_v1_ScrubArrayResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Starts a scrub, or joins the one that runs.
   */
  scrubArray(argument: _waystation_v1_ScrubArrayRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ScrubArrayResponse__Output>): grpc.ClientUnaryCall;
  scrubArray(argument: _waystation_v1_ScrubArrayRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_ScrubArrayResponse__Output>): grpc.ClientUnaryCall;
  scrubArray(argument: _waystation_v1_ScrubArrayRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ScrubArrayResponse__Output>): grpc.ClientUnaryCall;
  scrubArray(argument: _waystation_v1_ScrubArrayRequest, callback: grpc.requestCallback<_waystation_v1_ScrubArrayResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * One array.
   */
  ShowArray(argument: _waystation_v1_ShowArrayRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ShowArrayResponse__Output>): grpc.ClientUnaryCall;
  ShowArray(argument: _waystation_v1_ShowArrayRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_ShowArrayResponse__Output>): grpc.ClientUnaryCall;
  ShowArray(argument: _waystation_v1_ShowArrayRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ShowArrayResponse__Output>): grpc.ClientUnaryCall;
  ShowArray(argument: _waystation_v1_ShowArrayRequest, callback: grpc.requestCallback<_waystation_v1_ShowArrayResponse__Output>): grpc.ClientUnaryCall;
  /**
   * One array.
   */
  showArray(argument: _waystation_v1_ShowArrayRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ShowArrayResponse__Output>): grpc.ClientUnaryCall;
  showArray(argument: _waystation_v1_ShowArrayRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_ShowArrayResponse__Output>): grpc.ClientUnaryCall;
  showArray(argument: _waystation_v1_ShowArrayRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ShowArrayResponse__Output>): grpc.ClientUnaryCall;
  showArray(argument: _waystation_v1_ShowArrayRequest, callback: grpc.requestCallback<_waystation_v1_ShowArrayResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Keeps what a volume holds now, read-only, under another name.
   */
  SnapshotVolume(argument: _waystation_v1_SnapshotVolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_SnapshotVolumeResponse__Output>): grpc.ClientUnaryCall;
  SnapshotVolume(argument: _waystation_v1_SnapshotVolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_SnapshotVolumeResponse__Output>): grpc.ClientUnaryCall;
  SnapshotVolume(argument: _waystation_v1_SnapshotVolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_SnapshotVolumeResponse__Output>): grpc.ClientUnaryCall;
  SnapshotVolume(argument: _waystation_v1_SnapshotVolumeRequest, callback: grpc.requestCallback<_waystation_v1_SnapshotVolumeResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Keeps what a volume holds now, read-only, under another name.
   */
  snapshotVolume(argument: _waystation_v1_SnapshotVolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_SnapshotVolumeResponse__Output>): grpc.ClientUnaryCall;
  snapshotVolume(argument: _waystation_v1_SnapshotVolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_SnapshotVolumeResponse__Output>): grpc.ClientUnaryCall;
  snapshotVolume(argument: _waystation_v1_SnapshotVolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_SnapshotVolumeResponse__Output>): grpc.ClientUnaryCall;
  snapshotVolume(argument: _waystation_v1_SnapshotVolumeRequest, callback: grpc.requestCallback<_waystation_v1_SnapshotVolumeResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Splits a pair: the S-VOL keeps what it has, and updates are recorded.
   */
  SplitPair(argument: _waystation_v1_SplitPairRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_SplitPairResponse__Output>): grpc.ClientUnaryCall;
  SplitPair(argument: _waystation_v1_SplitPairRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_SplitPairResponse__Output>): grpc.ClientUnaryCall;
  SplitPair(argument: _waystation_v1_SplitPairRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_SplitPairResponse__Output>): grpc.ClientUnaryCall;
  SplitPair(argument: _waystation_v1_SplitPairRequest, callback: grpc.requestCallback<_waystation_v1_SplitPairResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Splits a pair: the S-VOL keeps what it has, and updates are recorded.
   */
  splitPair(argument: _waystation_v1_SplitPairRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_SplitPairResponse__Output>): grpc.ClientUnaryCall;
  splitPair(argument: _waystation_v1_SplitPairRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_SplitPairResponse__Output>): grpc.ClientUnaryCall;
  splitPair(argument: _waystation_v1_SplitPairRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_SplitPairResponse__Output>): grpc.ClientUnaryCall;
  splitPair(argument: _waystation_v1_SplitPairRequest, callback: grpc.requestCallback<_waystation_v1_SplitPairResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * One array again and again, until the caller leaves.
   */
  WatchArray(argument: _waystation_v1_WatchArrayRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_waystation_v1_WatchArrayResponse__Output>;
  WatchArray(argument: _waystation_v1_WatchArrayRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_waystation_v1_WatchArrayResponse__Output>;
  /**
   * One array again and again, until the caller leaves.
   */
  watchArray(argument: _waystation_v1_WatchArrayRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_waystation_v1_WatchArrayResponse__Output>;
  watchArray(argument: _waystation_v1_WatchArrayRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_waystation_v1_WatchArrayResponse__Output>;
  
  /**
   * One pair again and again, until the caller leaves.
   */
  WatchPair(argument: _waystation_v1_WatchPairRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_waystation_v1_WatchPairResponse__Output>;
  WatchPair(argument: _waystation_v1_WatchPairRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_waystation_v1_WatchPairResponse__Output>;
  /**
   * One pair again and again, until the caller leaves.
   */
  watchPair(argument: _waystation_v1_WatchPairRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_waystation_v1_WatchPairResponse__Output>;
  watchPair(argument: _waystation_v1_WatchPairRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_waystation_v1_WatchPairResponse__Output>;
  
}

/**
 * Each node answers for itself only. Scrub, rebuild and copy go on whether or not anybody watches: the streams only tell
 * of them, and end when the caller has seen enough, or at the deadline.
 */
export interface StorageServiceHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Makes a writable volume that holds what a snapshot holds.
   */
  CloneVolume: grpc.handleUnaryCall<_waystation_v1_CloneVolumeRequest__Output, _waystation_v1_CloneVolumeResponse>;
  
  /**
   * Asked by the node of a P-VOL whose pair is not to be split any more: takes the volume from the hosts of this node again,
   * and tells what they wrote.
   */
  CloseLentVolume: grpc.handleUnaryCall<_waystation_v1_CloseLentVolumeRequest__Output, _waystation_v1_CloseLentVolumeResponse>;
  
  /**
   * Mirrors one volume to another, with an on-line initial copy.
   */
  CreatePair: grpc.handleUnaryCall<_waystation_v1_CreatePairRequest__Output, _waystation_v1_CreatePairResponse>;
  
  /**
   * Makes a volume that is in no group. It reads as zeros.
   */
  CreateVolume: grpc.handleUnaryCall<_waystation_v1_CreateVolumeRequest__Output, _waystation_v1_CreateVolumeResponse>;
  
  /**
   * Ends a pair; both volumes stay.
   */
  DeletePair: grpc.handleUnaryCall<_waystation_v1_DeletePairRequest__Output, _waystation_v1_DeletePairResponse>;
  
  /**
   * Ends the sessions on a volume that is in no group, and gives its space back.
   */
  DeleteVolume: grpc.handleUnaryCall<_waystation_v1_DeleteVolumeRequest__Output, _waystation_v1_DeleteVolumeResponse>;
  
  /**
   * Ejects a disk, if the array goes on without it.
   */
  FailDisk: grpc.handleUnaryCall<_waystation_v1_FailDiskRequest__Output, _waystation_v1_FailDiskResponse>;
  
  /**
   * Asked by the node of a P-VOL: takes a volume of this node from its hosts, as the S-VOL of that pair. Asked again after
   * each loss of the link: what was sent before and has not been carried out by the answer never will be.
   */
  LendVolume: grpc.handleUnaryCall<_waystation_v1_LendVolumeRequest__Output, _waystation_v1_LendVolumeResponse>;
  
  /**
   * All arrays of this node.
   */
  ListArrays: grpc.handleUnaryCall<_waystation_v1_ListArraysRequest__Output, _waystation_v1_ListArraysResponse>;
  
  /**
   * All mirror pairs whose P-VOL is on this node.
   */
  ListPairs: grpc.handleUnaryCall<_waystation_v1_ListPairsRequest__Output, _waystation_v1_ListPairsResponse>;
  
  /**
   * All volumes on the arrays of this node, whoever uses them.
   */
  ListStoredVolumes: grpc.handleUnaryCall<_waystation_v1_ListStoredVolumesRequest__Output, _waystation_v1_ListStoredVolumesResponse>;
  
  /**
   * Asked by the node of a P-VOL whose pair is split: the hosts of this node may use the volume, and what they write is
   * recorded.
   */
  OpenLentVolume: grpc.handleUnaryCall<_waystation_v1_OpenLentVolumeRequest__Output, _waystation_v1_OpenLentVolumeResponse>;
  
  /**
   * Starts what can be rebuilt: a spare, or a disk that came back to its place.
   */
  RebuildArray: grpc.handleUnaryCall<_waystation_v1_RebuildArrayRequest__Output, _waystation_v1_RebuildArrayResponse>;
  
  /**
   * Takes the disk that is now at the slot's place for the one that was there, and rebuilds it.
   */
  ReplaceDisk: grpc.handleUnaryCall<_waystation_v1_ReplaceDiskRequest__Output, _waystation_v1_ReplaceDiskResponse>;
  
  /**
   * Copies the recorded regions from the S-VOL to the P-VOL, and mirrors again. Hosts see the S-VOL's content at once.
   */
  RestorePair: grpc.handleUnaryCall<_waystation_v1_RestorePairRequest__Output, _waystation_v1_RestorePairResponse>;
  
  /**
   * Copies the recorded regions to the S-VOL, and mirrors again.
   */
  ResyncPair: grpc.handleUnaryCall<_waystation_v1_ResyncPairRequest__Output, _waystation_v1_ResyncPairResponse>;
  
  /**
   * Asked by the node of a P-VOL: the volume is its hosts' again.
   */
  ReturnVolume: grpc.handleUnaryCall<_waystation_v1_ReturnVolumeRequest__Output, _waystation_v1_ReturnVolumeResponse>;
  
  /**
   * Starts a scrub, or joins the one that runs.
   */
  ScrubArray: grpc.handleUnaryCall<_waystation_v1_ScrubArrayRequest__Output, _waystation_v1_ScrubArrayResponse>;
  
  /**
   * One array.
   */
  ShowArray: grpc.handleUnaryCall<_waystation_v1_ShowArrayRequest__Output, _waystation_v1_ShowArrayResponse>;
  
  /**
   * Keeps what a volume holds now, read-only, under another name.
   */
  SnapshotVolume: grpc.handleUnaryCall<_waystation_v1_SnapshotVolumeRequest__Output, _waystation_v1_SnapshotVolumeResponse>;
  
  /**
   * Splits a pair: the S-VOL keeps what it has, and updates are recorded.
   */
  SplitPair: grpc.handleUnaryCall<_waystation_v1_SplitPairRequest__Output, _waystation_v1_SplitPairResponse>;
  
  /**
   * One array again and again, until the caller leaves.
   */
  WatchArray: grpc.handleServerStreamingCall<_waystation_v1_WatchArrayRequest__Output, _waystation_v1_WatchArrayResponse>;
  
  /**
   * One pair again and again, until the caller leaves.
   */
  WatchPair: grpc.handleServerStreamingCall<_waystation_v1_WatchPairRequest__Output, _waystation_v1_WatchPairResponse>;
  
}

export interface StorageServiceDefinition extends grpc.ServiceDefinition {
  CloneVolume: MethodDefinition<_waystation_v1_CloneVolumeRequest, _waystation_v1_CloneVolumeResponse, _waystation_v1_CloneVolumeRequest__Output, _waystation_v1_CloneVolumeResponse__Output>
  CloseLentVolume: MethodDefinition<_waystation_v1_CloseLentVolumeRequest, _waystation_v1_CloseLentVolumeResponse, _waystation_v1_CloseLentVolumeRequest__Output, _waystation_v1_CloseLentVolumeResponse__Output>
  CreatePair: MethodDefinition<_waystation_v1_CreatePairRequest, _waystation_v1_CreatePairResponse, _waystation_v1_CreatePairRequest__Output, _waystation_v1_CreatePairResponse__Output>
  CreateVolume: MethodDefinition<_waystation_v1_CreateVolumeRequest, _waystation_v1_CreateVolumeResponse, _waystation_v1_CreateVolumeRequest__Output, _waystation_v1_CreateVolumeResponse__Output>
  DeletePair: MethodDefinition<_waystation_v1_DeletePairRequest, _waystation_v1_DeletePairResponse, _waystation_v1_DeletePairRequest__Output, _waystation_v1_DeletePairResponse__Output>
  DeleteVolume: MethodDefinition<_waystation_v1_DeleteVolumeRequest, _waystation_v1_DeleteVolumeResponse, _waystation_v1_DeleteVolumeRequest__Output, _waystation_v1_DeleteVolumeResponse__Output>
  FailDisk: MethodDefinition<_waystation_v1_FailDiskRequest, _waystation_v1_FailDiskResponse, _waystation_v1_FailDiskRequest__Output, _waystation_v1_FailDiskResponse__Output>
  LendVolume: MethodDefinition<_waystation_v1_LendVolumeRequest, _waystation_v1_LendVolumeResponse, _waystation_v1_LendVolumeRequest__Output, _waystation_v1_LendVolumeResponse__Output>
  ListArrays: MethodDefinition<_waystation_v1_ListArraysRequest, _waystation_v1_ListArraysResponse, _waystation_v1_ListArraysRequest__Output, _waystation_v1_ListArraysResponse__Output>
  ListPairs: MethodDefinition<_waystation_v1_ListPairsRequest, _waystation_v1_ListPairsResponse, _waystation_v1_ListPairsRequest__Output, _waystation_v1_ListPairsResponse__Output>
  ListStoredVolumes: MethodDefinition<_waystation_v1_ListStoredVolumesRequest, _waystation_v1_ListStoredVolumesResponse, _waystation_v1_ListStoredVolumesRequest__Output, _waystation_v1_ListStoredVolumesResponse__Output>
  OpenLentVolume: MethodDefinition<_waystation_v1_OpenLentVolumeRequest, _waystation_v1_OpenLentVolumeResponse, _waystation_v1_OpenLentVolumeRequest__Output, _waystation_v1_OpenLentVolumeResponse__Output>
  RebuildArray: MethodDefinition<_waystation_v1_RebuildArrayRequest, _waystation_v1_RebuildArrayResponse, _waystation_v1_RebuildArrayRequest__Output, _waystation_v1_RebuildArrayResponse__Output>
  ReplaceDisk: MethodDefinition<_waystation_v1_ReplaceDiskRequest, _waystation_v1_ReplaceDiskResponse, _waystation_v1_ReplaceDiskRequest__Output, _waystation_v1_ReplaceDiskResponse__Output>
  RestorePair: MethodDefinition<_waystation_v1_RestorePairRequest, _waystation_v1_RestorePairResponse, _waystation_v1_RestorePairRequest__Output, _waystation_v1_RestorePairResponse__Output>
  ResyncPair: MethodDefinition<_waystation_v1_ResyncPairRequest, _waystation_v1_ResyncPairResponse, _waystation_v1_ResyncPairRequest__Output, _waystation_v1_ResyncPairResponse__Output>
  ReturnVolume: MethodDefinition<_waystation_v1_ReturnVolumeRequest, _waystation_v1_ReturnVolumeResponse, _waystation_v1_ReturnVolumeRequest__Output, _waystation_v1_ReturnVolumeResponse__Output>
  ScrubArray: MethodDefinition<_waystation_v1_ScrubArrayRequest, _waystation_v1_ScrubArrayResponse, _waystation_v1_ScrubArrayRequest__Output, _waystation_v1_ScrubArrayResponse__Output>
  ShowArray: MethodDefinition<_waystation_v1_ShowArrayRequest, _waystation_v1_ShowArrayResponse, _waystation_v1_ShowArrayRequest__Output, _waystation_v1_ShowArrayResponse__Output>
  SnapshotVolume: MethodDefinition<_waystation_v1_SnapshotVolumeRequest, _waystation_v1_SnapshotVolumeResponse, _waystation_v1_SnapshotVolumeRequest__Output, _waystation_v1_SnapshotVolumeResponse__Output>
  SplitPair: MethodDefinition<_waystation_v1_SplitPairRequest, _waystation_v1_SplitPairResponse, _waystation_v1_SplitPairRequest__Output, _waystation_v1_SplitPairResponse__Output>
  WatchArray: MethodDefinition<_waystation_v1_WatchArrayRequest, _waystation_v1_WatchArrayResponse, _waystation_v1_WatchArrayRequest__Output, _waystation_v1_WatchArrayResponse__Output>
  WatchPair: MethodDefinition<_waystation_v1_WatchPairRequest, _waystation_v1_WatchPairResponse, _waystation_v1_WatchPairRequest__Output, _waystation_v1_WatchPairResponse__Output>
}

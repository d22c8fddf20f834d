// Original file: ../../proto/waystation/v1/block.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { DiscardRequest as _waystation_v1_DiscardRequest, DiscardRequest__Output as _waystation_v1_DiscardRequest__Output } from '../../waystation/v1/DiscardRequest.js';
import type { DiscardResponse as _waystation_v1_DiscardResponse, DiscardResponse__Output as _waystation_v1_DiscardResponse__Output } from '../../waystation/v1/DiscardResponse.js';
import type { FlushRequest as _waystation_v1_FlushRequest, FlushRequest__Output as _waystation_v1_FlushRequest__Output } from '../../waystation/v1/FlushRequest.js';
import type { FlushResponse as _waystation_v1_FlushResponse, FlushResponse__Output as _waystation_v1_FlushResponse__Output } from '../../waystation/v1/FlushResponse.js';
import type { GetVolumeRequest as _waystation_v1_GetVolumeRequest, GetVolumeRequest__Output as _waystation_v1_GetVolumeRequest__Output } from '../../waystation/v1/GetVolumeRequest.js';
import type { GetVolumeResponse as _waystation_v1_GetVolumeResponse, GetVolumeResponse__Output as _waystation_v1_GetVolumeResponse__Output } from '../../waystation/v1/GetVolumeResponse.js';
import type { ListVolumesRequest as _waystation_v1_ListVolumesRequest, ListVolumesRequest__Output as _waystation_v1_ListVolumesRequest__Output } from '../../waystation/v1/ListVolumesRequest.js';
import type { ListVolumesResponse as _waystation_v1_ListVolumesResponse, ListVolumesResponse__Output as _waystation_v1_ListVolumesResponse__Output } from '../../waystation/v1/ListVolumesResponse.js';
import type { ReadRequest as _waystation_v1_ReadRequest, ReadRequest__Output as _waystation_v1_ReadRequest__Output } from '../../waystation/v1/ReadRequest.js';
import type { ReadResponse as _waystation_v1_ReadResponse, ReadResponse__Output as _waystation_v1_ReadResponse__Output } from '../../waystation/v1/ReadResponse.js';
import type { WriteRequest as _waystation_v1_WriteRequest, WriteRequest__Output as _waystation_v1_WriteRequest__Output } from '../../waystation/v1/WriteRequest.js';
import type { WriteResponse as _waystation_v1_WriteResponse, WriteResponse__Output as _waystation_v1_WriteResponse__Output } from '../../waystation/v1/WriteResponse.js';
import type { WriteStreamRequest as _waystation_v1_WriteStreamRequest, WriteStreamRequest__Output as _waystation_v1_WriteStreamRequest__Output } from '../../waystation/v1/WriteStreamRequest.js';
import type { WriteStreamResponse as _waystation_v1_WriteStreamResponse, WriteStreamResponse__Output as _waystation_v1_WriteStreamResponse__Output } from '../../waystation/v1/WriteStreamResponse.js';
import type { WriteZeroesRequest as _waystation_v1_WriteZeroesRequest, WriteZeroesRequest__Output as _waystation_v1_WriteZeroesRequest__Output } from '../../waystation/v1/WriteZeroesRequest.js';
import type { WriteZeroesResponse as _waystation_v1_WriteZeroesResponse, WriteZeroesResponse__Output as _waystation_v1_WriteZeroesResponse__Output } from '../../waystation/v1/WriteZeroesResponse.js';

/**
 * Reads and writes the volumes that this node has open. A write that was answered is durable on the array and, for a
 * replicated volume, in the relay's journal.
 */
export interface BlockServiceClient extends grpc.Client {
  /**
   * Gives the range's space back. It reads as zeros afterwards.
   */
  Discard(argument: _waystation_v1_DiscardRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_DiscardResponse__Output>): grpc.ClientUnaryCall;
  Discard(argument: _waystation_v1_DiscardRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_DiscardResponse__Output>): grpc.ClientUnaryCall;
  Discard(argument: _waystation_v1_DiscardRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_DiscardResponse__Output>): grpc.ClientUnaryCall;
  Discard(argument: _waystation_v1_DiscardRequest, callback: grpc.requestCallback<_waystation_v1_DiscardResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Gives the range's space back. It reads as zeros afterwards.
   */
  discard(argument: _waystation_v1_DiscardRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_DiscardResponse__Output>): grpc.ClientUnaryCall;
  discard(argument: _waystation_v1_DiscardRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_DiscardResponse__Output>): grpc.ClientUnaryCall;
  discard(argument: _waystation_v1_DiscardRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_DiscardResponse__Output>): grpc.ClientUnaryCall;
  discard(argument: _waystation_v1_DiscardRequest, callback: grpc.requestCallback<_waystation_v1_DiscardResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Returns once the writes called before it are durable. Answered writes are durable already, so this is cheap.
   */
  Flush(argument: _waystation_v1_FlushRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_FlushResponse__Output>): grpc.ClientUnaryCall;
  Flush(argument: _waystation_v1_FlushRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_FlushResponse__Output>): grpc.ClientUnaryCall;
  Flush(argument: _waystation_v1_FlushRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_FlushResponse__Output>): grpc.ClientUnaryCall;
  Flush(argument: _waystation_v1_FlushRequest, callback: grpc.requestCallback<_waystation_v1_FlushResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Returns once the writes called before it are durable. Answered writes are durable already, so this is cheap.
   */
  flush(argument: _waystation_v1_FlushRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_FlushResponse__Output>): grpc.ClientUnaryCall;
  flush(argument: _waystation_v1_FlushRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_FlushResponse__Output>): grpc.ClientUnaryCall;
  flush(argument: _waystation_v1_FlushRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_FlushResponse__Output>): grpc.ClientUnaryCall;
  flush(argument: _waystation_v1_FlushRequest, callback: grpc.requestCallback<_waystation_v1_FlushResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * One volume.
   */
  GetVolume(argument: _waystation_v1_GetVolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_GetVolumeResponse__Output>): grpc.ClientUnaryCall;
  GetVolume(argument: _waystation_v1_GetVolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_GetVolumeResponse__Output>): grpc.ClientUnaryCall;
  GetVolume(argument: _waystation_v1_GetVolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_GetVolumeResponse__Output>): grpc.ClientUnaryCall;
  GetVolume(argument: _waystation_v1_GetVolumeRequest, callback: grpc.requestCallback<_waystation_v1_GetVolumeResponse__Output>): grpc.ClientUnaryCall;
  /**
   * One volume.
   */
  getVolume(argument: _waystation_v1_GetVolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_GetVolumeResponse__Output>): grpc.ClientUnaryCall;
  getVolume(argument: _waystation_v1_GetVolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_GetVolumeResponse__Output>): grpc.ClientUnaryCall;
  getVolume(argument: _waystation_v1_GetVolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_GetVolumeResponse__Output>): grpc.ClientUnaryCall;
  getVolume(argument: _waystation_v1_GetVolumeRequest, callback: grpc.requestCallback<_waystation_v1_GetVolumeResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * The volumes that can be opened at this node now.
   */
  ListVolumes(argument: _waystation_v1_ListVolumesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ListVolumesResponse__Output>): grpc.ClientUnaryCall;
  ListVolumes(argument: _waystation_v1_ListVolumesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_ListVolumesResponse__Output>): grpc.ClientUnaryCall;
  ListVolumes(argument: _waystation_v1_ListVolumesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ListVolumesResponse__Output>): grpc.ClientUnaryCall;
  ListVolumes(argument: _waystation_v1_ListVolumesRequest, callback: grpc.requestCallback<_waystation_v1_ListVolumesResponse__Output>): grpc.ClientUnaryCall;
  /**
   * The volumes that can be opened at this node now.
   */
  listVolumes(argument: _waystation_v1_ListVolumesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ListVolumesResponse__Output>): grpc.ClientUnaryCall;
  listVolumes(argument: _waystation_v1_ListVolumesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_ListVolumesResponse__Output>): grpc.ClientUnaryCall;
  listVolumes(argument: _waystation_v1_ListVolumesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ListVolumesResponse__Output>): grpc.ClientUnaryCall;
  listVolumes(argument: _waystation_v1_ListVolumesRequest, callback: grpc.requestCallback<_waystation_v1_ListVolumesResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Reads a range of at most 4 MiB.
   */
  Read(argument: _waystation_v1_ReadRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ReadResponse__Output>): grpc.ClientUnaryCall;
  Read(argument: _waystation_v1_ReadRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_ReadResponse__Output>): grpc.ClientUnaryCall;
  Read(argument: _waystation_v1_ReadRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ReadResponse__Output>): grpc.ClientUnaryCall;
  Read(argument: _waystation_v1_ReadRequest, callback: grpc.requestCallback<_waystation_v1_ReadResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Reads a range of at most 4 MiB.
   */
  read(argument: _waystation_v1_ReadRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ReadResponse__Output>): grpc.ClientUnaryCall;
  read(argument: _waystation_v1_ReadRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_ReadResponse__Output>): grpc.ClientUnaryCall;
  read(argument: _waystation_v1_ReadRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ReadResponse__Output>): grpc.ClientUnaryCall;
  read(argument: _waystation_v1_ReadRequest, callback: grpc.requestCallback<_waystation_v1_ReadResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Writes at most 4 MiB. When the deadline passes first, the outcome is unknown.
   */
  Write(argument: _waystation_v1_WriteRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_WriteResponse__Output>): grpc.ClientUnaryCall;
  Write(argument: _waystation_v1_WriteRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_WriteResponse__Output>): grpc.ClientUnaryCall;
  Write(argument: _waystation_v1_WriteRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_WriteResponse__Output>): grpc.ClientUnaryCall;
  Write(argument: _waystation_v1_WriteRequest, callback: grpc.requestCallback<_waystation_v1_WriteResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Writes at most 4 MiB. When the deadline passes first, the outcome is unknown.
   */
  write(argument: _waystation_v1_WriteRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_WriteResponse__Output>): grpc.ClientUnaryCall;
  write(argument: _waystation_v1_WriteRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_WriteResponse__Output>): grpc.ClientUnaryCall;
  write(argument: _waystation_v1_WriteRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_WriteResponse__Output>): grpc.ClientUnaryCall;
  write(argument: _waystation_v1_WriteRequest, callback: grpc.requestCallback<_waystation_v1_WriteResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Many writes to one volume. The client sends `open` first, then batches; the server answers `opened`, then acks. The
   * server stops reading while more than its window is in flight, so a client that sends faster is held back by HTTP/2.
   */
  WriteStream(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_waystation_v1_WriteStreamRequest, _waystation_v1_WriteStreamResponse__Output>;
  WriteStream(options?: grpc.CallOptions): grpc.ClientDuplexStream<_waystation_v1_WriteStreamRequest, _waystation_v1_WriteStreamResponse__Output>;
  /**
   * Many writes to one volume. The client sends `open` first, then batches; the server answers `opened`, then acks. The
   * server stops reading while more than its window is in flight, so a client that sends faster is held back by HTTP/2.
   */
  writeStream(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_waystation_v1_WriteStreamRequest, _waystation_v1_WriteStreamResponse__Output>;
  writeStream(options?: grpc.CallOptions): grpc.ClientDuplexStream<_waystation_v1_WriteStreamRequest, _waystation_v1_WriteStreamResponse__Output>;
  
  /**
   * Makes the range read as zeros, and keeps its space.
   */
  WriteZeroes(argument: _waystation_v1_WriteZeroesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_WriteZeroesResponse__Output>): grpc.ClientUnaryCall;
  WriteZeroes(argument: _waystation_v1_WriteZeroesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_WriteZeroesResponse__Output>): grpc.ClientUnaryCall;
  WriteZeroes(argument: _waystation_v1_WriteZeroesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_WriteZeroesResponse__Output>): grpc.ClientUnaryCall;
  WriteZeroes(argument: _waystation_v1_WriteZeroesRequest, callback: grpc.requestCallback<_waystation_v1_WriteZeroesResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Makes the range read as zeros, and keeps its space.
   */
  writeZeroes(argument: _waystation_v1_WriteZeroesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_WriteZeroesResponse__Output>): grpc.ClientUnaryCall;
  writeZeroes(argument: _waystation_v1_WriteZeroesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_WriteZeroesResponse__Output>): grpc.ClientUnaryCall;
  writeZeroes(argument: _waystation_v1_WriteZeroesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_WriteZeroesResponse__Output>): grpc.ClientUnaryCall;
  writeZeroes(argument: _waystation_v1_WriteZeroesRequest, callback: grpc.requestCallback<_waystation_v1_WriteZeroesResponse__Output>): grpc.ClientUnaryCall;
  
}

/**
 * Reads and writes the volumes that this node has open. A write that was answered is durable on the array and, for a
 * replicated volume, in the relay's journal.
 */
export interface BlockServiceHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Gives the range's space back. It reads as zeros afterwards.
   */
  Discard: grpc.handleUnaryCall<_waystation_v1_DiscardRequest__Output, _waystation_v1_DiscardResponse>;
  
  /**
   * Returns once the writes called before it are durable. Answered writes are durable already, so this is cheap.
   */
  Flush: grpc.handleUnaryCall<_waystation_v1_FlushRequest__Output, _waystation_v1_FlushResponse>;
  
  /**
   * One volume.
   */
  GetVolume: grpc.handleUnaryCall<_waystation_v1_GetVolumeRequest__Output, _waystation_v1_GetVolumeResponse>;
  
  /**
   * The volumes that can be opened at this node now.
   */
  ListVolumes: grpc.handleUnaryCall<_waystation_v1_ListVolumesRequest__Output, _waystation_v1_ListVolumesResponse>;
  
  /**
   * Reads a range of at most 4 MiB.
   */
  Read: grpc.handleUnaryCall<_waystation_v1_ReadRequest__Output, _waystation_v1_ReadResponse>;
  
  /**
   * Writes at most 4 MiB. When the deadline passes first, the outcome is unknown.
   */
  Write: grpc.handleUnaryCall<_waystation_v1_WriteRequest__Output, _waystation_v1_WriteResponse>;
  
  /**
   * Many writes to one volume. The client sends `open` first, then batches; the server answers `opened`, then acks. The
   * server stops reading while more than its window is in flight, so a client that sends faster is held back by HTTP/2.
   */
  WriteStream: grpc.handleBidiStreamingCall<_waystation_v1_WriteStreamRequest__Output, _waystation_v1_WriteStreamResponse>;
  
  /**
   * Makes the range read as zeros, and keeps its space.
   */
  WriteZeroes: grpc.handleUnaryCall<_waystation_v1_WriteZeroesRequest__Output, _waystation_v1_WriteZeroesResponse>;
  
}

export interface BlockServiceDefinition extends grpc.ServiceDefinition {
  Discard: MethodDefinition<_waystation_v1_DiscardRequest, _waystation_v1_DiscardResponse, _waystation_v1_DiscardRequest__Output, _waystation_v1_DiscardResponse__Output>
  Flush: MethodDefinition<_waystation_v1_FlushRequest, _waystation_v1_FlushResponse, _waystation_v1_FlushRequest__Output, _waystation_v1_FlushResponse__Output>
  GetVolume: MethodDefinition<_waystation_v1_GetVolumeRequest, _waystation_v1_GetVolumeResponse, _waystation_v1_GetVolumeRequest__Output, _waystation_v1_GetVolumeResponse__Output>
  ListVolumes: MethodDefinition<_waystation_v1_ListVolumesRequest, _waystation_v1_ListVolumesResponse, _waystation_v1_ListVolumesRequest__Output, _waystation_v1_ListVolumesResponse__Output>
  Read: MethodDefinition<_waystation_v1_ReadRequest, _waystation_v1_ReadResponse, _waystation_v1_ReadRequest__Output, _waystation_v1_ReadResponse__Output>
  Write: MethodDefinition<_waystation_v1_WriteRequest, _waystation_v1_WriteResponse, _waystation_v1_WriteRequest__Output, _waystation_v1_WriteResponse__Output>
  WriteStream: MethodDefinition<_waystation_v1_WriteStreamRequest, _waystation_v1_WriteStreamResponse, _waystation_v1_WriteStreamRequest__Output, _waystation_v1_WriteStreamResponse__Output>
  WriteZeroes: MethodDefinition<_waystation_v1_WriteZeroesRequest, _waystation_v1_WriteZeroesResponse, _waystation_v1_WriteZeroesRequest__Output, _waystation_v1_WriteZeroesResponse__Output>
}

// Original file: ../../proto/waystation/v1/control.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AttestGroupRequest as _waystation_v1_AttestGroupRequest, AttestGroupRequest__Output as _waystation_v1_AttestGroupRequest__Output } from '../../waystation/v1/AttestGroupRequest.js';
import type { AttestGroupResponse as _waystation_v1_AttestGroupResponse, AttestGroupResponse__Output as _waystation_v1_AttestGroupResponse__Output } from '../../waystation/v1/AttestGroupResponse.js';
import type { ChangeTermRequest as _waystation_v1_ChangeTermRequest, ChangeTermRequest__Output as _waystation_v1_ChangeTermRequest__Output } from '../../waystation/v1/ChangeTermRequest.js';
import type { CommandRequest as _waystation_v1_CommandRequest, CommandRequest__Output as _waystation_v1_CommandRequest__Output } from '../../waystation/v1/CommandRequest.js';
import type { CommandResponse as _waystation_v1_CommandResponse, CommandResponse__Output as _waystation_v1_CommandResponse__Output } from '../../waystation/v1/CommandResponse.js';
import type { GetStatusRequest as _waystation_v1_GetStatusRequest, GetStatusRequest__Output as _waystation_v1_GetStatusRequest__Output } from '../../waystation/v1/GetStatusRequest.js';
import type { GetStatusResponse as _waystation_v1_GetStatusResponse, GetStatusResponse__Output as _waystation_v1_GetStatusResponse__Output } from '../../waystation/v1/GetStatusResponse.js';
import type { ReloadRequest as _waystation_v1_ReloadRequest, ReloadRequest__Output as _waystation_v1_ReloadRequest__Output } from '../../waystation/v1/ReloadRequest.js';
import type { ReloadResponse as _waystation_v1_ReloadResponse, ReloadResponse__Output as _waystation_v1_ReloadResponse__Output } from '../../waystation/v1/ReloadResponse.js';
import type { TakeoverRequest as _waystation_v1_TakeoverRequest, TakeoverRequest__Output as _waystation_v1_TakeoverRequest__Output } from '../../waystation/v1/TakeoverRequest.js';
import type { TakeoverResponse as _waystation_v1_TakeoverResponse, TakeoverResponse__Output as _waystation_v1_TakeoverResponse__Output } from '../../waystation/v1/TakeoverResponse.js';

/**
 * Each node answers for itself only and never waits for another one to do so: ask every node to see a cluster.
 */
export interface ControlServiceClient extends grpc.Client {
  /**
   * Which order this node holds: the root of a point.
   */
  AttestGroup(argument: _waystation_v1_AttestGroupRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_AttestGroupResponse__Output>): grpc.ClientUnaryCall;
  AttestGroup(argument: _waystation_v1_AttestGroupRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_AttestGroupResponse__Output>): grpc.ClientUnaryCall;
  AttestGroup(argument: _waystation_v1_AttestGroupRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_AttestGroupResponse__Output>): grpc.ClientUnaryCall;
  AttestGroup(argument: _waystation_v1_AttestGroupRequest, callback: grpc.requestCallback<_waystation_v1_AttestGroupResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Which order this node holds: the root of a point.
   */
  attestGroup(argument: _waystation_v1_AttestGroupRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_AttestGroupResponse__Output>): grpc.ClientUnaryCall;
  attestGroup(argument: _waystation_v1_AttestGroupRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_AttestGroupResponse__Output>): grpc.ClientUnaryCall;
  attestGroup(argument: _waystation_v1_AttestGroupRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_AttestGroupResponse__Output>): grpc.ClientUnaryCall;
  attestGroup(argument: _waystation_v1_AttestGroupRequest, callback: grpc.requestCallback<_waystation_v1_AttestGroupResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Begins another term of a group, with this node as coordinator. Streams as Takeover does.
   */
  ChangeTerm(argument: _waystation_v1_ChangeTermRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_waystation_v1_TakeoverResponse__Output>;
  ChangeTerm(argument: _waystation_v1_ChangeTermRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_waystation_v1_TakeoverResponse__Output>;
  /**
   * Begins another term of a group, with this node as coordinator. Streams as Takeover does.
   */
  changeTerm(argument: _waystation_v1_ChangeTermRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_waystation_v1_TakeoverResponse__Output>;
  changeTerm(argument: _waystation_v1_ChangeTermRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_waystation_v1_TakeoverResponse__Output>;
  
  /**
   * A command for this node's own role in a group, done or refused.
   */
  Command(argument: _waystation_v1_CommandRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_CommandResponse__Output>): grpc.ClientUnaryCall;
  Command(argument: _waystation_v1_CommandRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_CommandResponse__Output>): grpc.ClientUnaryCall;
  Command(argument: _waystation_v1_CommandRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_CommandResponse__Output>): grpc.ClientUnaryCall;
  Command(argument: _waystation_v1_CommandRequest, callback: grpc.requestCallback<_waystation_v1_CommandResponse__Output>): grpc.ClientUnaryCall;
  /**
   * A command for this node's own role in a group, done or refused.
   */
  command(argument: _waystation_v1_CommandRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_CommandResponse__Output>): grpc.ClientUnaryCall;
  command(argument: _waystation_v1_CommandRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_CommandResponse__Output>): grpc.ClientUnaryCall;
  command(argument: _waystation_v1_CommandRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_CommandResponse__Output>): grpc.ClientUnaryCall;
  command(argument: _waystation_v1_CommandRequest, callback: grpc.requestCallback<_waystation_v1_CommandResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Live figures of this node.
   */
  GetStatus(argument: _waystation_v1_GetStatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_GetStatusResponse__Output>): grpc.ClientUnaryCall;
  GetStatus(argument: _waystation_v1_GetStatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_GetStatusResponse__Output>): grpc.ClientUnaryCall;
  GetStatus(argument: _waystation_v1_GetStatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_GetStatusResponse__Output>): grpc.ClientUnaryCall;
  GetStatus(argument: _waystation_v1_GetStatusRequest, callback: grpc.requestCallback<_waystation_v1_GetStatusResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Live figures of this node.
   */
  getStatus(argument: _waystation_v1_GetStatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_GetStatusResponse__Output>): grpc.ClientUnaryCall;
  getStatus(argument: _waystation_v1_GetStatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_GetStatusResponse__Output>): grpc.ClientUnaryCall;
  getStatus(argument: _waystation_v1_GetStatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_GetStatusResponse__Output>): grpc.ClientUnaryCall;
  getStatus(argument: _waystation_v1_GetStatusRequest, callback: grpc.requestCallback<_waystation_v1_GetStatusResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Reads the cluster's configuration again: new volumes and members are there afterwards, for a change of term to use.
   */
  Reload(argument: _waystation_v1_ReloadRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ReloadResponse__Output>): grpc.ClientUnaryCall;
  Reload(argument: _waystation_v1_ReloadRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_ReloadResponse__Output>): grpc.ClientUnaryCall;
  Reload(argument: _waystation_v1_ReloadRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ReloadResponse__Output>): grpc.ClientUnaryCall;
  Reload(argument: _waystation_v1_ReloadRequest, callback: grpc.requestCallback<_waystation_v1_ReloadResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Reads the cluster's configuration again: new volumes and members are there afterwards, for a change of term to use.
   */
  reload(argument: _waystation_v1_ReloadRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ReloadResponse__Output>): grpc.ClientUnaryCall;
  reload(argument: _waystation_v1_ReloadRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_waystation_v1_ReloadResponse__Output>): grpc.ClientUnaryCall;
  reload(argument: _waystation_v1_ReloadRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_waystation_v1_ReloadResponse__Output>): grpc.ClientUnaryCall;
  reload(argument: _waystation_v1_ReloadRequest, callback: grpc.requestCallback<_waystation_v1_ReloadResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Takes a group over, with this node, one of its secondaries, as coordinator. Streams the steps; the last one has
   * the result. Cancelling the call does not stop the takeover.
   */
  Takeover(argument: _waystation_v1_TakeoverRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_waystation_v1_TakeoverResponse__Output>;
  Takeover(argument: _waystation_v1_TakeoverRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_waystation_v1_TakeoverResponse__Output>;
  /**
   * Takes a group over, with this node, one of its secondaries, as coordinator. Streams the steps; the last one has
   * the result. Cancelling the call does not stop the takeover.
   */
  takeover(argument: _waystation_v1_TakeoverRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_waystation_v1_TakeoverResponse__Output>;
  takeover(argument: _waystation_v1_TakeoverRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_waystation_v1_TakeoverResponse__Output>;
  
}

/**
 * Each node answers for itself only and never waits for another one to do so: ask every node to see a cluster.
 */
export interface ControlServiceHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Which order this node holds: the root of a point.
   */
  AttestGroup: grpc.handleUnaryCall<_waystation_v1_AttestGroupRequest__Output, _waystation_v1_AttestGroupResponse>;
  
  /**
   * Begins another term of a group, with this node as coordinator. Streams as Takeover does.
   */
  ChangeTerm: grpc.handleServerStreamingCall<_waystation_v1_ChangeTermRequest__Output, _waystation_v1_TakeoverResponse>;
  
  /**
   * A command for this node's own role in a group, done or refused.
   */
  Command: grpc.handleUnaryCall<_waystation_v1_CommandRequest__Output, _waystation_v1_CommandResponse>;
  
  /**
   * Live figures of this node.
   */
  GetStatus: grpc.handleUnaryCall<_waystation_v1_GetStatusRequest__Output, _waystation_v1_GetStatusResponse>;
  
  /**
   * Reads the cluster's configuration again: new volumes and members are there afterwards, for a change of term to use.
   */
  Reload: grpc.handleUnaryCall<_waystation_v1_ReloadRequest__Output, _waystation_v1_ReloadResponse>;
  
  /**
   * Takes a group over, with this node, one of its secondaries, as coordinator. Streams the steps; the last one has
   * the result. Cancelling the call does not stop the takeover.
   */
  Takeover: grpc.handleServerStreamingCall<_waystation_v1_TakeoverRequest__Output, _waystation_v1_TakeoverResponse>;
  
}

export interface ControlServiceDefinition extends grpc.ServiceDefinition {
  AttestGroup: MethodDefinition<_waystation_v1_AttestGroupRequest, _waystation_v1_AttestGroupResponse, _waystation_v1_AttestGroupRequest__Output, _waystation_v1_AttestGroupResponse__Output>
  ChangeTerm: MethodDefinition<_waystation_v1_ChangeTermRequest, _waystation_v1_TakeoverResponse, _waystation_v1_ChangeTermRequest__Output, _waystation_v1_TakeoverResponse__Output>
  Command: MethodDefinition<_waystation_v1_CommandRequest, _waystation_v1_CommandResponse, _waystation_v1_CommandRequest__Output, _waystation_v1_CommandResponse__Output>
  GetStatus: MethodDefinition<_waystation_v1_GetStatusRequest, _waystation_v1_GetStatusResponse, _waystation_v1_GetStatusRequest__Output, _waystation_v1_GetStatusResponse__Output>
  Reload: MethodDefinition<_waystation_v1_ReloadRequest, _waystation_v1_ReloadResponse, _waystation_v1_ReloadRequest__Output, _waystation_v1_ReloadResponse__Output>
  Takeover: MethodDefinition<_waystation_v1_TakeoverRequest, _waystation_v1_TakeoverResponse, _waystation_v1_TakeoverRequest__Output, _waystation_v1_TakeoverResponse__Output>
}

// Original file: ../../proto/waystation/v1/replication.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { PeerMessage as _waystation_v1_PeerMessage, PeerMessage__Output as _waystation_v1_PeerMessage__Output } from '../../waystation/v1/PeerMessage.js';

/**
 * One method per channel, each on a connection of its own, so that leases and promises never queue behind data.
 */
export interface ReplicationServiceClient extends grpc.Client {
  /**
   * Between any two nodes: promises, fences, decisions.
   */
  Council(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_waystation_v1_PeerMessage, _waystation_v1_PeerMessage__Output>;
  Council(options?: grpc.CallOptions): grpc.ClientDuplexStream<_waystation_v1_PeerMessage, _waystation_v1_PeerMessage__Output>;
  /**
   * Between any two nodes: promises, fences, decisions.
   */
  council(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_waystation_v1_PeerMessage, _waystation_v1_PeerMessage__Output>;
  council(options?: grpc.CallOptions): grpc.ClientDuplexStream<_waystation_v1_PeerMessage, _waystation_v1_PeerMessage__Output>;
  
  /**
   * Primary to relay: host writes and their acknowledgements.
   */
  Ingress(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_waystation_v1_PeerMessage, _waystation_v1_PeerMessage__Output>;
  Ingress(options?: grpc.CallOptions): grpc.ClientDuplexStream<_waystation_v1_PeerMessage, _waystation_v1_PeerMessage__Output>;
  /**
   * Primary to relay: host writes and their acknowledgements.
   */
  ingress(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_waystation_v1_PeerMessage, _waystation_v1_PeerMessage__Output>;
  ingress(options?: grpc.CallOptions): grpc.ClientDuplexStream<_waystation_v1_PeerMessage, _waystation_v1_PeerMessage__Output>;
  
  /**
   * Relay and primary: lease challenges and renewals.
   */
  Lease(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_waystation_v1_PeerMessage, _waystation_v1_PeerMessage__Output>;
  Lease(options?: grpc.CallOptions): grpc.ClientDuplexStream<_waystation_v1_PeerMessage, _waystation_v1_PeerMessage__Output>;
  /**
   * Relay and primary: lease challenges and renewals.
   */
  lease(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_waystation_v1_PeerMessage, _waystation_v1_PeerMessage__Output>;
  lease(options?: grpc.CallOptions): grpc.ClientDuplexStream<_waystation_v1_PeerMessage, _waystation_v1_PeerMessage__Output>;
  
  /**
   * Relay to secondary: records, prepare, validate, gate.
   */
  Ship(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_waystation_v1_PeerMessage, _waystation_v1_PeerMessage__Output>;
  Ship(options?: grpc.CallOptions): grpc.ClientDuplexStream<_waystation_v1_PeerMessage, _waystation_v1_PeerMessage__Output>;
  /**
   * Relay to secondary: records, prepare, validate, gate.
   */
  ship(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_waystation_v1_PeerMessage, _waystation_v1_PeerMessage__Output>;
  ship(options?: grpc.CallOptions): grpc.ClientDuplexStream<_waystation_v1_PeerMessage, _waystation_v1_PeerMessage__Output>;
  
}

/**
 * One method per channel, each on a connection of its own, so that leases and promises never queue behind data.
 */
export interface ReplicationServiceHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Between any two nodes: promises, fences, decisions.
   */
  Council: grpc.handleBidiStreamingCall<_waystation_v1_PeerMessage__Output, _waystation_v1_PeerMessage>;
  
  /**
   * Primary to relay: host writes and their acknowledgements.
   */
  Ingress: grpc.handleBidiStreamingCall<_waystation_v1_PeerMessage__Output, _waystation_v1_PeerMessage>;
  
  /**
   * Relay and primary: lease challenges and renewals.
   */
  Lease: grpc.handleBidiStreamingCall<_waystation_v1_PeerMessage__Output, _waystation_v1_PeerMessage>;
  
  /**
   * Relay to secondary: records, prepare, validate, gate.
   */
  Ship: grpc.handleBidiStreamingCall<_waystation_v1_PeerMessage__Output, _waystation_v1_PeerMessage>;
  
}

export interface ReplicationServiceDefinition extends grpc.ServiceDefinition {
  Council: MethodDefinition<_waystation_v1_PeerMessage, _waystation_v1_PeerMessage, _waystation_v1_PeerMessage__Output, _waystation_v1_PeerMessage__Output>
  Ingress: MethodDefinition<_waystation_v1_PeerMessage, _waystation_v1_PeerMessage, _waystation_v1_PeerMessage__Output, _waystation_v1_PeerMessage__Output>
  Lease: MethodDefinition<_waystation_v1_PeerMessage, _waystation_v1_PeerMessage, _waystation_v1_PeerMessage__Output, _waystation_v1_PeerMessage__Output>
  Ship: MethodDefinition<_waystation_v1_PeerMessage, _waystation_v1_PeerMessage, _waystation_v1_PeerMessage__Output, _waystation_v1_PeerMessage__Output>
}

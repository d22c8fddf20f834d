import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { BlockServiceClient as _waystation_v1_BlockServiceClient, BlockServiceDefinition as _waystation_v1_BlockServiceDefinition } from './waystation/v1/BlockService.js';
import type { DiscardRequest as _waystation_v1_DiscardRequest, DiscardRequest__Output as _waystation_v1_DiscardRequest__Output } from './waystation/v1/DiscardRequest.js';
import type { DiscardResponse as _waystation_v1_DiscardResponse, DiscardResponse__Output as _waystation_v1_DiscardResponse__Output } from './waystation/v1/DiscardResponse.js';
import type { FlushRequest as _waystation_v1_FlushRequest, FlushRequest__Output as _waystation_v1_FlushRequest__Output } from './waystation/v1/FlushRequest.js';
import type { FlushResponse as _waystation_v1_FlushResponse, FlushResponse__Output as _waystation_v1_FlushResponse__Output } from './waystation/v1/FlushResponse.js';
import type { GetVolumeRequest as _waystation_v1_GetVolumeRequest, GetVolumeRequest__Output as _waystation_v1_GetVolumeRequest__Output } from './waystation/v1/GetVolumeRequest.js';
import type { GetVolumeResponse as _waystation_v1_GetVolumeResponse, GetVolumeResponse__Output as _waystation_v1_GetVolumeResponse__Output } from './waystation/v1/GetVolumeResponse.js';
import type { ListVolumesRequest as _waystation_v1_ListVolumesRequest, ListVolumesRequest__Output as _waystation_v1_ListVolumesRequest__Output } from './waystation/v1/ListVolumesRequest.js';
import type { ListVolumesResponse as _waystation_v1_ListVolumesResponse, ListVolumesResponse__Output as _waystation_v1_ListVolumesResponse__Output } from './waystation/v1/ListVolumesResponse.js';
import type { NumberedWrite as _waystation_v1_NumberedWrite, NumberedWrite__Output as _waystation_v1_NumberedWrite__Output } from './waystation/v1/NumberedWrite.js';
import type { OpenWriteStream as _waystation_v1_OpenWriteStream, OpenWriteStream__Output as _waystation_v1_OpenWriteStream__Output } from './waystation/v1/OpenWriteStream.js';
import type { ReadRequest as _waystation_v1_ReadRequest, ReadRequest__Output as _waystation_v1_ReadRequest__Output } from './waystation/v1/ReadRequest.js';
import type { ReadResponse as _waystation_v1_ReadResponse, ReadResponse__Output as _waystation_v1_ReadResponse__Output } from './waystation/v1/ReadResponse.js';
import type { Volume as _waystation_v1_Volume, Volume__Output as _waystation_v1_Volume__Output } from './waystation/v1/Volume.js';
import type { WriteAcks as _waystation_v1_WriteAcks, WriteAcks__Output as _waystation_v1_WriteAcks__Output } from './waystation/v1/WriteAcks.js';
import type { WriteBatch as _waystation_v1_WriteBatch, WriteBatch__Output as _waystation_v1_WriteBatch__Output } from './waystation/v1/WriteBatch.js';
import type { WriteFailure as _waystation_v1_WriteFailure, WriteFailure__Output as _waystation_v1_WriteFailure__Output } from './waystation/v1/WriteFailure.js';
import type { WriteRequest as _waystation_v1_WriteRequest, WriteRequest__Output as _waystation_v1_WriteRequest__Output } from './waystation/v1/WriteRequest.js';
import type { WriteResponse as _waystation_v1_WriteResponse, WriteResponse__Output as _waystation_v1_WriteResponse__Output } from './waystation/v1/WriteResponse.js';
import type { WriteStreamOpened as _waystation_v1_WriteStreamOpened, WriteStreamOpened__Output as _waystation_v1_WriteStreamOpened__Output } from './waystation/v1/WriteStreamOpened.js';
import type { WriteStreamRequest as _waystation_v1_WriteStreamRequest, WriteStreamRequest__Output as _waystation_v1_WriteStreamRequest__Output } from './waystation/v1/WriteStreamRequest.js';
import type { WriteStreamResponse as _waystation_v1_WriteStreamResponse, WriteStreamResponse__Output as _waystation_v1_WriteStreamResponse__Output } from './waystation/v1/WriteStreamResponse.js';
import type { WriteZeroesRequest as _waystation_v1_WriteZeroesRequest, WriteZeroesRequest__Output as _waystation_v1_WriteZeroesRequest__Output } from './waystation/v1/WriteZeroesRequest.js';
import type { WriteZeroesResponse as _waystation_v1_WriteZeroesResponse, WriteZeroesResponse__Output as _waystation_v1_WriteZeroesResponse__Output } from './waystation/v1/WriteZeroesResponse.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  waystation: {
    v1: {
      /**
       * Reads and writes the volumes that this node has open. A write that was answered is durable on the array and, for a
       * replicated volume, in the relay's journal.
       */
      BlockService: SubtypeConstructor<typeof grpc.Client, _waystation_v1_BlockServiceClient> & { service: _waystation_v1_BlockServiceDefinition }
      DiscardRequest: MessageTypeDefinition<_waystation_v1_DiscardRequest, _waystation_v1_DiscardRequest__Output>
      DiscardResponse: MessageTypeDefinition<_waystation_v1_DiscardResponse, _waystation_v1_DiscardResponse__Output>
      FlushRequest: MessageTypeDefinition<_waystation_v1_FlushRequest, _waystation_v1_FlushRequest__Output>
      FlushResponse: MessageTypeDefinition<_waystation_v1_FlushResponse, _waystation_v1_FlushResponse__Output>
      GetVolumeRequest: MessageTypeDefinition<_waystation_v1_GetVolumeRequest, _waystation_v1_GetVolumeRequest__Output>
      GetVolumeResponse: MessageTypeDefinition<_waystation_v1_GetVolumeResponse, _waystation_v1_GetVolumeResponse__Output>
      ListVolumesRequest: MessageTypeDefinition<_waystation_v1_ListVolumesRequest, _waystation_v1_ListVolumesRequest__Output>
      ListVolumesResponse: MessageTypeDefinition<_waystation_v1_ListVolumesResponse, _waystation_v1_ListVolumesResponse__Output>
      NumberedWrite: MessageTypeDefinition<_waystation_v1_NumberedWrite, _waystation_v1_NumberedWrite__Output>
      OpenWriteStream: MessageTypeDefinition<_waystation_v1_OpenWriteStream, _waystation_v1_OpenWriteStream__Output>
      ReadRequest: MessageTypeDefinition<_waystation_v1_ReadRequest, _waystation_v1_ReadRequest__Output>
      ReadResponse: MessageTypeDefinition<_waystation_v1_ReadResponse, _waystation_v1_ReadResponse__Output>
      Volume: MessageTypeDefinition<_waystation_v1_Volume, _waystation_v1_Volume__Output>
      VolumeAccess: EnumTypeDefinition
      WriteAcks: MessageTypeDefinition<_waystation_v1_WriteAcks, _waystation_v1_WriteAcks__Output>
      WriteBatch: MessageTypeDefinition<_waystation_v1_WriteBatch, _waystation_v1_WriteBatch__Output>
      WriteFailure: MessageTypeDefinition<_waystation_v1_WriteFailure, _waystation_v1_WriteFailure__Output>
      WriteRequest: MessageTypeDefinition<_waystation_v1_WriteRequest, _waystation_v1_WriteRequest__Output>
      WriteResponse: MessageTypeDefinition<_waystation_v1_WriteResponse, _waystation_v1_WriteResponse__Output>
      WriteStreamOpened: MessageTypeDefinition<_waystation_v1_WriteStreamOpened, _waystation_v1_WriteStreamOpened__Output>
      WriteStreamRequest: MessageTypeDefinition<_waystation_v1_WriteStreamRequest, _waystation_v1_WriteStreamRequest__Output>
      WriteStreamResponse: MessageTypeDefinition<_waystation_v1_WriteStreamResponse, _waystation_v1_WriteStreamResponse__Output>
      WriteZeroesRequest: MessageTypeDefinition<_waystation_v1_WriteZeroesRequest, _waystation_v1_WriteZeroesRequest__Output>
      WriteZeroesResponse: MessageTypeDefinition<_waystation_v1_WriteZeroesResponse, _waystation_v1_WriteZeroesResponse__Output>
    }
  }
}


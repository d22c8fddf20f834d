/** Asks one node for its status, and has it take a group over (F1). Errors are `Failure`s, as in `block-client.ts`. */
import { connect } from "@waystation/rpc/connection";
import { controlServiceDefinition as service } from "@waystation/rpc/proto";
import {
  fromProtoProgress,
  fromProtoStatus,
  type NodeStatus,
  type TakeoverProgress,
  type TakeoverRequest,
} from "@waystation/rpc/status-messages";

export type {
  ArrayStatus,
  GroupStatus,
  NodeStatus,
  RelayStages,
  ShippingStages,
  TakeoverProgress,
  TakeoverRequest,
  TakeoverResult,
} from "@waystation/rpc/status-messages";

export interface ControlClient {
  /** Live figures of this node alone. */
  status(options?: { readonly timeoutMs?: number }): Promise<NodeStatus>;
  /**
   * The steps of a takeover; the last has the result. Leaving the loop does not stop the takeover. Throws
   * `UNKNOWN_GROUP`, `NOT_A_SECONDARY`, or that the node cannot be reached.
   */
  takeover(request: TakeoverRequest, options?: { readonly timeoutMs?: number }): AsyncIterable<TakeoverProgress>;
  close(): void;
}

const statusTimeoutMs = 1_500;
const takeoverTimeoutMs = 120_000;

/** Connects on the first call. `address` is "host:port". */
export function connectControl(address: string): ControlClient {
  const connection = connect(address);
  return {
    async status({ timeoutMs = statusTimeoutMs } = {}) {
      const { status } = await connection.unary(service.GetStatus, {}, timeoutMs);
      return fromProtoStatus(status);
    },
    async *takeover({ group, force, without }, { timeoutMs = takeoverTimeoutMs } = {}) {
      const request = { group, force, without: [...without] };
      for await (const step of connection.serverStream(service.Takeover, request, timeoutMs)) {
        yield fromProtoProgress(step);
      }
    },
    close() {
      connection.close();
    },
  };
}

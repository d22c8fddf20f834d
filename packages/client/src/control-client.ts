/**
 * Asks one node for its status, gives its roles commands, and has it take a group over or begin another term (F1).
 * Errors are `Failure`s, as in `block-client.ts`.
 */
import { fromProtoAttestation, type Attestation } from "@waystation/rpc/attestation-messages";
import {
  toProtoCause,
  toProtoCommand,
  type GroupCommand,
  type TermChangeRequest,
} from "@waystation/rpc/command-messages";
import { connect } from "@waystation/rpc/connection";
import { controlServiceDefinition as service } from "@waystation/rpc/proto";
import {
  fromProtoProgress,
  fromProtoStatus,
  type NodeStatus,
  type TakeoverProgress,
  type TakeoverRequest,
} from "@waystation/rpc/status-messages";

export type { Attestation } from "@waystation/rpc/attestation-messages";
export type { GroupCommand, TermChangeRequest } from "@waystation/rpc/command-messages";
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
  /** The steps of a change of term, as those of a takeover. */
  changeTerm(request: TermChangeRequest, options?: { readonly timeoutMs?: number }): AsyncIterable<TakeoverProgress>;
  /** Resolves when the role has done it, or durably begun. Rejects with the refusal, or `UNKNOWN_GROUP`. */
  command(group: string, command: GroupCommand, options?: { readonly timeoutMs?: number }): Promise<void>;
  /** Which order the node holds: its last point, or the highest one up to `sequence`. Rejects with `UNKNOWN_GROUP`. */
  attest(group: string, sequence: number | null, options?: { readonly timeoutMs?: number }): Promise<Attestation>;
  /** Has the node read its configuration again. Resolves with what is new there, a line each. */
  reload(options?: { readonly timeoutMs?: number }): Promise<readonly string[]>;
  close(): void;
}

const statusTimeoutMs = 1_500;
const takeoverTimeoutMs = 120_000;
const commandTimeoutMs = 30_000;

/** Connects on the first call. `address` is "host:port". */
export function connectControl(address: string): ControlClient {
  const connection = connect(address);
  return {
    async status({ timeoutMs = statusTimeoutMs } = {}) {
      const { status } = await connection.unary(service.GetStatus, {}, timeoutMs);
      return fromProtoStatus(status);
    },
    async *takeover({ group, force, without, dryRun }, { timeoutMs = takeoverTimeoutMs } = {}) {
      const request = { group, force, without: [...without], dryRun };
      for await (const step of connection.serverStream(service.Takeover, request, timeoutMs)) {
        yield fromProtoProgress(step);
      }
    },
    async *changeTerm({ group, cause, force, dryRun }, { timeoutMs = takeoverTimeoutMs } = {}) {
      const request = { group, cause: toProtoCause(cause), force, dryRun };
      for await (const step of connection.serverStream(service.ChangeTerm, request, timeoutMs)) {
        yield fromProtoProgress(step);
      }
    },
    async command(group, command, { timeoutMs = commandTimeoutMs } = {}) {
      await connection.unary(service.Command, toProtoCommand(group, command), timeoutMs);
    },
    async attest(group, sequence, { timeoutMs = statusTimeoutMs } = {}) {
      const request = sequence === null ? { group } : { group, sequence };
      return fromProtoAttestation(await connection.unary(service.AttestGroup, request, timeoutMs));
    },
    async reload({ timeoutMs = commandTimeoutMs } = {}) {
      return (await connection.unary(service.Reload, {}, timeoutMs)).changes;
    },
    close() {
      connection.close();
    },
  };
}

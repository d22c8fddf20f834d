/** What a node attests, between the control port and the wire, both ways. */
import type { NodeName, Sequence } from "@waystation/contracts/ids";
import type { Attestation } from "@waystation/replication/control-front";
import { keyOf } from "./enum-names.js";
import type {
  AttestGroupResponse,
  AttestGroupResponse__Output,
} from "./generated/waystation/v1/AttestGroupResponse.js";
import { roleNames } from "./group-status-messages.js";

export type { Attestation };

export function toProtoAttestation({ point, role, ...rest }: Attestation): AttestGroupResponse {
  return { ...rest, role: roleNames[role], sequence: point?.sequence ?? 0, root: point?.root ?? "" };
}

export function fromProtoAttestation(response: AttestGroupResponse__Output): Attestation {
  const { node, role, sequence, root, oldest, detail } = response;
  return {
    node: node as NodeName,
    role: keyOf(roleNames, role, "primary"),
    point: root === "" ? null : { sequence: sequence as Sequence, root },
    oldest: oldest as Sequence,
    detail,
  };
}

/** Commands to a role, and causes of terms, between the control port and the wire, both ways. */
import type { GroupCommand, TermChangeRequest } from "@waystation/replication/control-front";
import { rpcFailure } from "./errors.js";
import type { CommandRequest, CommandRequest__Output } from "./generated/waystation/v1/CommandRequest.js";

export type { GroupCommand, TermChangeRequest };

export const causeNames = {
  swap: "TERM_CAUSE_SWAP",
  direct: "TERM_CAUSE_DIRECT",
  return: "TERM_CAUSE_RETURN",
  members: "TERM_CAUSE_MEMBERS",
} as const satisfies Record<TermChangeRequest["cause"], string>;

export function toProtoCause(cause: TermChangeRequest["cause"]) {
  return causeNames[cause];
}

/** Throws `REQUEST_INVALID` for one that this version does not know. */
export function fromProtoCause(name: string): TermChangeRequest["cause"] {
  const causes = Object.keys(causeNames) as TermChangeRequest["cause"][];
  const cause = causes.find((known) => causeNames[known] === name);
  if (cause === undefined) throw rpcFailure("REQUEST_INVALID", `not a cause of a term: ${name}`);
  return cause;
}

export function toProtoCommand(group: string, command: GroupCommand): CommandRequest {
  switch (command.kind) {
    case "suspend":
      return { group, suspend: {} };
    case "resync":
      return { group, resync: { full: command.full } };
    case "drop-branch":
      return { group, dropBranch: { branch: command.branch } };
  }
}

/** Throws `REQUEST_INVALID` for one that this version does not know. */
export function fromProtoCommand(request: CommandRequest__Output): GroupCommand {
  if (request.suspend) return { kind: "suspend" };
  if (request.resync) return { kind: "resync", full: request.resync.full };
  if (request.dropBranch) return { kind: "drop-branch", branch: request.dropBranch.branch };
  throw rpcFailure("REQUEST_INVALID", `no command for ${request.group} that this version knows`);
}

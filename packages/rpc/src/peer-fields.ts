/**
 * Numbers of proto/waystation/v1/replication.proto that the hand-written codec needs: the field of each body in
 * `PeerMessage`, and the enums. `peer-codec.test.ts` compares the codec with protobufjs, so a slip here shows.
 */
import type { RecordKind } from "@waystation/contracts/journal";
import type {
  CouncilBody,
  GroupRole,
  OriginLeg,
  PairState,
  PeerBody,
  RefusalReason,
} from "@waystation/replication/messages";
import type { Term } from "@waystation/replication/term";

export const bodyField = {
  "origin-batch": 2,
  "relay-ack": 3,
  "ship-batch": 4,
  "ship-received": 5,
  "prepare": 6,
  "prepared": 7,
  "validate": 8,
  "validated": 9,
  "gate": 10,
  "applied": 11,
  "lease-challenge": 12,
  "lease-renewal": 13,
  "refusal": 16,
  "origin-hello": 17,
  "origin-fetch": 18,
  "relay-welcome": 19,
  "relay-records": 20,
  "ship-hello": 21,
  "ship-welcome": 22,
  "promise": 23,
  "decide": 24,
  "inquire": 25,
  "council-reply": 26,
  "suspended": 27,
  "copy-start": 28,
  "copy-done": 29,
  "copy-ended": 30,
  "far-validated": 31,
  "digest-ask": 32,
  "digest-reply": 33,
  "ship-copy": 34,
  "ship-regions": 35,
  "ship-state": 36,
} as const satisfies Record<PeerBody["kind"], number>;

export const recordKindNumber = { write: 1, zero: 2, discard: 3, copy: 4 } as const satisfies Record<
  RecordKind,
  number
>;

export const groupRoleNumber = { primary: 1, relay: 2, secondary: 3 } as const satisfies Record<GroupRole, number>;

export const refusalReasonNumber = {
  "stale-epoch": 1,
  "fenced": 2,
  "frozen": 3,
  "journal-lost": 4,
  "not-a-member": 5,
  "gap": 6,
  "other-term": 7,
  "order-mismatch": 8,
} as const satisfies Record<RefusalReason, number>;

export const pairStateNumber = {
  SMPL: 1,
  COPY: 2,
  PAIR: 3,
  PSUS: 4,
  PSUE: 5,
  PFUL: 6,
  PFUS: 7,
  SSWS: 8,
} as const satisfies Record<PairState, number>;

/** The states that a suspended group can be in. */
export const suspendedStates = ["PSUS", "PSUE", "PFUS"] as const;

export const originLegNumber = { joined: 1, alone: 2, copying: 3 } as const satisfies Record<OriginLeg, number>;

export const termCauseNumber = {
  swap: 1,
  direct: 2,
  return: 3,
  members: 4,
} as const satisfies Record<Term["cause"], number>;

export type PromisePurpose = Extract<CouncilBody, { readonly kind: "promise" }>["purpose"];

export const promisePurposeNumber = { takeover: 1, term: 2 } as const satisfies Record<PromisePurpose, number>;

function byNumber<Key extends string>(table: Readonly<Record<Key, number>>): ReadonlyMap<number, Key> {
  return new Map((Object.keys(table) as Key[]).map((key) => [table[key], key]));
}

export const bodyOfField = byNumber(bodyField);
export const recordKindOf = byNumber(recordKindNumber);
export const groupRoleOf = byNumber(groupRoleNumber);
export const refusalReasonOf = byNumber(refusalReasonNumber);
export const pairStateOf = byNumber(pairStateNumber);
export const originLegOf = byNumber(originLegNumber);
export const termCauseOf = byNumber(termCauseNumber);
export const promisePurposeOf = byNumber(promisePurposeNumber);

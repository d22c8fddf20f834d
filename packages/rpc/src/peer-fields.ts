/**
 * Numbers of proto/waystation/v1/replication.proto that the hand-written codec needs: the field of each body in
 * `PeerMessage`, and the enums. `peer-codec.test.ts` compares the codec with protobufjs, so a slip here shows.
 */
import type { RecordKind } from "@waystation/contracts/journal";
import type { GroupRole, PeerBody, RefusalReason } from "@waystation/replication/messages";

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
} as const satisfies Record<PeerBody["kind"], number>;

export const recordKindNumber = { write: 1, zero: 2, discard: 3 } as const satisfies Record<RecordKind, number>;

export const groupRoleNumber = { primary: 1, relay: 2, secondary: 3 } as const satisfies Record<GroupRole, number>;

export const refusalReasonNumber = {
  "stale-epoch": 1,
  "fenced": 2,
  "frozen": 3,
  "journal-lost": 4,
  "not-a-member": 5,
  "gap": 6,
} as const satisfies Record<RefusalReason, number>;

function byNumber<Key extends string>(table: Readonly<Record<Key, number>>): ReadonlyMap<number, Key> {
  return new Map((Object.keys(table) as Key[]).map((key) => [table[key], key]));
}

export const bodyOfField = byNumber(bodyField);
export const recordKindOf = byNumber(recordKindNumber);
export const groupRoleOf = byNumber(groupRoleNumber);
export const refusalReasonOf = byNumber(refusalReasonNumber);

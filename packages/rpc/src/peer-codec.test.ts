import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFailure } from "@waystation/contracts/errors";
import type { NodeName, OriginNumber, Sequence, VolumeName } from "@waystation/contracts/ids";
import type { JournalRecord } from "@waystation/contracts/journal";
import type { PeerBody, PeerMessage } from "@waystation/replication/messages";
import { decodePeerMessage } from "./peer-decode.js";
import { encodePeerMessage } from "./peer-encode.js";
import { bodyField, groupRoleNumber, refusalReasonNumber } from "./peer-fields.js";
import { replicationServiceDefinition } from "./proto.js";

const { requestSerialize, requestDeserialize } = replicationServiceDefinition.Ingress;

// ---- the same message as protobufjs has it ------------------------------------------------------------------------

type Plain = Record<string, unknown>;
const constantCase = (text: string) => text.toUpperCase().replaceAll("-", "_");
const camelCase = (text: string) => text.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
const enumPrefix: Plain = { kind: "RECORD_KIND_", role: "GROUP_ROLE_", reason: "REFUSAL_REASON_" };

function toProto(value: unknown, key = ""): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (Array.isArray(value)) return value.map((item: unknown) => toProto(item));
  if (typeof value === "string" && key in enumPrefix) return `${String(enumPrefix[key])}${constantCase(value)}`;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, toProto(item, name)]));
}

function messageToProto({ epoch, body }: PeerMessage): Plain {
  const { kind, ...fields } = body;
  const oneof = camelCase(kind);
  return { epoch: { ...epoch }, [oneof]: toProto(fields), body: oneof };
}

/** Bytes as hex, so that Buffer and Uint8Array compare equal. */
function comparable(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, item: unknown) => {
      const data = item as { type?: unknown; data?: unknown } | null;
      if (data?.type === "Buffer") return Buffer.from(data.data as number[]).toString("hex");
      return item instanceof Uint8Array ? Buffer.from(item).toString("hex") : item;
    }),
  );
}

// ---- random messages ----------------------------------------------------------------------------------------------

const name = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,40}$/);
const volume = name.map((text) => text as VolumeName);
const nodes = fc.array(
  name.map((text) => text as NodeName),
  { maxLength: 4 },
);
const uint = fc.oneof(
  fc.nat(300),
  fc.maxSafeNat(),
  fc.constantFrom(0, 127, 128, 2 ** 28 - 1, 2 ** 28, 2 ** 32 - 1, 2 ** 32, 2 ** 35, 2 ** 49, Number.MAX_SAFE_INTEGER),
);
const uint32 = fc.nat(2 ** 31);
const sequence = uint.map((number) => number as Sequence);
const origin = fc.record<OriginNumber>({ incarnation: uint, n: uint });
const text = fc.string({ unit: "grapheme", maxLength: 60 });
const epoch = fc.record({ number: uint, takeoverId: text });
const mark = fc.record({ volume, origin });
const marks = fc.array(mark, { maxLength: 5 });
const keysOf = <Key extends string>(table: Record<Key, number>) => fc.constantFrom(...(Object.keys(table) as Key[]));

type Content = Pick<JournalRecord, "kind" | "lengthBytes" | "payload">;

const content = fc.oneof(
  fc
    .uint8Array({ maxLength: 300 })
    .map<Content>((payload) => ({ kind: "write", lengthBytes: payload.length, payload })),
  fc.record<Content>({
    kind: fc.constantFrom("zero", "discard"),
    lengthBytes: uint,
    payload: fc.constant(new Uint8Array(0)),
  }),
);
const place = fc.record({ volume, origin, offsetBytes: uint, hostTimeMs: uint });
const write = fc.tuple(place, content).map(([where, what]) => ({ ...where, ...what }));
const record = fc.tuple(write, sequence, uint).map(([fields, number, term]) => ({
  ...fields,
  sequence: number,
  epoch: term,
}));
const records = fc.array(record, { maxLength: 6 });
const decision = fc.record({
  epoch,
  sequence,
  participants: nodes,
  excluded: nodes,
  fenced: fc.boolean(),
  stamped: sequence,
});
const state = fc.record({
  node: name.map((value) => value as NodeName),
  role: keysOf(groupRoleNumber),
  phase: text,
  promised: epoch,
  received: sequence,
  validated: sequence,
  applied: sequence,
  stamped: sequence,
  decision: fc.option(decision),
});

type Fields<Kind> = Omit<Extract<PeerBody, { readonly kind: Kind }>, "kind">;

function bodyOf<Kind extends PeerBody["kind"]>(
  kind: Kind,
  fields: { [Key in keyof Fields<Kind>]: fc.Arbitrary<Fields<Kind>[Key]> },
): fc.Arbitrary<PeerBody> {
  const values = fc.record(fields);
  return values.map((chosen) => ({ ...chosen, kind }) as unknown as PeerBody);
}

const bodies: Record<PeerBody["kind"], fc.Arbitrary<PeerBody>> = {
  "origin-hello": bodyOf("origin-hello", {
    volumes: fc.array(fc.record({ volume, incarnation: uint, acknowledged: origin, localComplete: origin })),
  }),
  "origin-batch": bodyOf("origin-batch", { writes: fc.array(write, { maxLength: 6 }), localComplete: marks }),
  "origin-fetch": bodyOf("origin-fetch", { volume, above: origin, afterSequence: sequence }),
  "relay-welcome": bodyOf("relay-welcome", { marks, creditBytes: uint }),
  "relay-ack": bodyOf("relay-ack", { marks, creditBytes: uint }),
  "relay-records": bodyOf("relay-records", { volume, records, nextAfter: sequence }),
  "lease-challenge": bodyOf("lease-challenge", { id: uint, leaseMs: uint32 }),
  "lease-renewal": bodyOf("lease-renewal", { id: uint }),
  "ship-hello": bodyOf("ship-hello", {}),
  "ship-welcome": bodyOf("ship-welcome", { received: sequence, validated: sequence, applied: sequence }),
  "ship-batch": bodyOf("ship-batch", { after: sequence, watermark: sequence, records }),
  "ship-received": bodyOf("ship-received", { watermark: sequence }),
  "prepare": bodyOf("prepare", { sequence }),
  "prepared": bodyOf("prepared", { sequence }),
  "validate": bodyOf("validate", { sequence }),
  "validated": bodyOf("validated", { sequence }),
  "gate": bodyOf("gate", { sequence }),
  "applied": bodyOf("applied", { sequence }),
  "refusal": bodyOf("refusal", { reason: keysOf(refusalReasonNumber), detail: text }),
  "promise": bodyOf("promise", { requestId: uint, settle: fc.boolean() }),
  "decide": bodyOf("decide", { requestId: uint, decision }),
  "inquire": bodyOf("inquire", { requestId: uint }),
  "council-reply": bodyOf("council-reply", { requestId: uint, granted: fc.boolean(), state }),
};

const messageOf = (kind: PeerBody["kind"]) => fc.record<PeerMessage>({ epoch, body: bodies[kind] });
const anyMessage = fc.oneof(...Object.keys(bodies).map((kind) => messageOf(kind as PeerBody["kind"])));

// ---- the tests ----------------------------------------------------------------------------------------------------

describe("the hand-written codec of peer messages", () => {
  it.each(Object.keys(bodyField) as PeerBody["kind"][])("F1: writes what protobufjs reads: %s", (kind) => {
    fc.assert(
      fc.property(messageOf(kind), (message) => {
        const read = requestDeserialize(encodePeerMessage(message));
        expect(comparable(read)).toMatchObject(comparable(messageToProto(message)) as object);
      }),
      { numRuns: 60 },
    );
  });

  it.each(Object.keys(bodyField) as PeerBody["kind"][])("F1: reads what protobufjs writes: %s", (kind) => {
    fc.assert(
      fc.property(messageOf(kind), (message) => {
        const read = decodePeerMessage(requestSerialize(messageToProto(message)));
        expect(comparable(read)).toEqual(comparable(message));
      }),
      { numRuns: 60 },
    );
  });

  it("reads back what it wrote", () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        expect(comparable(decodePeerMessage(encodePeerMessage(message)))).toEqual(comparable(message));
      }),
    );
  });

  it("takes any bytes without reading past them: a message, or FRAME_MALFORMED", () => {
    const damaged = fc
      .tuple(anyMessage, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.double({ min: 0, max: 1 }))
      .map(([message, changes, part]) => {
        const frame = Buffer.from(encodePeerMessage(message));
        for (const [at, byte] of changes) frame[at % frame.length] = byte;
        return frame.subarray(0, Math.ceil(frame.length * (part < 0.5 ? 1 : part)));
      });
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 80 })), (bytes) => {
        try {
          decodePeerMessage(Buffer.from(bytes));
        } catch (error) {
          if (!isFailure(error, "FRAME_MALFORMED")) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("passes over fields and bodies of a later version", () => {
    const message: PeerMessage = { epoch: { number: 3, takeoverId: "t" }, body: { kind: "lease-renewal", id: 7 } };
    // Field 100 as varint above 2^53, 8 bytes, length-delimited, and 4 bytes.
    const unknown = Buffer.from("a006ffffffffffffffffff01a1060102030405060708a20602abcda50601020304", "hex");
    expect(decodePeerMessage(Buffer.concat([unknown, encodePeerMessage(message), unknown]))).toEqual(message);
  });

  it.each([
    ["no epoch", Buffer.from("6a020807", "hex")],
    ["no body", Buffer.from("0a020801", "hex")],
    ["a length past the end", Buffer.from("0a7f0801", "hex")],
    ["a number above 2^53", Buffer.from("0a0a08ffffffffffffffff7f", "hex")],
    ["an illegal name", frameWith((draft) => ({ ...draft, volume: "../etc" as VolumeName }))],
    ["a payload shorter than its length", frameWith((draft) => ({ ...draft, lengthBytes: 3 }))],
    ["a payload on zeros", frameWith((draft) => ({ ...draft, kind: "zero" }))],
  ])("refuses %s", (_, frame) => {
    expect(() => decodePeerMessage(frame)).toThrow(expect.objectContaining({ code: "FRAME_MALFORMED" }));
  });

  it("hands out payloads as views of the frame, not copies", () => {
    const frame = frameWith((draft) => draft);
    const { body } = decodePeerMessage(frame);
    if (body.kind !== "origin-batch") throw new Error("another body");
    expect(body.writes[0]?.payload.buffer).toBe(frame.buffer);
    expect([...(body.writes[0]?.payload ?? [])]).toEqual([1, 2]);
  });
});

type Write = Extract<PeerBody, { kind: "origin-batch" }>["writes"][number];

function frameWith(change: (draft: Write) => Write): Buffer {
  const draft: Write = {
    volume: "vol-a" as VolumeName,
    origin: { incarnation: 1, n: 1 },
    kind: "write",
    offsetBytes: 4096,
    lengthBytes: 2,
    hostTimeMs: 0,
    payload: Uint8Array.of(1, 2),
  };
  const body: PeerBody = { kind: "origin-batch", writes: [change(draft)], localComplete: [] };
  return encodePeerMessage({ epoch: { number: 1, takeoverId: "initial" }, body });
}

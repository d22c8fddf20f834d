import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFailure } from "@waystation/contracts/errors";
import type { NodeName, OriginNumber, Sequence, VolumeName } from "@waystation/contracts/ids";
import type { JournalRecord } from "@waystation/contracts/journal";
import { limits } from "@waystation/replication/limits";
import type { PeerBody, PeerMessage, RegionRuns } from "@waystation/replication/messages";
import { decodePeerMessage } from "./peer-decode.js";
import { encodePeerMessage } from "./peer-encode.js";
import {
  bodyField,
  groupRoleNumber,
  originLegNumber,
  pairStateNumber,
  promisePurposeNumber,
  refusalReasonNumber,
  suspendedStates,
  termCauseNumber,
} from "./peer-fields.js";
import { replicationServiceDefinition } from "./proto.js";

const { requestSerialize, requestDeserialize } = replicationServiceDefinition.Ingress;

// ---- the same message as protobufjs has it ------------------------------------------------------------------------

type Plain = Record<string, unknown>;
const constantCase = (text: string) => text.toUpperCase().replaceAll("-", "_");
const camelCase = (text: string) => text.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
const enumPrefix: Plain = {
  kind: "RECORD_KIND_",
  role: "GROUP_ROLE_",
  roles: "GROUP_ROLE_",
  reason: "REFUSAL_REASON_",
  leg: "ORIGIN_LEG_",
  state: "GROUP_PAIR_STATE_",
  cause: "TERM_CAUSE_",
  purpose: "PROMISE_PURPOSE_",
};

function toProto(value: unknown, key = ""): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (Array.isArray(value)) return value.map((item: unknown) => toProto(item, key));
  if (typeof value === "string" && key in enumPrefix) return `${String(enumPrefix[key])}${constantCase(value)}`;
  if (typeof value !== "object" || value === null) return value;
  if ("runs" in value) return regionsToProto(value as RegionRuns);
  // An end that is not known is absent; every other null is an absent message, which protobufjs reads as null.
  const entries = Object.entries(value).filter(([name, item]) => name !== "end" || item !== null);
  return Object.fromEntries(entries.map(([name, item]) => [name, toProto(item, name)]));
}

function regionsToProto({ volume, runs }: RegionRuns): Plain {
  const ends = [0, ...runs.map(([first, count]) => first + count)];
  return { volume, spans: runs.flatMap(([first, count], index) => [first - (ends[index] ?? 0), count]) };
}

function messageToProto({ epoch, term: number, body }: PeerMessage): Plain {
  const { kind, ...fields } = body;
  const oneof = camelCase(kind);
  return { epoch: { ...epoch }, term: number, [oneof]: toProto(fields), body: oneof };
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
  fc.uint8Array({ maxLength: 300 }).chain((payload) =>
    fc.constantFrom("write" as const, "copy" as const).map<Content>((kind) => ({
      kind,
      lengthBytes: payload.length,
      payload,
    })),
  ),
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
const node = name.map((value) => value as NodeName);
const termVolume = fc.record({
  name: volume,
  sizeBytes: uint,
  primary: node,
  secondaries: fc.array(node, { minLength: 1, maxLength: 3 }),
});
const term = fc.record({
  epoch,
  cause: keysOf(termCauseNumber),
  relay: node,
  volumes: fc.array(termVolume, { maxLength: 3 }),
  base: sequence,
  atBase: nodes,
  tail: fc.boolean(),
});
const lostExtent = fc.record({ sequence, volume, offsetBytes: uint, lengthBytes: uint });
const lost = fc.record({ extents: fc.array(lostExtent, { maxLength: 4 }), isWhole: fc.boolean() });
const copyFields = { copyId: text, base: sequence, begin: sequence, nodes, end: fc.option(sequence) };
const copyOrder = fc.record(copyFields);
const runs = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 2 ** 34 }), fc.integer({ min: 1, max: 2 ** 20 })), { maxLength: 8 })
  .map((spans) => {
    let end = -1;
    return spans.map(([distance, count]): [number, number] => {
      const first = end + distance;
      end = first + count;
      return [first, count];
    });
  });
const regions = fc.array(fc.record({ volume, runs }), { maxLength: 4 });
const digestAsk = fc
  .tuple(fc.nat(limits.digestUnitsMax), fc.integer({ min: 1, max: 2 ** 30 }))
  .chain(([units, unitBytes]) =>
    fc.record({
      kind: fc.constant("digest-ask" as const),
      id: uint,
      volume,
      offsetBytes: uint,
      lengthBytes: fc.nat(unitBytes).map((short) => Math.max(units * unitBytes - short, 0)),
      unitBytes: fc.constant(unitBytes),
    }),
  );
const decision = fc.record({
  epoch,
  sequence,
  participants: nodes,
  excluded: nodes,
  term: fc.option(term),
  fenced: fc.boolean(),
  stamped: sequence,
});
const state = fc.record({
  node,
  role: keysOf(groupRoleNumber),
  phase: text,
  promised: epoch,
  received: sequence,
  validated: sequence,
  applied: sequence,
  stamped: sequence,
  decision: fc.option(decision),
  roles: fc.uniqueArray(keysOf(groupRoleNumber)),
  relayPhase: text,
  bypassed: fc.boolean(),
  term: fc.option(term),
  copy: fc.option(fc.record({ ...copyFields, blank: fc.boolean() })),
});

const digest = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));

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
    leg: keysOf(originLegNumber),
    copyId: text,
    volumes: fc.array(fc.record({ volume, incarnation: uint, acknowledged: origin, localComplete: origin })),
  }),
  "origin-batch": bodyOf("origin-batch", { writes: fc.array(write, { maxLength: 6 }), localComplete: marks }),
  "origin-fetch": bodyOf("origin-fetch", { volume, above: origin, afterSequence: sequence }),
  "relay-welcome": bodyOf("relay-welcome", { marks, creditBytes: uint, copyId: text }),
  "relay-ack": bodyOf("relay-ack", { marks, creditBytes: uint }),
  "relay-records": bodyOf("relay-records", { volume, records, nextAfter: sequence }),
  "lease-challenge": bodyOf("lease-challenge", { id: uint, leaseMs: uint32 }),
  "lease-renewal": bodyOf("lease-renewal", { id: uint }),
  "ship-hello": bodyOf("ship-hello", { copy: fc.option(copyOrder) }),
  "ship-welcome": bodyOf("ship-welcome", {
    received: sequence,
    validated: sequence,
    applied: sequence,
    blank: fc.boolean(),
    copyId: text,
  }),
  "ship-copy": bodyOf("ship-copy", { copy: copyOrder }),
  "ship-regions": bodyOf("ship-regions", { copyId: text, regions, last: fc.boolean() }),
  "ship-state": bodyOf("ship-state", { state: keysOf(pairStateNumber), detail: text }),
  "digest-ask": digestAsk,
  "digest-reply": bodyOf("digest-reply", {
    id: uint,
    digests: fc.nat(6).chain((units) => fc.uint8Array({ minLength: units * 32, maxLength: units * 32 })),
  }),
  "suspended": bodyOf("suspended", { at: sequence, state: fc.constantFrom(...suspendedStates), detail: text }),
  "copy-start": bodyOf("copy-start", { copyId: text, full: fc.array(volume, { maxLength: 4 }), regions }),
  "copy-done": bodyOf("copy-done", { copyId: text }),
  "copy-ended": bodyOf("copy-ended", { copyId: text }),
  "far-validated": bodyOf("far-validated", { marks }),
  "ship-batch": bodyOf("ship-batch", { after: sequence, watermark: sequence, records }),
  "ship-received": bodyOf("ship-received", { watermark: sequence }),
  "prepare": bodyOf("prepare", {
    sequence,
    commitment: fc.record({
      root: digest,
      proof: fc.record({ leafCount: uint, indexes: fc.array(uint), hashes: fc.array(digest) }),
      anchors: fc.array(sequence, { maxLength: 64 }),
    }),
  }),
  "prepared": bodyOf("prepared", { sequence }),
  "validate": bodyOf("validate", { sequence }),
  "validated": bodyOf("validated", { sequence }),
  "gate": bodyOf("gate", { sequence }),
  "applied": bodyOf("applied", { sequence }),
  "refusal": bodyOf("refusal", { reason: keysOf(refusalReasonNumber), detail: text }),
  "promise": bodyOf("promise", { requestId: uint, settle: fc.boolean(), purpose: keysOf(promisePurposeNumber) }),
  "decide": bodyOf("decide", { requestId: uint, decision }),
  "inquire": fc.oneof(
    bodyOf("inquire", { requestId: uint }),
    bodyOf("inquire", { requestId: uint, lostAbove: sequence }),
  ),
  "council-reply": fc.oneof(
    bodyOf("council-reply", { requestId: uint, granted: fc.boolean(), state }),
    bodyOf("council-reply", { requestId: uint, granted: fc.boolean(), state, lost }),
  ),
};

const messageOf = (kind: PeerBody["kind"]) => fc.record<PeerMessage>({ epoch, term: uint, body: bodies[kind] });
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
    const message: PeerMessage = {
      epoch: { number: 3, takeoverId: "t" },
      term: 0,
      body: { kind: "lease-renewal", id: 7 },
    };
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
    [
      "runs of regions that touch",
      framed(
        regionsOf([
          [0, 2],
          [2, 1],
        ]),
      ),
    ],
    ["an empty run of regions", framed(regionsOf([[5, 0]]))],
    ["regions above 2^53", framed(regionsOf([[Number.MAX_SAFE_INTEGER, 1]]))],
    ["more runs of regions than a message may have", framed(regionsOf(everyOther(limits.regionRunsMax + 1)))],
    ["half a run of regions", protoFrame({ copyStart: { regions: [{ volume: "vol-a", spans: [1, 2, 3] }] } })],
    ["a question for too many digests", framed(askOf(1 + 512 * limits.digestUnitsMax, 512))],
    ["a question with units of nothing", framed(askOf(4096, 0))],
    ["half a digest", framed({ kind: "digest-reply", id: 1, digests: new Uint8Array(33) })],
    ["too many digests", framed({ kind: "digest-reply", id: 1, digests: new Uint8Array(32 * 4097) })],
    ["a suspension that is none", protoFrame({ suspended: { at: 1, state: "GROUP_PAIR_STATE_PAIR" } })],
    ["a hello without its leg", protoFrame({ originHello: {} })],
    ["a promise for nothing", protoFrame({ promise: { requestId: 1 } })],
    ["a term without a cause", protoFrame({ decide: { decision: { epoch: {}, term: { epoch: {}, relay: "r" } } } })],
    ["a volume without a secondary", protoFrame({ decide: { decision: { epoch: {}, term: widow } } })],
    ["a role twice", protoFrame({ councilReply: { state: { node: "n", role: 1, promised: {}, roles: [2, 2] } } })],
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

const widow = {
  epoch: {},
  cause: "TERM_CAUSE_SWAP",
  relay: "r",
  volumes: [{ name: "vol-a", sizeBytes: 4096, primary: "p", secondaries: [] }],
};

const everyOther = (count: number) => Array.from({ length: count }, (_, index): [number, number] => [2 * index, 1]);

function regionsOf(runsOfOne: [number, number][]): PeerBody {
  const one: RegionRuns = { volume: "vol-a" as VolumeName, runs: runsOfOne };
  return { kind: "ship-regions", copyId: "c", regions: [one], last: true };
}

function askOf(lengthBytes: number, unitBytes: number): PeerBody {
  return { kind: "digest-ask", id: 1, volume: "vol-a" as VolumeName, offsetBytes: 0, lengthBytes, unitBytes };
}

function framed(body: PeerBody): Buffer {
  return encodePeerMessage({ epoch: { number: 1, takeoverId: "initial" }, term: 0, body });
}

/** What the encoder cannot say. */
function protoFrame(body: Plain): Buffer {
  return requestSerialize({
    epoch: { number: 1, takeoverId: "initial" },
    ...body,
    body: Object.keys(body)[0],
  } as never);
}

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
  return framed({ kind: "origin-batch", writes: [change(draft)], localComplete: [] });
}

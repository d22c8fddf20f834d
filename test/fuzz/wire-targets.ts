/** The readers of what comes from the network. Their corpus is in corpus/, one directory each, raw bytes. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isFailure } from "@waystation/contracts/errors";
import type { Random } from "@waystation/contracts/random";
import { createHandshakeParser } from "@waystation/nbd/protocol/handshake-parser";
import { payloadBytesMax } from "@waystation/nbd/limits";
import { createIntake, type Intake } from "@waystation/nbd/protocol/intake";
import { createRequestParser } from "@waystation/nbd/protocol/request-parser";
import { createMessageMeter } from "@waystation/rpc/message-meter";
import { decodePeerMessage } from "@waystation/rpc/peer-decode";
import { encodePeerMessage } from "@waystation/rpc/peer-encode";
import { blockServiceDefinition, controlServiceDefinition } from "@waystation/rpc/proto";
import { repositoryRoot } from "../harness/repository.js";
import { distort, interesting } from "./mutate.js";
import { changeTree, encodeTree, parseTree } from "./protobuf-tree.js";
import type { FuzzTarget } from "./target.js";
import { assertDecoded, plainRequests, plainUnfinishedBytes, requestLine } from "./wire-oracles.js";

const messageBytesMax = 1024;

interface WireOptions {
  /** Where numbers lie behind a magic. */
  readonly fields?: Fields;
  /** Which message of the schema its inputs are. */
  readonly message?: string;
}

/** Mostly changes what stands for something, and not any byte. */
function wireTarget(name: string, read: (input: Buffer) => void, { fields, message }: WireOptions = {}): FuzzTarget {
  const folder = join(repositoryRoot, "test", "fuzz", "corpus", name);
  const samples = readdirSync(folder).map((file) => readFileSync(join(folder, file)));
  const trees = message === undefined ? [] : samples.flatMap((sample) => [parseTree(sample, message) ?? []]);
  const mutate = (random: Random): Buffer => {
    if (trees.length > 0 && random.chance(0.6)) return encodeTree(changeTree(random.pick(trees), random));
    const bytes = distort(samples, random);
    if (fields !== undefined && random.chance(0.5)) setField(bytes, fields, random);
    return bytes;
  };
  return { name, samples, read, mutate };
}

interface Fields {
  readonly magic: string;
  readonly behind: readonly number[];
}

function setField(bytes: Buffer, { magic, behind }: Fields, random: Random): void {
  const places: number[] = [];
  for (let at = bytes.indexOf(magic, 0, "latin1"); at >= 0; at = bytes.indexOf(magic, at + 1, "latin1"))
    places.push(at);
  if (places.length === 0) return;
  const at = random.pick(places) + magic.length + random.pick(behind);
  if (at + 4 <= bytes.length) bytes.writeUInt32BE(random.pick(interesting), at);
}

/** Gives the input in chunks of uneven sizes, and calls `step` until it wants more. */
function inChunks(input: Buffer, intake: Intake, step: () => "more" | "over" | "next"): void {
  let sizeBytes = 1;
  for (let at = 0; at < input.length; at += sizeBytes, sizeBytes = (sizeBytes * 7 + 3) % 61 || 1) {
    intake.push(input.subarray(at, at + sizeBytes));
    for (let progress = step(); progress !== "more"; progress = step()) if (progress === "over") return;
  }
}

const atOnce: typeof inChunks = (input, intake, step) => {
  intake.push(input);
  while (step() === "next");
};

/** The steps of a handshake, as text. */
function handshakeSteps(input: Buffer, feed: typeof inChunks): string {
  const intake = createIntake();
  const parser = createHandshakeParser(intake);
  const steps: string[] = [];
  feed(input, intake, () => {
    const step = parser.next();
    assert(intake.availableBytes() <= input.length);
    if (step === null) return "more";
    if (step.kind === "violation") assert(isFailure(step.failure, "NBD_PROTOCOL_ERROR"));
    steps.push(JSON.stringify(step));
    if ("name" in step) assert(Buffer.byteLength(step.name) <= 3 * 4096, "a name above the limit");
    return step.kind === "violation" ? "over" : "next";
  });
  return steps.join("\n");
}

/** However it is cut into chunks, a handshake says the same. */
function readHandshake(input: Buffer): void {
  assert.equal(handshakeSteps(input, inChunks), handshakeSteps(input, atOnce));
}

function readRequests(input: Buffer): void {
  const intake = createIntake();
  const parser = createRequestParser(intake, () => true);
  const { frame } = parser;
  const found: string[] = [];
  inChunks(input, intake, () => {
    const step = parser.next();
    assert(parser.missingBytes() <= parser.fillingBytes() && parser.fillingBytes() <= payloadBytesMax);
    if (step === "starved") return "more";
    if (step === "request") {
      const cookie = Buffer.alloc(8);
      cookie.writeInt32BE(frame.cookieHigh, 0);
      cookie.writeInt32BE(frame.cookieLow, 4);
      const line = requestLine(frame.type, frame.lengthBytes, cookie.toString("hex"));
      found.push(frame.payload === null ? line : `${line} ${frame.payload.toString("hex")}`);
    }
    if (step === "request" || step === "held") return "next";
    assert(isFailure(step, "NBD_PROTOCOL_ERROR"));
    found.push("violation");
    return "over";
  });
  assert.deepEqual(found, plainRequests(input));
}

/** A field that no version knows, in front of nothing: what a length that is not checked would take for its own. */
const unknownField = Buffer.from([0xa0, 0x06, 0x01]);

function readPeerMessage(input: Buffer): void {
  const message = decodePeerMessage(Buffer.from(input));
  assertDecoded(message, input.length);
  assert(parseTree(input, "PeerMessage") !== null, "a field that leaves its message");
  assert.deepEqual(decodePeerMessage(Buffer.concat([input, unknownField])), message);
  // What was understood can be said, and is understood in the same way.
  assert.deepEqual(decodePeerMessage(encodePeerMessage(message)), message);
}

/** protobufjs throws plain errors; grpc-js turns each into a status, and the handler never sees the request. */
const requestTypes = [
  blockServiceDefinition.Write,
  blockServiceDefinition.Read,
  blockServiceDefinition.WriteStream,
  blockServiceDefinition.WriteZeroes,
  controlServiceDefinition.Takeover,
];

function readBlockRequests(input: Buffer): void {
  for (const { requestDeserialize } of requestTypes) {
    try {
      requestDeserialize(input);
    } catch (error) {
      assert(error instanceof Error && !(error instanceof assert.AssertionError));
    }
  }
}

function readFrames(input: Buffer): void {
  const meter = createMessageMeter(messageBytesMax);
  for (let at = 0; at < input.length; at += 13) {
    const heldBytes = meter.feed(input.subarray(at, at + 13));
    assert.equal(heldBytes, plainUnfinishedBytes(input.subarray(0, at + 13), messageBytesMax));
  }
}

export const wireTargets = (): FuzzTarget[] => [
  wireTarget("nbd-handshake", readHandshake, { fields: { magic: "IHAVEOPT", behind: [0, 4, 8] } }),
  wireTarget("nbd-requests", readRequests, { fields: { magic: "\x25\x60\x95\x13", behind: [0, 2, 12, 16, 20] } }),
  wireTarget("peer-message", readPeerMessage, { message: "PeerMessage" }),
  wireTarget("block-request", readBlockRequests),
  wireTarget("grpc-frames", readFrames),
];

/** The readers of what comes from the network. Their corpus is in corpus/, one directory each, raw bytes. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isFailure } from "@waystation/contracts/errors";
import { createHandshakeParser } from "@waystation/nbd/protocol/handshake-parser";
import { createIntake, type Intake } from "@waystation/nbd/protocol/intake";
import { createRequestParser } from "@waystation/nbd/protocol/request-parser";
import { createMessageMeter } from "@waystation/rpc/message-meter";
import { decodePeerMessage } from "@waystation/rpc/peer-decode";
import { blockServiceDefinition, controlServiceDefinition } from "@waystation/rpc/proto";
import { repositoryRoot } from "../harness/repository.js";
import { distort } from "./mutate.js";
import type { FuzzTarget } from "./target.js";

const optionBytesMax = 64 * 1024;
const messageBytesMax = 1024;

function wireTarget(name: string, read: (input: Buffer) => void): FuzzTarget {
  const folder = join(repositoryRoot, "test", "fuzz", "corpus", name);
  const samples = readdirSync(folder).map((file) => readFileSync(join(folder, file)));
  return { name, samples, read, mutate: (random) => distort(samples, random) };
}

/** Gives the input in chunks of uneven sizes, and calls `step` until it wants more. */
function inChunks(input: Buffer, intake: Intake, step: () => "more" | "over" | "next"): void {
  let sizeBytes = 1;
  for (let at = 0; at < input.length; at += sizeBytes, sizeBytes = (sizeBytes * 7 + 3) % 61 || 1) {
    intake.push(input.subarray(at, at + sizeBytes));
    for (let progress = step(); progress !== "more"; progress = step()) if (progress === "over") return;
  }
}

function readHandshake(input: Buffer): void {
  const intake = createIntake();
  const parser = createHandshakeParser(intake);
  inChunks(input, intake, () => {
    const step = parser.next();
    if (step === null) return "more";
    if (step.kind === "violation") assert(isFailure(step.failure, "NBD_PROTOCOL_ERROR"));
    return step.kind === "violation" ? "over" : "next";
  });
  assert(intake.availableBytes() <= optionBytesMax + input.length);
}

function readRequests(input: Buffer): void {
  const intake = createIntake();
  const parser = createRequestParser(intake, () => true);
  inChunks(input, intake, () => {
    const step = parser.next();
    assert(parser.missingBytes() <= parser.fillingBytes());
    if (step === "starved") return "more";
    if (step === "request" || step === "held") return "next";
    assert(isFailure(step, "NBD_PROTOCOL_ERROR"));
    return "over";
  });
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
    assert(heldBytes >= 0 && heldBytes <= Math.min(messageBytesMax, input.length));
  }
}

export const wireTargets = (): FuzzTarget[] => [
  wireTarget("nbd-handshake", readHandshake),
  wireTarget("nbd-requests", readRequests),
  wireTarget("peer-message", (input) => void decodePeerMessage(input)),
  wireTarget("block-request", readBlockRequests),
  wireTarget("grpc-frames", readFrames),
];

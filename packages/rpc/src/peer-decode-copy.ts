/**
 * Decodes what copy runs are made of: orders, regions, digests. See `peer-decode.ts` for the rules. Lists whose elements
 * are far smaller on the wire than in memory are bounded here, so that a frame cannot cost many times its size.
 */
import type { NodeName, Sequence, VolumeName } from "@waystation/contracts/ids";
import { limits } from "@waystation/replication/limits";
import type {
  CopyOrder,
  DigestAsk,
  DigestReply,
  IngressBody,
  RegionRuns,
  ShipBody,
  SuspendedState,
} from "@waystation/replication/messages";
import { checkedVolume } from "./peer-decode-fields.js";
import { pairStateOf, suspendedStates } from "./peer-fields.js";
import { malformed, type WireReader } from "./wire-reader.js";

/** SHA-256. */
const digestBytes = 32;

/** The fields of an order; field 6 is read too, for the message that has it. */
export function readCopyFields(reader: WireReader): { readonly order: CopyOrder; readonly blank: boolean } {
  const messageEnd = reader.open();
  const nodes: NodeName[] = [];
  let copyId = "";
  let base = 0;
  let begin = 0;
  let end: number | null = null;
  let blank = false;
  while (reader.before(messageEnd)) {
    const tag = reader.tag();
    if (tag === 1 * 8 + 2) copyId = reader.text();
    else if (tag === 2 * 8) base = reader.uint();
    else if (tag === 3 * 8) begin = reader.uint();
    else if (tag === 4 * 8 + 2) nodes.push(reader.name() as NodeName);
    else if (tag === 5 * 8) end = reader.uint();
    else if (tag === 6 * 8) blank = reader.bool();
    else reader.skip(tag);
  }
  const order = { copyId, base: base as Sequence, begin: begin as Sequence, nodes, end: end as Sequence | null };
  return { order, blank };
}

export function readShipHello(reader: WireReader, end: number): ShipBody {
  return { kind: "ship-hello", copy: readOrderField(reader, end) };
}

export function readShipCopy(reader: WireReader, end: number): ShipBody {
  const copy = readOrderField(reader, end);
  if (copy === null) throw malformed("no copy order");
  return { kind: "ship-copy", copy };
}

function readOrderField(reader: WireReader, end: number): CopyOrder | null {
  let copy: CopyOrder | null = null;
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8 + 2) copy = readCopyFields(reader).order;
    else reader.skip(tag);
  }
  return copy;
}

/** How many runs a message still may have, over all its volumes. */
interface RunBudget {
  left: number;
}

function readSpans(reader: WireReader, runs: [number, number][], budget: RunBudget): void {
  const end = reader.open();
  const last = runs.at(-1);
  let position = last === undefined ? 0 : last[0] + last[1];
  while (reader.before(end)) {
    const distance = reader.uint();
    if (!reader.before(end)) throw malformed("half a run of regions");
    const count = reader.uint();
    if (count === 0 || (distance === 0 && runs.length > 0)) throw malformed("runs of regions that are not apart");
    if (budget.left === 0) throw malformed(`more than ${limits.regionRunsMax} runs of regions`);
    budget.left -= 1;
    const first = position + distance;
    position = first + count;
    if (!Number.isSafeInteger(position)) throw malformed("regions above 2^53");
    runs.push([first, count]);
  }
}

function readRegionRuns(reader: WireReader, budget: RunBudget): RegionRuns {
  const end = reader.open();
  const runs: [number, number][] = [];
  let volume = "";
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8 + 2) volume = reader.name();
    else if (tag === 2 * 8 + 2) readSpans(reader, runs, budget);
    else reader.skip(tag);
  }
  return { volume: checkedVolume(volume), runs };
}

export function readShipRegions(reader: WireReader, end: number): ShipBody {
  const budget = { left: limits.regionRunsMax };
  const regions: RegionRuns[] = [];
  let copyId = "";
  let last = false;
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8 + 2) copyId = reader.text();
    else if (tag === 2 * 8 + 2) regions.push(readRegionRuns(reader, budget));
    else if (tag === 3 * 8) last = reader.bool();
    else reader.skip(tag);
  }
  return { kind: "ship-regions", copyId, regions, last };
}

export function readCopyStart(reader: WireReader, end: number): IngressBody {
  const budget = { left: limits.regionRunsMax };
  const full: VolumeName[] = [];
  const regions: RegionRuns[] = [];
  let copyId = "";
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8 + 2) copyId = reader.text();
    else if (tag === 2 * 8 + 2) full.push(checkedVolume(reader.name()));
    else if (tag === 3 * 8 + 2) regions.push(readRegionRuns(reader, budget));
    else reader.skip(tag);
  }
  return { kind: "copy-start", copyId, full, regions };
}

export function readCopyId(reader: WireReader, end: number, kind: "copy-done" | "copy-ended"): IngressBody {
  let copyId = "";
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8 + 2) copyId = reader.text();
    else reader.skip(tag);
  }
  return { kind, copyId };
}

export function readDigestAsk(reader: WireReader, end: number): DigestAsk {
  let [id, offsetBytes, lengthBytes, unitBytes] = [0, 0, 0, 0];
  let volume = "";
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8) id = reader.uint();
    else if (tag === 2 * 8 + 2) volume = reader.name();
    else if (tag === 3 * 8) offsetBytes = reader.uint();
    else if (tag === 4 * 8) lengthBytes = reader.uint();
    else if (tag === 5 * 8) unitBytes = reader.uint();
    else reader.skip(tag);
  }
  // The answer has 32 bytes per unit: a small question must not ask for a large one.
  if (unitBytes === 0 || Math.ceil(lengthBytes / unitBytes) > limits.digestUnitsMax) {
    throw malformed(`a question for more than ${limits.digestUnitsMax} digests`);
  }
  return { kind: "digest-ask", id, volume: checkedVolume(volume), offsetBytes, lengthBytes, unitBytes };
}

export function readDigestReply(reader: WireReader, end: number): DigestReply {
  let id = 0;
  let digests: Uint8Array = new Uint8Array(0);
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8) id = reader.uint();
    else if (tag === 2 * 8 + 2) digests = reader.bytes();
    else reader.skip(tag);
  }
  if (digests.length % digestBytes !== 0 || digests.length > limits.digestUnitsMax * digestBytes) {
    throw malformed("digests that are not 32 bytes each, or too many");
  }
  return { kind: "digest-reply", id, digests };
}

export function readSuspended(reader: WireReader, end: number): IngressBody {
  let at = 0;
  let stateNumber = 0;
  let detail = "";
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8) at = reader.uint();
    else if (tag === 2 * 8) stateNumber = reader.uint();
    else if (tag === 3 * 8 + 2) detail = reader.text();
    else reader.skip(tag);
  }
  const state = pairStateOf.get(stateNumber);
  const suspended = suspendedStates.find((known): known is SuspendedState => known === state);
  if (suspended === undefined) throw malformed(`state ${stateNumber} of a suspended group`);
  return { kind: "suspended", at: at as Sequence, state: suspended, detail };
}

export function readShipState(reader: WireReader, end: number): ShipBody {
  let stateNumber = 0;
  let detail = "";
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8) stateNumber = reader.uint();
    else if (tag === 2 * 8 + 2) detail = reader.text();
    else reader.skip(tag);
  }
  const state = pairStateOf.get(stateNumber);
  if (state === undefined) throw malformed(`pair state ${stateNumber}`);
  return { kind: "ship-state", state, detail };
}

/**
 * A host's write is acknowledged when it is durable on the primary's array and in the relay's journal (B2, PROTOCOL
 * 1.5), and nothing acknowledged is lost by a takeover that says so (B11): every write that the primary site ever
 * acknowledged, before the takeover or after, lies at or below the number that the takeover settled.
 * With the relay or the primaries fenced there is one writer: the old site acknowledges nothing that was asked of it
 * after the takeover ended, and a primary that starts then opens nothing (B14).
 */
import type { NodeName, VolumeName } from "@waystation/contracts/ids";
import { cellBytes, readTag, showTag, zeroTag, type Tag } from "../cell.js";
import type { Checker, HostRequest, Observation, Violate } from "../observation.js";
import { sequenceOf, type StampedOrder } from "./stamped-order.js";

export interface AcknowledgedWritesOptions {
  readonly order: StampedOrder;
  readonly primaries: ReadonlySet<NodeName>;
  /** What would survive a power loss of the node now; null is zeros. */
  readonly durableCell: (node: NodeName, volume: VolumeName, cell: number) => Uint8Array | null;
  readonly violate: Violate;
}

interface Settled {
  readonly sequence: number;
  readonly nothingLost: boolean;
  readonly singleWriter: boolean;
}

const name = "acknowledged-writes";

export function createAcknowledgedWritesChecker(options: AcknowledgedWritesOptions): Checker {
  const { order, primaries } = options;
  const fail = (message: string): void => {
    options.violate(name, message);
  };
  /** Requests in flight at the primaries. `late`: asked for after a takeover that guarantees one writer. */
  const inFlight = new Map<number, { readonly request: HostRequest; readonly late: boolean }>();
  let highest = { sequence: 0, what: "nothing" };
  let settled: Settled | null = null;
  let forced = false;
  const startedLate = new Set<NodeName>();

  const stampedAs = (request: HostRequest, tag: Tag): number | null => {
    let sequence = 0;
    for (const cell of cellsOf(request)) {
      const versions = order.versions(request.volume, cell);
      const found = sequenceOf(versions, tag);
      if (found === null) return null;
      sequence = Math.max(sequence, found);
    }
    return sequence;
  };

  const checkLocalLeg = (request: HostRequest, tag: Tag): void => {
    // A neighbour that overlaps may have followed already: then its content is as good.
    for (const other of inFlight.values()) {
      if (other.request.id !== request.id && overlap(other.request, request)) return;
    }
    for (const cell of cellsOf(request)) {
      const content = options.durableCell(request.node, request.volume, cell);
      const found = content === null ? zeroTag : readTag(content, 0, { volume: request.volume, cell });
      const versions = order.versions(request.volume, cell);
      const asked = versions.findLastIndex((version) => version.tag === tag);
      if (versions.findLastIndex((version) => version.tag === found) < asked) {
        fail(`${describe(request, tag)} was acknowledged while ${request.node} holds ${showTag(found)} durably`);
      }
    }
  };

  const acknowledged = (request: HostRequest, tag: Tag): void => {
    const late = inFlight.get(request.id)?.late ?? false;
    const what = describe(request, tag);
    if (late) fail(`${what} was asked for after the takeover and acknowledged: two writers`);
    checkLocalLeg(request, tag);
    if (tag === zeroTag) return; // zeros cannot be told apart; the order they leave behind is checked by reads
    const sequence = stampedAs(request, tag);
    if (sequence === null) return fail(`${what} was acknowledged and is not durable at the relay`);
    if (sequence > highest.sequence) highest = { sequence, what };
    checkLoss();
  };

  const checkLoss = (): void => {
    if (settled === null || !settled.nothingLost || highest.sequence <= settled.sequence) return;
    fail(
      `${highest.what} was acknowledged as number ${highest.sequence}, ` +
        `but the takeover settled ${settled.sequence}, and nothing may be lost by it`,
    );
  };

  return {
    name,
    observe(observation: Observation) {
      switch (observation.kind) {
        case "write-invoked":
          if (!primaries.has(observation.request.node)) return;
          inFlight.set(observation.request.id, {
            request: observation.request,
            late: settled?.singleWriter === true,
          });
          return;
        case "write-acknowledged":
          if (!primaries.has(observation.request.node)) return;
          acknowledged(observation.request, observation.tag);
          inFlight.delete(observation.request.id);
          return;
        case "write-failed":
          inFlight.delete(observation.request.id);
          return;
        case "node-up":
          if (settled?.singleWriter === true && primaries.has(observation.node)) startedLate.add(observation.node);
          return;
        case "opened-for-writing":
          if (!startedLate.has(observation.node)) return;
          return fail(`${observation.node} started after the takeover and opened ${observation.volume} for writing`);
        case "takeover-commanded":
          forced ||= observation.request.force;
          return;
        case "takeover-ended": {
          const { result } = observation;
          if (result.outcome !== "taken-over") return;
          // Without --force a takeover that would lose something, or leave two writers, has to refuse (PROTOCOL 6.4).
          settled = {
            sequence: result.sequence,
            nothingLost: settled?.nothingLost === true || result.lost === "nothing" || !forced,
            singleWriter: settled?.singleWriter === true || !forced,
          };
          return checkLoss();
        }
        default:
          return;
      }
    },
  };
}

function* cellsOf(request: HostRequest): Generator<number> {
  const first = request.offsetBytes / cellBytes;
  for (let cell = first; cell < first + request.lengthBytes / cellBytes; cell++) yield cell;
}

function overlap(a: HostRequest, b: HostRequest): boolean {
  return (
    a.volume === b.volume &&
    a.offsetBytes < b.offsetBytes + b.lengthBytes &&
    b.offsetBytes < a.offsetBytes + a.lengthBytes
  );
}

function describe(request: HostRequest, tag: Tag): string {
  return `request ${request.id} (${showTag(tag)} to ${request.volume} at ${request.offsetBytes} + ${request.lengthBytes})`;
}

/**
 * Bounds on everything (DESIGN rule 6): what is in flight on a link, and what a journal holds, stay under their limits,
 * however slow or dead the other end is; and no host waits for ever for an answer of a node that lives.
 */
import type { Channel } from "@waystation/contracts/link";
import type { NodeName } from "@waystation/contracts/ids";
import type { Checker, HostRequest, Observation, Violate } from "../observation.js";

export interface BoundsOptions {
  readonly nowMs: () => number;
  readonly inFlightBytesMax: Readonly<Record<Channel, number>>;
  /** How far a journal may exceed its capacity: what was granted before it filled. */
  readonly journalOverrunBytesMax: number;
  /** How long a host may wait for an answer while the node lives. */
  readonly answerMsMax: number;
  readonly violate: Violate;
}

export interface BoundsChecker extends Checker {
  /** To be called now and then: looks for requests that nobody answers. */
  sweep(): void;
}

const name = "bounds";

export function createBoundsChecker(options: BoundsOptions): BoundsChecker {
  const pending = new Map<number, { readonly request: HostRequest; readonly sinceMs: number; readonly verb: string }>();
  const fail = (message: string): void => {
    options.violate(name, message);
  };

  const begin = (request: HostRequest, verb: string): void => {
    pending.set(request.id, { request, sinceMs: options.nowMs(), verb });
  };

  const forget = (node: NodeName): void => {
    for (const [id, { request }] of pending) if (request.node === node) pending.delete(id);
  };

  const sent = (observation: Extract<Observation, { kind: "sent" }>): void => {
    const { from, to, channel, inFlightBytes, message } = observation;
    const limit = options.inFlightBytesMax[channel];
    if (inFlightBytes > limit) {
      fail(
        `${from} has ${inFlightBytes} bytes in flight to ${to} (${channel}, last ${message.body.kind}), limit ${limit}`,
      );
    }
  };

  return {
    name,
    sweep() {
      for (const { request, sinceMs, verb } of pending.values()) {
        const waitedMs = options.nowMs() - sinceMs;
        if (waitedMs <= options.answerMsMax) continue;
        fail(
          `a ${verb} of ${request.volume} at ${request.offsetBytes} on ${request.node} waits for ${waitedMs.toFixed(0)} ms`,
        );
      }
    },
    observe(observation: Observation) {
      switch (observation.kind) {
        case "sent":
          return sent(observation);
        case "journal-used": {
          const { node, usedBytes, capacityBytes } = observation;
          if (usedBytes > capacityBytes + options.journalOverrunBytesMax) {
            fail(`the journal of ${node} holds ${usedBytes} bytes, its capacity is ${capacityBytes}`);
          }
          return;
        }
        case "node-down":
          return forget(observation.node);
        case "write-invoked":
          return begin(observation.request, "write");
        case "read-invoked":
          return begin(observation.request, "read");
        case "write-acknowledged":
        case "write-failed":
        case "read-returned":
        case "read-failed":
          pending.delete(observation.request.id);
          return;
        default:
          return;
      }
    },
  };
}

/** Whoever commands takeovers. A command whose node dies is as if it had never answered: it may go on or not. */
import assert from "node:assert/strict";
import { isFailure } from "@waystation/contracts/errors";
import type { TakeoverRequest } from "@waystation/replication/control-front";
import type { TakeoverResult } from "@waystation/replication/status";
import type { Machine } from "../machine.js";
import type { Observation } from "../observation.js";
import type { World } from "../world.js";

export interface Operator {
  /** Commands a takeover; the result, or null when the node died, refused to begin, or did not know. */
  takeover(machine: Machine, request: TakeoverRequest): Promise<TakeoverResult | null>;
  /** True once any takeover was commanded. */
  commanded(): boolean;
  /** Where the last takeover that said what it decides was deciding: it may be settled there, its end seen or not. */
  deciding(): readonly string[] | null;
}

export function createOperator(
  world: World,
  options: { readonly observe: (observation: Observation) => void; readonly deadlineMs: number },
): Operator {
  let commanded = false;
  let deciding: readonly string[] | null = null;

  const follow = async (machine: Machine, request: TakeoverRequest): Promise<TakeoverResult | null> => {
    const node = machine.node();
    if (node === null) return null;
    for await (const progress of node.control.takeover(request)) {
      world.trace.add(machine.name, `takeover ${progress.phase}`, () => progress.message);
      if (progress.phase === "decide") deciding = namesIn(progress.message);
      if (progress.result !== null) return progress.result;
    }
    return null;
  };

  return {
    commanded: () => commanded,
    deciding: () => deciding,
    async takeover(machine, request) {
      const { name } = machine;
      commanded = true;
      world.trace.add("operator", "takeover", () => `on ${name}${request.force ? " --force" : ""}`);
      options.observe({ kind: "takeover-commanded", node: name, request });
      let forget = (): void => {};
      const died = new Promise<null>((resolve) => {
        forget = machine.onDeath(() => {
          resolve(null);
        });
      });
      const cancelDeadline = world.after(options.deadlineMs, () => {
        world.violate("liveness", `a takeover on ${name} has not ended after ${options.deadlineMs} ms`);
      });
      const followed = follow(machine, request).catch((error: unknown) => {
        if (!isFailure(error)) world.violate("machine", `the takeover on ${name} failed oddly: ${String(error)}`);
        return null;
      });
      const result = await Promise.race([followed, died]);
      cancelDeadline();
      forget();
      if (result !== null) {
        const { outcome, sequence, lost, message } = result;
        world.trace.add("operator", outcome, () => `C=${sequence} lost: ${lost} ${message}`);
        options.observe({ kind: "takeover-ended", node: name, request, result });
      }
      return result;
    },
  };
}

/** Reads, as people do, "sequence 5 on secondary-a, secondary-b". */
function namesIn(message: string): string[] {
  const [, names] = message.split(" on ");
  assert(names !== undefined, `a takeover decides somewhere: ${message}`);
  return names.split(", ");
}

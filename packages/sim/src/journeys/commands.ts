/** The operator of a journey: gives commands, and the one that is due when all is well again and the group is not. */
import type { NodeName } from "@waystation/contracts/ids";
import { isFailure } from "@waystation/contracts/errors";
import type { GroupCommand, TermChangeRequest } from "@waystation/replication/control-front";
import type { TakeoverProgress, TakeoverResult } from "@waystation/replication/status";
import type { Cluster } from "../cluster.js";
import type { Machine } from "../machine.js";
import type { Lineage } from "./lineage.js";
import { whatIsDue } from "./due.js";

export interface Commander {
  takeover(node: NodeName, options: { readonly force: boolean }): Promise<TakeoverResult | null>;
  changeTerm(node: NodeName, cause: TermChangeRequest["cause"], force?: boolean): Promise<TakeoverResult | null>;
  /** True when it was taken; false when it was refused, or nobody answered. */
  command(node: NodeName, command: GroupCommand): Promise<boolean>;
  /** Gives one of the commands that are due, if any is, and says which. */
  doWhatIsDue(): Promise<string | null>;
}

const commandMsMax = 120_000;

export function createCommander(cluster: Cluster, lineage: Lineage): Commander {
  const { world, plan } = cluster;
  const { group } = plan.membership;

  /** What came of it; null when the node died, refused to begin, or did not know. A command always ends. */
  const ended = async <T>(machine: Machine, what: string, run: () => Promise<T>): Promise<T | null> => {
    world.trace.add("operator", what, () => `on ${machine.name}`);
    let forget = (): void => {};
    const died = new Promise<null>((resolve) => {
      forget = machine.onDeath(() => {
        resolve(null);
      });
    });
    const cancel = world.after(commandMsMax, () => {
      world.violate("liveness", `${what} on ${machine.name} has not ended after ${commandMsMax} ms`);
    });
    const followed = run().catch((error: unknown) => {
      if (!isFailure(error)) world.violate("machine", `${what} on ${machine.name} failed oddly: ${String(error)}`);
      else world.trace.add("operator", "refused", () => error.message);
      return null;
    });
    const result = await Promise.race([followed, died]);
    cancel();
    forget();
    return result;
  };

  const follow = async (steps: AsyncIterable<TakeoverProgress>): Promise<TakeoverResult | null> => {
    for await (const { phase, message, result } of steps) {
      world.trace.add("operator", phase, () => message);
      if (result !== null) return result;
    }
    return null;
  };

  /** What was printed is what he believes. */
  const believe = (result: TakeoverResult | null): TakeoverResult | null => {
    if (result !== null && result.outcome !== "refused" && result.lost === "nothing") lineage.promiseNothingLost();
    return result;
  };

  const commander: Commander = {
    async takeover(node, { force }) {
      const machine = cluster.machine(node);
      lineage.beginChange({ forced: force });
      const run = async (): Promise<TakeoverResult | null> => {
        const up = machine.node();
        return up === null ? null : follow(up.control.takeover({ group, force, without: [], dryRun: false }));
      };
      return believe(await ended(machine, force ? "takeover --force" : "takeover", run));
    },
    async changeTerm(node, cause, force = false) {
      const machine = cluster.machine(node);
      if (cause === "swap") lineage.beginChange({ forced: force });
      const run = async (): Promise<TakeoverResult | null> => {
        const up = machine.node();
        return up === null ? null : follow(up.control.changeTerm({ group, cause, force, dryRun: false }));
      };
      return believe(await ended(machine, cause, run));
    },
    async command(node, command) {
      const machine = cluster.machine(node);
      const run = async (): Promise<boolean> => {
        const up = machine.node();
        if (up === null) return false;
        await up.control.command(group, command);
        return true;
      };
      return (await ended(machine, command.kind, run)) === true;
    },
    async doWhatIsDue() {
      const due = whatIsDue(cluster);
      if (due === null) return null;
      const { node, command } = due;
      if (command === "takeover") {
        const result = await commander.takeover(node, { force: due.force });
        // Half-done and not to be had without a loss: the old roles are put back.
        if (result?.outcome === "refused") await commander.changeTerm(node, "return");
      } else if (command === "resync") await commander.command(node, { kind: "resync", full: false });
      else {
        const result = await commander.changeTerm(node, command, due.force);
        // Refused, it says that a volume is missing there: the takeover has to be finished first.
        if (command === "swap" && result?.outcome === "refused") await commander.takeover(node, { force: false });
      }
      return command;
    },
  };
  return commander;
}

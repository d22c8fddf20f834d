/** Has every node that answers read cluster.yaml again, before a group's members change: all of them, or the change waits. */
import { reasonOf } from "@waystation/contracts/errors";
import { formatAddress } from "./address.js";
import type { Context } from "./context.js";
import { wayctlFailure } from "./errors.js";
import type { NodeAnswer } from "./survey.js";

/** Throws `RELOAD_REFUSED` when a node that answers did not take the file. */
export async function reloadEverywhere({ ports, json }: Context, answers: readonly NodeAnswer[]): Promise<void> {
  const say = json() ? () => {} : ports.out;
  const refusals: string[] = [];
  const ask = async ({ node, status, problem }: NodeAnswer): Promise<void> => {
    if (status === null) return say(`${node.name} is DEAD: ${problem}; it reads the file when it starts`);
    const client = ports.connect(formatAddress(node.grpc.connect));
    try {
      const changes = await client.reload();
      if (changes.length > 0) say(`${node.name} has read the file: ${changes.join(", ")}`);
    } catch (error) {
      refusals.push(`${node.name}: ${reasonOf(error)}`);
    } finally {
      client.close();
    }
  };
  await Promise.all(answers.map(ask));
  if (refusals.length === 0) return;
  const text = `not every node took cluster.yaml, so nothing was changed: ${refusals.join("; ")}`;
  throw wayctlFailure("RELOAD_REFUSED", text);
}

/**
 * `wayctl group takeover`: picks the first secondary that answers, lets it coordinate, and prints what it says. Killed
 * or cut off at any step, the command can be run again (PROTOCOL 6.2).
 */
import { isFailure } from "@waystation/contracts/errors";
import type { TakeoverProgress, TakeoverResult } from "@waystation/client/control-client";
import type { Cluster, GroupConfig } from "@waystation/config/cluster";
import { formatAddress } from "./address.js";
import { wayctlFailure } from "./errors.js";
import { holdersOf } from "./group-view.js";
import { surveyCluster, type ConnectControl, type NodeAnswer } from "./survey.js";

export interface TakeoverCommand {
  readonly cluster: Cluster;
  readonly group: GroupConfig;
  readonly force: boolean;
  readonly dryRun: boolean;
  readonly without: readonly string[];
}

export interface TakeoverReport {
  readonly coordinator: string;
  readonly steps: readonly TakeoverProgress[];
  readonly result: TakeoverResult;
}

export interface TakeoverPorts {
  readonly connect: ConnectControl;
  /** Lines as things happen. */
  readonly say: (line: string) => void;
}

export async function takeOver(command: TakeoverCommand, { connect, say }: TakeoverPorts): Promise<TakeoverReport> {
  const { cluster, group, force, without, dryRun } = command;
  const candidates = await coordinatorsOf(command, connect, say);
  for (const { node } of candidates) {
    const client = connect(formatAddress(node.grpc.connect));
    const steps: TakeoverProgress[] = [];
    say(`${node.name} coordinates the takeover of ${group.name}`);
    try {
      for await (const step of client.takeover({ group: group.name, force, without, dryRun })) {
        steps.push(step);
        say(`${`${Math.round(step.elapsedMs)} ms`.padStart(9)}  ${step.phase}  ${step.message}`);
        if (step.result !== null) return { coordinator: node.name, steps, result: step.result };
      }
      throw wayctlFailure(
        "TAKEOVER_CUT_OFF",
        `${node.name} ended the takeover without a result: run the command again`,
      );
    } catch (error) {
      // Nothing has begun there: another one may coordinate.
      const elsewhere = isFailure(error, "RPC_UNREACHABLE") || isFailure(error, "NOT_A_SECONDARY");
      if (steps.length > 0 || !elsewhere) throw error;
      say(`${node.name} cannot: ${error.message}`);
    } finally {
      client.close();
    }
  }
  throw wayctlFailure(
    "NO_COORDINATOR",
    `no secondary of ${group.name} can coordinate a takeover: start one of them (wayctl --cluster FILE status shows ` +
      `the nodes of ${cluster.name})`,
  );
}

async function coordinatorsOf(
  { cluster, group, without }: TakeoverCommand,
  connect: ConnectControl,
  say: (line: string) => void,
): Promise<NodeAnswer[]> {
  const answers = await surveyCluster(cluster, connect);
  const alive: NodeAnswer[] = [];
  for (const name of holdersOf(cluster, group).secondaries) {
    const answer = answers.find(({ node }) => node.name === name);
    if (answer === undefined || without.includes(name)) continue;
    if (answer.status === null) say(`${name} is DEAD: ${answer.problem}`);
    else alive.push(answer);
  }
  return alive;
}

export function renderResult({ result }: TakeoverReport): string {
  const lost = result.lostDetail === "" ? result.lost : `${result.lost}: ${result.lostDetail}`;
  const lines =
    result.outcome === "refused"
      ? [`refused: ${result.code}`, `  ${result.message}`]
      : [
          `taken over: ${result.message}`,
          `  epoch         ${result.epoch.number}`,
          `  sequence      ${result.sequence}  (the volumes hold exactly the writes up to here)`,
          `  lost          ${lost}`,
          `  participants  ${result.participants.join(", ")}`,
        ];
  if (result.absent.length > 0) lines.push(`  absent        ${result.absent.join(", ")}`);
  return [...lines, ...result.risks.map((risk) => `  risk          ${risk}`)].join("\n");
}

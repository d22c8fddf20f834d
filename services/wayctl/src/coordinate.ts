/**
 * Takeovers and changes of term: the first node that answers coordinates, and what it says is printed. Killed or cut off
 * at any step, the command can be run again (PROTOCOL 6.2).
 */
import { isFailure } from "@waystation/contracts/errors";
import type { ControlClient, TakeoverProgress, TakeoverResult } from "@waystation/client/control-client";
import { formatAddress } from "./address.js";
import { wayctlFailure } from "./errors.js";
import type { ConnectControl, NodeAnswer } from "./survey.js";

export interface Undertaking {
  /** "takeover of g1", for people. */
  readonly what: string;
  /** Who may coordinate, the best first; the dead among them are passed over. */
  readonly candidates: readonly NodeAnswer[];
  /** What to do when none of them can. */
  readonly otherwise: string;
  readonly run: (client: ControlClient) => AsyncIterable<TakeoverProgress>;
}

export interface CoordinationReport {
  readonly coordinator: string;
  readonly steps: readonly TakeoverProgress[];
  readonly result: TakeoverResult;
}

export interface CoordinationPorts {
  readonly connect: ConnectControl;
  /** Lines as things happen. */
  readonly say: (line: string) => void;
}

export async function coordinate(
  { what, candidates, otherwise, run }: Undertaking,
  { connect, say }: CoordinationPorts,
): Promise<CoordinationReport> {
  for (const { node, status, problem } of candidates) {
    if (status === null) {
      say(`${node.name} is DEAD: ${problem}`);
      continue;
    }
    const client = connect(formatAddress(node.grpc.connect));
    const steps: TakeoverProgress[] = [];
    say(`${node.name} coordinates the ${what}`);
    try {
      for await (const step of run(client)) {
        steps.push(step);
        say(`${`${Math.round(step.elapsedMs)} ms`.padStart(9)}  ${step.phase}  ${step.message}`);
        if (step.result !== null) return { coordinator: node.name, steps, result: step.result };
      }
      throw wayctlFailure("TAKEOVER_CUT_OFF", `${node.name} ended the ${what} without a result: run the command again`);
    } catch (error) {
      // Nothing has begun there: another one may coordinate.
      const elsewhere = isFailure(error, "RPC_UNREACHABLE") || isFailure(error, "NOT_A_SECONDARY");
      if (steps.length > 0 || !elsewhere) throw error;
      say(`${node.name} cannot: ${error.message}`);
    } finally {
      client.close();
    }
  }
  throw wayctlFailure("NO_COORDINATOR", `nobody can coordinate the ${what}: ${otherwise}`);
}

const headings = {
  "taken-over": "taken over",
  "term-begun": "done",
  "planned": "would be legal now; nothing was changed",
  "refused": "refused",
} as const satisfies Record<TakeoverResult["outcome"], string>;

export function renderResult({ result }: CoordinationReport): string {
  const { outcome } = result;
  const lost = result.lostDetail === "" ? result.lost : `${result.lost}: ${result.lostDetail}`;
  const figures = [
    `  epoch         ${result.epoch.number}`,
    `  sequence      ${result.sequence}  (the volumes hold exactly the writes up to here)`,
    `  lost          ${lost}`,
    `  participants  ${result.participants.join(", ")}`,
  ];
  const lines =
    outcome === "refused"
      ? [`refused: ${result.code}`, `  ${result.message}`]
      : [`${headings[outcome]}: ${result.message}`, ...figures];
  if (result.absent.length > 0) lines.push(`  absent        ${result.absent.join(", ")}`);
  return [...lines, ...result.risks.map((risk) => `  risk          ${risk}`)].join("\n");
}

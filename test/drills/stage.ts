/**
 * What drills are made of: hosts at work in some world, the clock of what follows a disaster, commands, and the checks that
 * each ends with.
 */
import { strict as assert } from "node:assert";
import type { TakeoverResult } from "@waystation/client/control-client";
import { mebibyte, type TestNode } from "../harness/cluster-file.js";
import { volumeNames, type Hosts, type Side } from "./hosts.js";
import { firstHostWrite, phasesOf, sumMs, type Phase } from "./recovery-report.js";
import { checkNothingLost, checkReference, checkSame } from "./volume-checks.js";
import { isDead, isOpen, order, waitForView, waitSynced, type World } from "./world.js";
import type { Writer } from "./writer.js";

export interface Stage {
  readonly world: World;
  readonly writer: Writer;
}

export interface Finding {
  readonly phases: readonly Phase[];
  readonly acknowledged: number;
  readonly found: number;
  readonly said: string;
  readonly checks: readonly string[];
}

/** Times what follows a disaster, phase after phase without a gap. */
export interface RecoveryClock {
  /** The present phase has ended. */
  ended(name: string): void;
  /** Phases that a command told; what it took on top is named after it. */
  told(command: string, phases: readonly Phase[]): void;
  phases(): readonly Phase[];
}

/** Starts at the disaster. */
export function startClock(): RecoveryClock {
  const phases: Phase[] = [];
  let sinceMs = performance.now();
  const takeMs = (): number => {
    const nowMs = performance.now();
    const tookMs = nowMs - sinceMs;
    sinceMs = nowMs;
    return tookMs;
  };
  return {
    ended: (name) => void phases.push({ name, tookMs: takeMs() }),
    told(command, own) {
      const rest = { name: `${command} besides`, tookMs: Math.max(0, takeMs() - sumMs(own)) };
      phases.push(...own, rest);
    },
    phases: () => phases,
  };
}

/** The phase `detect`: nobody answers at these nodes any more. */
export async function detectDead({ world }: Stage, clock: RecoveryClock, nodes: readonly TestNode[]): Promise<void> {
  await waitForView(world, `${nodes.join(", ")} are seen dead`, (view) => nodes.every((node) => isDead(view, node)));
  clock.ended("detect");
}

/** Takes the group over at the far side; hosts are at rest afterwards. */
export async function failOver(
  { world, writer }: Stage,
  clock: RecoveryClock,
  ...args: readonly string[]
): Promise<TakeoverResult> {
  const { steps, result } = await order(world, "takeover", ...args);
  assert.equal(result.outcome, "taken-over", `${result.code}: ${result.message}`);
  clock.told("takeover", phasesOf(steps));
  await writer.rest();
  return result;
}

/** Hosts go on at a side; the phase ends with the first write there that is answered. */
export async function hostsGoOn({ writer }: Stage, clock: RecoveryClock, side: Side): Promise<void> {
  writer.moveTo(side);
  writer.resume();
  await writer.goOn(1);
  clock.ended(firstHostWrite);
  await writer.goOn(100);
}

export async function waitOpen({ world }: Stage, side: Side): Promise<void> {
  await waitForView(world, `hosts can write at the ${side} side`, (view) => isOpen(view, side));
}

/** What the group's pairs are to be. */
export async function waitPair({ world }: Stage, pair: string): Promise<void> {
  await waitForView(world, `the group is ${pair}`, ({ groups }) => groups.every((each) => each.pair === pair));
}

/** Nothing is being copied any more, every write is protected, and the relay has a link to every secondary. */
export async function waitPaired({ world }: Stage): Promise<void> {
  await waitForView(world, "the group is paired and protected", ({ groups }) =>
    groups.every(({ pair, protected: isProtected, members }) => {
      const isHeard = members.every(({ role, lagWrites }) => role !== "secondary" || lagWrites !== null);
      return pair === "PAIR" && isProtected === true && isHeard;
    }),
  );
}

/** At rest after a takeover: nothing lost that hosts were told of, and every other byte as it was written. */
export async function checkFarSide({ world, writer }: Stage): Promise<{ found: number; checks: string[] }> {
  const { hosts } = world;
  await writer.rest();
  const found = await checkNothingLost(hosts, "secondary", writer.acknowledged());
  await checkReference(hosts, "secondary");
  return {
    found,
    checks: [
      `dependent writes at the far side: exactly 1..${found}`,
      `${comparedMiB(hosts)} MiB at the far side against what hosts wrote: no difference`,
    ],
  };
}

/** At rest while the group replicates: both sides hold the same, byte for byte, and it is what hosts wrote. */
export async function checkBothSides({ world, writer }: Stage): Promise<{ found: number; checks: string[] }> {
  const { hosts } = world;
  await writer.rest();
  await waitSynced(world);
  const found = await checkNothingLost(hosts, "secondary", writer.acknowledged());
  await checkNothingLost(hosts, "primary", writer.acknowledged());
  await checkReference(hosts, "primary");
  await checkSame(hosts);
  return {
    found,
    checks: [
      `dependent writes on both sides: exactly 1..${found}`,
      `${comparedMiB(hosts)} MiB of each side against the other: no difference`,
    ],
  };
}

function comparedMiB({ volumeBytes }: Hosts): number {
  return (volumeNames.length * volumeBytes) / mebibyte;
}

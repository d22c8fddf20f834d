/** The drills of lost sites, relays and links on local processes (B6, B9, B11): what is done, and what must be found. */
import { strict as assert } from "node:assert";
import { setTimeout as delay } from "node:timers/promises";
import { primaries } from "../harness/cluster-file.js";
import { waitProtected, waitSynced } from "../harness/cluster.js";
import { waitUntil } from "../harness/wait.js";
import type { RecoveryReport } from "./recovery-report.js";
import {
  checkBothSides,
  checkFarSide,
  detectDead,
  failOver,
  hostsGoOn,
  runLocalDrill,
  startClock,
  type Stage,
} from "./local-stage.js";
import { checkPrefix, checkReference } from "./volume-checks.js";
import { describeFailures } from "./writer.js";

const behindMs = 500;
const cutMs = 1500;

/** The site is lost while one far leg is behind, so that the relay has something left to drain. */
export function losePrimarySite(): Promise<RecoveryReport> {
  return runLocalDrill("lose the primary site", async (stage) => {
    const { cluster, writer } = stage;
    const farLeg = cluster.links.between("relay-1", "secondary-b");
    farLeg.stall();
    await delay(behindMs);
    const clock = startClock();
    await cluster.end(primaries);
    farLeg.heal();
    const acknowledged = writer.acknowledged();
    await detectDead(stage, clock, primaries);
    const { lost } = await failOver(stage, clock);
    assert.equal(lost, "nothing");
    await hostsGoOn(stage, clock, "secondary");
    const { found, checks } = await checkFarSide(stage);
    return { phases: clock.phases(), acknowledged, found: Math.min(found, acknowledged), said: lost, checks };
  });
}

/**
 * The relay goes first: hosts are held, nothing more is acknowledged. Then the site: what the relay alone had is lost, and
 * the takeover must be forced, says that it cannot know, and has a prefix.
 */
export function loseRelayThenPrimary(): Promise<RecoveryReport> {
  return runLocalDrill("lose the relay, then the primary site", async (stage) => {
    const { cluster, hosts, writer } = stage;
    const clock = startClock();
    await cluster.end(["relay-1"]);
    await delay(behindMs);
    await cluster.end(primaries);
    const acknowledged = writer.acknowledged();
    await detectDead(stage, clock, [...primaries, "relay-1"]);
    const refused = await cluster.takeover();
    assert.equal(refused.result.code, "RELAY_UNREACHABLE");
    clock.ended("refused, because the relay cannot be fenced");
    const { lost, lostDetail, sequence } = await failOver(stage, clock, { force: true });
    assert.equal(lost, "unknown");
    assert(lostDetail.includes(`from ${sequence + 1}`), lostDetail);
    const found = await checkPrefix(hosts, "secondary", acknowledged);
    await checkReference(hosts, "secondary");
    clock.ended("hosts look at what there is");
    writer.restartAfter(found);
    await hostsGoOn(stage, clock, "secondary");
    const { checks } = await checkFarSide(stage);
    return { phases: clock.phases(), acknowledged, found, said: lostDetail, checks };
  });
}

/** First the near links, of which hosts notice that they wait; then the far ones, of which they notice nothing. */
export function loseBothLinksInTurn(): Promise<RecoveryReport> {
  return runLocalDrill("lose both links in turn", async (stage) => {
    const { cluster, writer } = stage;
    const near = primaries.map((node) => cluster.links.between(node, "relay-1"));
    const far = (["secondary-a", "secondary-b"] as const).map((node) => cluster.links.between("relay-1", node));
    const clock = startClock();
    const nearMs = performance.now();
    for (const link of near) link.cut();
    await delay(cutMs);
    clock.ended("near links cut: hosts are held");
    for (const link of near) link.heal();
    await writer.goOn(1);
    clock.ended("first host write");
    await waitProtected(cluster);
    clock.ended("protected");
    const waitedMs = writer.longestWaitMs(nearMs);
    assert.equal(describeFailures(writer), "none failed", "the links were back within the hold time");

    const farMs = performance.now();
    for (const link of far) link.stall();
    await delay(cutMs);
    clock.ended("far links stalled: hosts go on");
    assert(
      writer.acknowledgedBetween(farMs, performance.now()) > 0,
      "hosts must not notice that the far links are down",
    );
    for (const link of far) link.heal();
    await writer.rest();
    await waitSynced(cluster);
    clock.ended("far side caught up");
    assert.equal(describeFailures(writer), "none failed");
    const { found, checks } = await checkBothSides(stage);
    const acknowledged = writer.acknowledged();
    checks.push(`a host's longest wait: ${Math.round(waitedMs)} ms`);
    return { phases: clock.phases(), acknowledged, found, said: "nothing: no takeover was needed", checks };
  });
}

/** All was settled when a secondary and then the site were lost; the one that is back joins where the other is. */
export function secondaryMissingAtTakeover(): Promise<RecoveryReport> {
  return runLocalDrill("one secondary missing at takeover, and coming back", async (stage) => {
    const { cluster, writer } = stage;
    await writer.rest();
    await waitSynced(cluster);
    const acknowledged = writer.acknowledged();
    const clock = startClock();
    await cluster.end(["secondary-b", ...primaries]);
    await detectDead(stage, clock, ["secondary-b", ...primaries]);
    const { lost, absent } = await failOver(stage, clock);
    assert.equal(lost, "nothing");
    assert.deepEqual(absent, ["secondary-b"]);
    await cluster.start("secondary-b");
    await isOpen(stage, "secondary-b");
    clock.ended("the missing one is back and has joined");
    await hostsGoOn(stage, clock, "secondary");
    const { found, checks } = await checkFarSide(stage);
    return { phases: clock.phases(), acknowledged, found: Math.min(found, acknowledged), said: lost, checks };
  });
}

async function isOpen({ cluster }: Stage, node: "secondary-a" | "secondary-b"): Promise<void> {
  await waitUntil(`${node} is open for hosts`, async () => {
    const { volumes } = await cluster.status(node);
    return volumes.every(({ access }) => access === "read-write");
  });
}

/** The drills of lost sites, relays and links (B6, B9, B11): what is done, and what must be found. */
import { strict as assert } from "node:assert";
import { setTimeout as delay } from "node:timers/promises";
import { primaries, secondaries } from "../harness/cluster-file.js";
import { firstHostWrite } from "./recovery-report.js";
import { checkBothSides, checkFarSide, detectDead, failOver, hostsGoOn, startClock, waitOpen } from "./stage.js";
import type { Finding, Stage } from "./stage.js";
import { checkPrefix, checkReference } from "./volume-checks.js";
import { isServed, order, waitForView, waitSynced } from "./world.js";
import { describeFailures } from "./writer.js";

export interface SiteDrill {
  readonly name: string;
  readonly title: string;
  /** After a takeover the cluster is of no use to another drill. */
  readonly endsInTakeover: boolean;
  /** Hosts are at work at the primaries, and everything is up. */
  readonly run: (stage: Stage) => Promise<Finding>;
}

const behindMs = 500;
const cutMs = 1500;

/** The site is lost while one far leg is behind, so that the relay has something left to drain. */
async function losePrimarySite(stage: Stage): Promise<Finding> {
  const { world, writer } = stage;
  const farLeg = await world.stall("relay-1", "secondary-b");
  await delay(behindMs);
  const clock = startClock();
  await world.kill(primaries);
  await farLeg.heal();
  const acknowledged = writer.acknowledged();
  await detectDead(stage, clock, primaries);
  const { lost } = await failOver(stage, clock);
  assert.equal(lost, "nothing");
  await hostsGoOn(stage, clock, "secondary");
  const { found, checks } = await checkFarSide(stage);
  return { phases: clock.phases(), acknowledged, found: Math.min(found, acknowledged), said: lost, checks };
}

/**
 * The relay goes first: hosts are held, nothing more is acknowledged. Then the site: what the relay alone had is lost, and
 * the takeover must be forced, says that it cannot know, and has a prefix.
 */
async function loseRelayThenSite(stage: Stage): Promise<Finding> {
  const { world, writer } = stage;
  const clock = startClock();
  await world.kill(["relay-1"]);
  await delay(behindMs);
  await world.kill(primaries);
  const acknowledged = writer.acknowledged();
  await detectDead(stage, clock, [...primaries, "relay-1"]);
  const refused = await order(world, "takeover");
  assert.equal(refused.result.code, "RELAY_UNREACHABLE");
  clock.ended("refused, because the relay cannot be fenced");
  const { lost, lostDetail, sequence } = await failOver(stage, clock, "--force");
  assert.equal(lost, "unknown");
  assert(lostDetail.includes(`from ${sequence + 1}`), lostDetail);
  const found = await checkPrefix(world.hosts, "secondary", acknowledged);
  await checkReference(world.hosts, "secondary");
  clock.ended("hosts look at what there is");
  writer.restartAfter(found);
  await hostsGoOn(stage, clock, "secondary");
  const { checks } = await checkFarSide(stage);
  return { phases: clock.phases(), acknowledged, found, said: lostDetail, checks };
}

/** First the near links, of which hosts notice that they wait; then the far ones, of which they notice nothing. */
async function loseBothLinksInTurn(stage: Stage): Promise<Finding> {
  const { world, writer } = stage;
  const clock = startClock();
  const nearMs = performance.now();
  const near = await Promise.all(primaries.map((node) => world.cut(node, "relay-1")));
  await delay(cutMs);
  clock.ended("near links cut: hosts are held");
  for (const fault of near) await fault.heal();
  await writer.goOn(1);
  clock.ended(firstHostWrite);
  await waitForView(world, "hosts write, and all is protected", (view) => isServed(view));
  clock.ended("protected");
  const waitedMs = writer.longestWaitMs(nearMs);
  assert.equal(describeFailures(writer), "none failed", "the links were back within the hold time");

  const farMs = performance.now();
  const far = await Promise.all(secondaries.map((node) => world.stall("relay-1", node)));
  await delay(cutMs);
  clock.ended("far links stalled: hosts go on");
  assert(writer.acknowledgedBetween(farMs, performance.now()) > 0, "hosts must not notice that the far links are down");
  for (const fault of far) await fault.heal();
  await writer.rest();
  await waitSynced(world);
  clock.ended("far side caught up");
  assert.equal(describeFailures(writer), "none failed");
  const { found, checks } = await checkBothSides(stage);
  const acknowledged = writer.acknowledged();
  checks.push(`a host's longest wait: ${Math.round(waitedMs)} ms`);
  return { phases: clock.phases(), acknowledged, found, said: "nothing: no takeover was needed", checks };
}

/** All was settled when a secondary and then the site were lost; the one that is back joins where the other is. */
async function secondaryMissing(stage: Stage): Promise<Finding> {
  const { world, writer } = stage;
  await writer.rest();
  await waitSynced(world);
  const acknowledged = writer.acknowledged();
  const clock = startClock();
  await world.kill(["secondary-b", ...primaries]);
  await detectDead(stage, clock, ["secondary-b", ...primaries]);
  const { lost, absent } = await failOver(stage, clock);
  assert.equal(lost, "nothing");
  assert.deepEqual(absent, ["secondary-b"]);
  await world.start(["secondary-b"]);
  await waitOpen(stage, "secondary");
  clock.ended("the missing one is back and has joined");
  await hostsGoOn(stage, clock, "secondary");
  const { found, checks } = await checkFarSide(stage);
  return { phases: clock.phases(), acknowledged, found: Math.min(found, acknowledged), said: lost, checks };
}

export const siteDrills = {
  losePrimarySite: {
    name: "lose-site",
    title: "the primary site is lost under load, with one far leg behind",
    endsInTakeover: true,
    run: losePrimarySite,
  },
  loseRelayThenSite: {
    name: "lose-relay-then-site",
    title: "the relay is lost, then the primary site",
    endsInTakeover: true,
    run: loseRelayThenSite,
  },
  loseBothLinksInTurn: {
    name: "lose-links",
    title: "near and far links are lost in turn",
    endsInTakeover: false,
    run: loseBothLinksInTurn,
  },
  secondaryMissing: {
    name: "secondary-missing",
    title: "one secondary is missing at the takeover, and comes back",
    endsInTakeover: true,
    run: secondaryMissing,
  },
} as const satisfies Record<string, SiteDrill>;

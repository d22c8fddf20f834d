import { describe, expect, it } from "vitest";
import { isCommittedTo, type PointCommitment } from "./provable/commitment.js";
import { keptRoots } from "./provable/chain-marks.js";
import { naiveCommitment, naiveHead, type NaiveAnchor } from "./testing/chain-model.js";
import { g1, primaryA, primaryB, secondaryA, secondaryB, seq, volA, volB } from "./testing/fixture.js";
import { createRelayBench, ofA, ofB, playFar, stampingRelay, type RelayBench } from "./testing/relay-bench.js";
import type { JournalRecord, NodeName, VolumeName } from "./vocabulary.js";

const birth: NaiveAnchor = { group: g1.group, epoch: 1, reason: "term", sequence: 0 };

/** Three records stamped, shipped and durable at both secondaries; the point at 3 is asked for. */
function withThree(): RelayBench {
  const relay = stampingRelay();
  relay.batch(primaryA, [ofA(1), ofA(2)]);
  relay.batch(primaryB, [ofB(1)]);
  relay.settle();
  return relay;
}

function preparesTo(
  relay: RelayBench,
  node: NodeName,
): { readonly sequence: number; readonly commitment: PointCommitment }[] {
  return relay.sentTo(node).flatMap((body) => (body.kind === "prepare" ? [body] : []));
}

function headsAt(records: readonly JournalRecord[], anchors: readonly NaiveAnchor[], at: number) {
  const headOf = (volume: VolumeName) => naiveHead({ volume, records, anchors, at });
  return new Map([volA, volB].map((volume) => [volume, headOf(volume)]));
}

function received(relay: RelayBench, watermark: number): void {
  for (const node of [secondaryA, secondaryB]) relay.from(node, { kind: "ship-received", watermark: seq(watermark) });
  relay.settle();
}

describe("what the relay commits to (PROTOCOL 8, E4)", () => {
  it("E4: Prepare(R) carries the root over all volumes at R, and shows each secondary that its own are in it", () => {
    const relay = withThree();
    const { records } = relay.journal;
    received(relay, 3);
    const heads = headsAt(records, [birth], 3);
    for (const [node, volume] of [
      [secondaryA, volA],
      [secondaryB, volB],
    ] as const) {
      const [prepare] = preparesTo(relay, node);
      expect(prepare).toMatchObject({ sequence: 3, commitment: { root: naiveCommitment(heads), anchors: [] } });
      expect(isCommittedTo(prepare!.commitment, new Map([[volume, heads.get(volume)!]]))).toBe(true);
      expect(
        isCommittedTo(
          prepare!.commitment,
          new Map([[volume, naiveHead({ volume, records, anchors: [birth], at: 2 })]]),
        ),
      ).toBe(volume === volA);
    }
  });

  it("E4: commits to the same after a restart, reading again what lies above the last point", () => {
    const relay = withThree();
    const { records } = relay.journal;
    const again = createRelayBench({ medium: relay.medium });
    again.start();
    for (const node of [secondaryA, secondaryB]) again.welcome(node, { received: 3 });
    again.settle();
    expect(preparesTo(again, secondaryA).map(({ commitment }) => commitment.root)).toEqual([
      naiveCommitment(headsAt(records, [birth], 3)),
    ]);
  });

  it("E4, PROTOCOL 7: declares its journal lost when a number that it stamped has no record any more", () => {
    const relay = withThree();
    relay.medium.journal.records.splice(1, 1);
    const again = createRelayBench({ medium: relay.medium });
    again.start();
    again.settle();
    expect(again.member.status().phase).toBe("journal-lost");
    expect(again.stages().protectedDetail).toContain("record 2 is not in it any more");
  });

  it("E4: a secondary that holds another order leaves the group unprotected until it is copied anew, on new chains", () => {
    const relay = withThree();
    received(relay, 3);
    relay.from(secondaryA, { kind: "refusal", reason: "order-mismatch", detail: "another order" });
    relay.settle();
    relay.welcome(secondaryA, { received: 3 });
    relay.settle();
    expect(relay.stages()).toMatchObject({ protected: false });
    expect(relay.stages().secondaries[0]).toMatchObject({ node: secondaryA, pair: "PSUE" });
    relay.tick();
    relay.settle();
    const { copy } = relay.stages();
    expect(copy).toMatchObject({ base: 0, begin: 3, nodes: [secondaryA] });
    for (const node of [secondaryA, secondaryB])
      relay.welcome(node, { received: 3, validated: node === secondaryA ? 3 : 0, copyId: copy!.copyId });
    const { records } = relay.journal;
    playFar(relay);
    // Durable with the run: whoever is away now is told with the next point.
    expect(relay.medium.journal.marks.get("anchors")).toEqual([3]);
    const roots = keptRoots(relay.journal.marks);
    expect(roots).toEqual([{ sequence: 3, root: naiveCommitment(headsAt(records, [birth], 3)), records: 3 }]);
  });
});

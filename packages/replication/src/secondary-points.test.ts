import { describe, expect, it } from "vitest";
import { sha256 } from "./testing/chain-model.js";
import { g1, record, secondaryA, seq, volA } from "./testing/fixture.js";
import { honestCommitment } from "./testing/honest-relay.js";
import { createSecondaryBench, followingSecondary, type SecondaryBench } from "./testing/secondary-bench.js";
import { attestationOf } from "./provable/attestation.js";
import type { PointCommitment } from "./provable/commitment.js";

/** Complete up to 3, with records 1 and 3, nothing settled. */
function withTwo(): SecondaryBench {
  const secondary = followingSecondary();
  secondary.ship(0, 3, [record(1), record(3)]);
  secondary.settle();
  secondary.take();
  secondary.told();
  return secondary;
}

function restart({ medium }: SecondaryBench): SecondaryBench {
  const again = createSecondaryBench({ medium });
  again.start();
  again.settle();
  again.connect();
  again.settle();
  again.take();
  again.told();
  return again;
}

function honest(secondary: SecondaryBench, sequence: number): PointCommitment {
  const { journal } = secondary;
  return honestCommitment({ node: secondaryA, membership: g1, journal, sequence: seq(sequence) });
}

function prepare(secondary: SecondaryBench, sequence: number, commitment: PointCommitment): void {
  secondary.relay({ kind: "prepare", sequence: seq(sequence), commitment });
  secondary.settle();
}

const stages = (secondary: SecondaryBench) => secondary.member.status().secondary;

describe("the points of a secondary (PROTOCOL 8, E4)", () => {
  it("E4: refuses, loudly, a point whose root its records do not make, and applies nothing", () => {
    const secondary = withTwo();
    prepare(secondary, 3, { ...honest(secondary, 3), root: sha256(Buffer.from("another order")) });
    expect(secondary.told()).toEqual(["refusal order-mismatch"]);
    expect(secondary.take()).toContain("log error");
    expect(secondary.member.status().detail).toContain("are not what the relay of g1 committed to");
    expect(secondary.member.status().detail).toContain("wayctl group resync g1");
    // A relay that commits to what is here is followed again.
    secondary.connect();
    secondary.settle();
    secondary.told();
    secondary.relay({ kind: "validate", sequence: seq(3) });
    secondary.settle();
    expect(stages(secondary)).toMatchObject({ received: 3, validated: 3 });
  });

  it("E4, PROTOCOL 7: notices at the next point that its journal lost a record while it was down", () => {
    for (const lost of [0, 1]) {
      const secondary = withTwo();
      const commitment = honest(secondary, 3);
      secondary.medium.journal.records.splice(lost, 1);
      const again = restart(secondary);
      prepare(again, 3, commitment);
      expect(again.told()).toEqual(["refusal order-mismatch"]);
      expect(stages(again)).toMatchObject({ validated: 0, applied: 0 });
    }
  });

  it("E4: notices a record that its journal gives back changed", () => {
    const secondary = withTwo();
    const commitment = honest(secondary, 3);
    const { records } = secondary.medium.journal;
    records[0] = { ...records[0]!, offsetBytes: records[0]!.offsetBytes + 512 };
    const again = restart(secondary);
    prepare(again, 3, commitment);
    expect(again.told()).toEqual(["refusal order-mismatch"]);
  });

  it("E4: root and heads are durable with the validated mark, in one commit, and attested from then on", () => {
    const secondary = withTwo();
    const commitment = honest(secondary, 3);
    prepare(secondary, 3, commitment);
    secondary.relay({ kind: "validate", sequence: seq(3) });
    const commits = secondary
      .asked("commit")
      .flatMap((effect) => (effect.kind === "commit" ? [effect.change.marks] : []));
    expect(commits.map((marks) => [...(marks?.keys() ?? [])])).toEqual([
      ["root", "root/0", `chain/${volA}`, "validated"],
    ]);
    secondary.settle();
    const again = restart(secondary);
    const attested = (sequence: number | null) =>
      attestationOf({
        ...{ node: secondaryA, status: again.member.status(), marks: again.journal.marks },
        sequence: sequence === null ? null : seq(sequence),
      }).point;
    const point = { sequence: 3, root: commitment.root.toString("hex") };
    expect([attested(null), attested(3), attested(9), attested(2)]).toEqual([point, point, point, null]);
  });

  it("E4, PROTOCOL 7: notices when it applies that its journal lost a record that it had validated, and is copied anew", () => {
    const secondary = withTwo();
    secondary.point(2);
    secondary.relay({ kind: "validate", sequence: seq(3) });
    secondary.settle();
    secondary.medium.journal.records.splice(0, 1);
    const again = restart(secondary);
    again.relay({ kind: "gate", sequence: seq(3) });
    again.settle();
    expect(again.told()).toEqual(["refusal order-mismatch"]);
    expect(stages(again)).toMatchObject({ validated: 3, applied: 2 });
    expect(again.member.status().detail).toContain("gave back 0 of 1 records above 2 and up to 3");
    expect(again.access.get(volA)).toBe("closed");
    // Durable: it does not follow as it is, nor may a takeover use it.
    expect(again.medium.journal.marks.get("resync-due")).toContain("gave back 0 of 1 records");
  });

  it("E4: validates nothing that it has not verified since it started", () => {
    const secondary = withTwo();
    prepare(secondary, 3, honest(secondary, 3));
    const again = restart(secondary);
    again.receive(again.link(), { kind: "validate", sequence: seq(3) });
    again.settle();
    expect(again.told()).toEqual(["refusal gap"]);
    expect(stages(again)).toMatchObject({ validated: 0 });
  });

  it("E4: verifies the share of a point that lies above the last one, and goes on from there after a restart", () => {
    const secondary = withTwo();
    secondary.point(2);
    const again = restart(secondary);
    again.point(3);
    expect(stages(again)).toMatchObject({ validated: 3, applied: 3 });
    again.ship(3, 7, [record(5), record(7)]);
    again.settle();
    again.point(6);
    expect(stages(again)).toMatchObject({ received: 7, validated: 6, applied: 6 });
  });
});

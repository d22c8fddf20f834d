import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commitTo, isCommittedTo } from "./commitment.js";
import { naiveCommitment, sha256 } from "../testing/chain-model.js";
import type { VolumeName } from "../vocabulary.js";

const someHeads = fc
  .uniqueArray(fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,62}$/), { minLength: 1, maxLength: 30 })
  .map((names) => new Map(names.map((name) => [name as VolumeName, sha256(Buffer.from(`head of ${name}`))])));

describe("E4, PROTOCOL 8: the commitment at a point", () => {
  it("E4: is the root over the volumes sorted by name, whatever order they come in", () => {
    fc.assert(
      fc.property(someHeads, (heads) => {
        expect(commitTo(heads).root).toEqual(naiveCommitment(heads));
        expect(commitTo(new Map([...heads].reverse())).root).toEqual(naiveCommitment(heads));
      }),
    );
  });

  it("E4: is verified by any node for its own volumes, and by none that holds another head", () => {
    fc.assert(
      fc.property(someHeads, fc.nat(), fc.nat(), (heads, seed, pick) => {
        const own = [...heads].filter((_, index) => ((seed >> (index % 16)) & 1) === 1 || index === seed % heads.size);
        const commitment = commitTo(heads).of(own.map(([name]) => name));
        expect(isCommittedTo(commitment, new Map(own))).toBe(true);
        const wrong = new Map(own).set(own[pick % own.length]![0], sha256(Buffer.from("another head")));
        expect(isCommittedTo(commitment, wrong)).toBe(false);
      }),
    );
  });

  it("E4: does not let one volume pass for another", () => {
    const [a, b] = ["vol-a", "vol-b"] as VolumeName[];
    const [headA, headB] = [sha256(Buffer.from("a")), sha256(Buffer.from("b"))];
    const commitments = commitTo(
      new Map([
        [a!, headA],
        [b!, headB],
      ]),
    );
    expect(isCommittedTo(commitments.of([a!]), new Map([[b!, headA]]))).toBe(false);
    expect(
      isCommittedTo(
        commitments.of([a!, b!]),
        new Map([
          [a!, headB],
          [b!, headA],
        ]),
      ),
    ).toBe(false);
  });
});

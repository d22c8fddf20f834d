import { describe, expect, it } from "vitest";
import { auditChain, blockBytes, contentOf, placeOf, type ChainShape } from "./dependent-writes.js";

const shape: ChainShape = { volumes: ["vol-a", "vol-b"], blocksPerVolume: 8 };

/** The volumes after exactly these writes, in this order. */
function volumesAfter(numbers: readonly number[]): Map<string, Buffer> {
  const volumes = new Map(shape.volumes.map((name) => [name, Buffer.alloc(shape.blocksPerVolume * blockBytes)]));
  for (const number of numbers) {
    const { volume, block } = placeOf(shape, number);
    contentOf(number).copy(volumes.get(volume)!, block * blockBytes);
  }
  return volumes;
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

describe("the check of dependent writes", () => {
  it.each([0, 1, 2, 7, 16, 17, 40])("accepts exactly 1..%d", (last) => {
    const audit = auditChain(shape, volumesAfter(upTo(last)), { acknowledged: last, issued: last });
    expect(audit).toEqual({ found: last, lost: 0, blocksCompared: 16, problems: [] });
  });

  it("accepts one write more than was acknowledged, and none that was never issued", () => {
    const volumes = volumesAfter(upTo(9));
    expect(auditChain(shape, volumes, { acknowledged: 8, issued: 9 }).problems).toEqual([]);
    expect(auditChain(shape, volumes, { acknowledged: 7, issued: 8 }).problems).toEqual([
      expect.stringMatching(/^write 9 is there and was never issued/),
    ]);
  });

  it("finds acknowledged writes that are lost at the end", () => {
    const audit = auditChain(shape, volumesAfter(upTo(5)), { acknowledged: 7, issued: 8 });
    expect(audit).toMatchObject({ found: 5, lost: 2, problems: ["writes 6..7 were acknowledged and are lost"] });
  });

  it("finds an effect without its cause, also once blocks are written again", () => {
    for (const last of [6, 30]) {
      const hole = upTo(last).filter((number) => number !== last - 1);
      const { problems } = auditChain(shape, volumesAfter(hole), { acknowledged: last, issued: last });
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain(`expected write ${last - 1} of 1..${last}`);
    }
  });

  it("finds a torn block", () => {
    const volumes = volumesAfter(upTo(6));
    const { volume, block } = placeOf(shape, 3);
    volumes.get(volume)!.fill(0, block * blockBytes + blockBytes / 2, (block + 1) * blockBytes);
    const { problems } = auditChain(shape, volumes, { acknowledged: 6, issued: 6 });
    expect(problems).toEqual([expect.stringContaining("found a torn block (from 3 to 0)")]);
  });
});

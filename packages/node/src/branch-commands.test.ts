import { describe, expect, it } from "vitest";
import type { Branch } from "./ports.js";
import { branchStatus, dropBranch } from "./branch-commands.js";
import { membership, volA } from "./testing/fake-ports.js";

function branches(...names: readonly [volume: string, name: string][]) {
  const list = names.map(([volume, name]): Branch => ({
    volume: volume as never,
    name,
    sizeBytes: 512,
    createdWallMs: 0,
  }));
  const dropped: string[] = [];
  return {
    dropped,
    create: () => Promise.resolve(),
    drop: (volume: string, name: string) => Promise.resolve(void dropped.push(`${volume}@${name}`)),
    list: () => list,
  };
}

describe("the branches of a group (PROTOCOL 6.4)", () => {
  it("are those of its volumes", () => {
    const all = branches([volA, "branch-2"], ["other", "branch-2"]);
    expect(branchStatus(all, membership)).toEqual([{ volume: volA, name: "branch-2" }]);
  });

  it.each([
    ["branch-2", [`${volA}@branch-2`]],
    [`${volA}@branch-3`, [`${volA}@branch-3`]],
  ])("are dropped by %s", async (wanted, dropped) => {
    const all = branches([volA, "branch-2"], [volA, "branch-3"], ["other", "branch-2"]);
    await dropBranch(all, membership, wanted);
    expect(all.dropped).toEqual(dropped);
  });

  it("are named when another one is asked for", async () => {
    const refused = dropBranch(branches([volA, "branch-2"]), membership, "branch-9");
    await expect(refused).rejects.toMatchObject({
      code: "UNKNOWN_BRANCH",
      message: expect.stringContaining(`${volA}@branch-2`) as string,
    });
  });
});

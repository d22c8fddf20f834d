// PROTOCOL 1-3: any daemon may be killed under load at any time, and resumes where it was.
import { describe, expect, it } from "vitest";
import { createRandom } from "@waystation/contracts/random";
import { defaultShape, mebibyte, nodeNames, type TestNode } from "../harness/cluster-file.js";
import { startAll, waitProtected, waitSynced, withCluster, type TestCluster } from "../harness/cluster.js";
import { connectNbd } from "../harness/nbd-client.js";
import { startRandomWrites } from "../harness/random-writes.js";
import { siteDigests } from "../harness/volume-digest.js";
import { waitUntil } from "../harness/wait.js";
import { readPrefix, startDependentWrites, type DependentWritesOptions } from "../drills/dependent-writes.js";

const side = { "vol-a": "a", "vol-b": "b" } as const;

function area(cluster: TestCluster, role: "primary" | "secondary"): DependentWritesOptions {
  return {
    open: (volume) => connectNbd(cluster.nbdPort(`${role}-${side[volume]}`), volume),
    volumeBytes: defaultShape.volumeBytes,
    persistent: true,
  };
}

/** Dependent writes over both volumes and random ones on vol-a, while `disturb` does its worst. */
async function underLoad(
  cluster: TestCluster,
  disturb: (goesOn: () => Promise<void>) => Promise<void>,
): Promise<number> {
  const writes = startDependentWrites(area(cluster, "primary"));
  const random = createRandom(1);
  const open = () => connectNbd(cluster.nbdPort("primary-a"), "vol-a");
  const load = startRandomWrites({ open, areaBytes: 32 * mebibyte, random });
  const goesOn = async (): Promise<void> => {
    const [seen, written] = [writes.acknowledged(), load.written()];
    const advances = (): boolean => writes.acknowledged() >= seen + 50 && load.written() >= written + 50;
    await waitUntil("writes are acknowledged again", advances, { deadlineMs: 60_000 });
  };
  try {
    await goesOn();
    await disturb(goesOn);
  } finally {
    await Promise.all([load.stop(), writes.stop()]);
  }
  return writes.acknowledged();
}

async function expectEqualSides(cluster: TestCluster, acknowledged: number): Promise<void> {
  await waitSynced(cluster);
  expect(await readPrefix(area(cluster, "primary"))).toBe(acknowledged);
  expect(await readPrefix(area(cluster, "secondary"))).toBe(acknowledged);
  expect(await siteDigests(cluster, "secondary")).toEqual(await siteDigests(cluster, "primary"));
}

describe("a daemon is killed under load and started again", () => {
  it.each<TestNode>(["primary-a", "relay-1", "secondary-a"])(
    "B2, B5: %s resumes where it was; hosts go on, and both sides end equal",
    async (node) => {
      await withCluster({}, async (cluster) => {
        await startAll(cluster);
        const acknowledged = await underLoad(cluster, async (goesOn) => {
          for (let times = 0; times < 2; times++) {
            await cluster.end([node]);
            await cluster.start(node);
            await goesOn();
          }
        });
        await expectEqualSides(cluster, acknowledged);
      });
    },
  );

  it("B5: all five at once, as in a power cut; acknowledged writes are there at both sides", async () => {
    await withCluster({}, async (cluster) => {
      await startAll(cluster);
      const acknowledged = await underLoad(cluster, async (goesOn) => {
        await cluster.end(nodeNames);
        await cluster.start(...nodeNames);
        await waitProtected(cluster);
        await goesOn();
      });
      await expectEqualSides(cluster, acknowledged);
    });
  });

  it("B5: stopped as asked (SIGTERM), they end with exit code 0 and resume as well", async () => {
    await withCluster({}, async (cluster) => {
      await startAll(cluster);
      const acknowledged = await underLoad(cluster, async (goesOn) => {
        for (const exit of await cluster.end(nodeNames, "SIGTERM")) expect(exit).toEqual({ code: 0, signal: null });
        await cluster.start(...nodeNames);
        await goesOn();
      });
      await expectEqualSides(cluster, acknowledged);
    });
  });
});

// B6, B11, B14: takeovers that meet what disasters bring: old primaries back, coordinators lost, relay or peer dead.
import { describe, expect, it } from "vitest";
import { connectBlock } from "@waystation/client/block-client";
import { defaultShape, primaries, secondaries, type TestNode } from "../harness/cluster-file.js";
import { startAll, waitSynced, withCluster, type TestCluster } from "../harness/cluster.js";
import { connectNbd } from "../harness/nbd-client.js";
import { waitUntil } from "../harness/wait.js";
import { readPrefix, startDependentWrites, type DependentWritesOptions } from "../drills/dependent-writes.js";

const side = { "vol-a": "a", "vol-b": "b" } as const;

function area(cluster: TestCluster, role: "primary" | "secondary"): DependentWritesOptions {
  return {
    open: (volume) => connectNbd(cluster.nbdPort(`${role}-${side[volume]}`), volume),
    volumeBytes: defaultShape.volumeBytes,
  };
}

/** Runs dependent writes until there are enough of them, then `disaster`; returns the last that was acknowledged. */
async function writeUntil(cluster: TestCluster, disaster: () => Promise<unknown>): Promise<number> {
  const writes = startDependentWrites(area(cluster, "primary"));
  await waitUntil("200 dependent writes", () => writes.acknowledged() >= 200);
  await disaster();
  await writes.stop();
  return writes.acknowledged();
}

async function phaseOf(cluster: TestCluster, node: TestNode): Promise<{ phase: string; detail: string }> {
  const [group] = (await cluster.status(node)).groups;
  return { phase: group?.phase ?? "", detail: group?.detail ?? "" };
}

async function accessOf(cluster: TestCluster, node: TestNode): Promise<string[]> {
  return (await cluster.status(node)).volumes.map(({ access }) => access);
}

describe("an old primary comes back after the takeover", () => {
  it("B14: it learns that its epoch is over, serves nobody, and says why; the far side goes on", async () => {
    await withCluster({}, async (cluster) => {
      await startAll(cluster);
      const acknowledged = await writeUntil(cluster, () => cluster.end(primaries));
      const { result } = await cluster.takeover();
      expect(result).toMatchObject({ outcome: "taken-over", lost: "nothing", absent: [], risks: [] });

      await cluster.start(...primaries);
      for (const node of primaries) {
        const fenced = await waitUntil(`${node} is fenced`, async () => {
          const found = await phaseOf(cluster, node);
          return found.phase === "fenced" ? found : null;
        });
        expect(fenced.detail).toMatch(/taken over|takeover/);
        expect(await accessOf(cluster, node)).toEqual(["closed"]);
      }
      await expect(connectNbd(cluster.nbdPort("primary-a"), "vol-a")).rejects.toThrow(/closed the connection/);
      const blocks = connectBlock(cluster.grpcAddress("primary-a"));
      const write = { volume: "vol-a", offsetBytes: 0, data: Buffer.alloc(4096, 1) };
      await expect(blocks.write(write)).rejects.toMatchObject({ code: "VOLUME_NOT_OPEN" });
      blocks.close();

      expect(await readPrefix(area(cluster, "secondary"))).toBeGreaterThanOrEqual(acknowledged);
      const client = await connectNbd(cluster.nbdPort("secondary-a"), "vol-a");
      await client.write(0, Buffer.alloc(4096, 7));
      expect(await client.read(0, 4096)).toEqual(Buffer.alloc(4096, 7));
      client.close();
    });
  });

  it("B14: it is still fenced after being killed and started again, with nobody left to tell it", async () => {
    await withCluster({}, async (cluster) => {
      await startAll(cluster);
      await writeUntil(cluster, () => cluster.end(primaries));
      await cluster.takeover();
      await cluster.start("primary-a");
      await waitUntil("primary-a is fenced", async () => (await phaseOf(cluster, "primary-a")).phase === "fenced");
      await cluster.end(["primary-a", "relay-1", ...secondaries]);
      await cluster.start("primary-a");
      expect(await phaseOf(cluster, "primary-a")).toMatchObject({ phase: "fenced" });
      expect(await accessOf(cluster, "primary-a")).toEqual(["closed"]);
    });
  });

  it("B14: primaries that are alive during the takeover are fenced by it; their hosts get errors, not silence", async () => {
    await withCluster({}, async (cluster) => {
      await startAll(cluster);
      const writes = startDependentWrites(area(cluster, "primary"));
      await waitUntil("200 dependent writes", () => writes.acknowledged() >= 200);
      const { result } = await cluster.takeover();
      expect(result).toMatchObject({ outcome: "taken-over", lost: "nothing" });
      await writes.ended;
      for (const node of primaries) expect(await phaseOf(cluster, node)).toMatchObject({ phase: "fenced" });
      expect(await readPrefix(area(cluster, "secondary"))).toBeGreaterThanOrEqual(writes.acknowledged());
    });
  });
});

describe("the coordinator is killed half-way", () => {
  it.each(["promise", "drain", "decide", "roll-forward"])(
    "B6: killed at the step '%s', the takeover is run again from the other side and ends at one point",
    async (phase) => {
      await withCluster({}, async (cluster) => {
        await startAll(cluster);
        const acknowledged = await writeUntil(cluster, () => cluster.end(primaries));
        const coordinator = cluster.process("secondary-a");
        const first = cluster.takeover({
          on: "secondary-a",
          onStep: (step) => (step.phase === phase ? coordinator.signal("SIGKILL") : undefined),
        });
        const how = await first.then(({ result }) => result.outcome, String);
        await coordinator.exited;
        await cluster.start("secondary-a");
        const again = await cluster.takeover({ on: "secondary-b" });
        expect(again.result, how).toMatchObject({ outcome: "taken-over", absent: [] });
        for (const node of secondaries) expect(await accessOf(cluster, node)).toEqual(["read-write"]);
        expect(await readPrefix(area(cluster, "secondary"))).toBeGreaterThanOrEqual(acknowledged);
      });
    },
  );
});

describe("the relay is dead too", () => {
  it("B11: takeover refuses, because nothing is fenced; with --force it goes on and says what is unknown", async () => {
    await withCluster({}, async (cluster) => {
      await startAll(cluster);
      const acknowledged = await writeUntil(cluster, () => cluster.end([...primaries, "relay-1"]));
      const refused = await cluster.takeover();
      expect(refused.result).toMatchObject({ outcome: "refused", code: "RELAY_UNREACHABLE" });
      for (const node of secondaries) expect(await accessOf(cluster, node)).toEqual(["read-only"]);

      const { result } = await cluster.takeover({ force: true });
      expect(result).toMatchObject({ outcome: "taken-over", lost: "unknown" });
      expect(result.lostDetail).toContain(`from ${result.sequence + 1}`);
      expect(result.risks.join()).toMatch(/relay-1 could not be fenced/);
      // Whatever is missing, what is there is in order.
      expect(await readPrefix(area(cluster, "secondary"))).toBeLessThanOrEqual(acknowledged + 1);
    });
  });

  it("B11: what the far side had settled when the relay died is all there", async () => {
    await withCluster({}, async (cluster) => {
      await startAll(cluster);
      const acknowledged = await writeUntil(cluster, () => Promise.resolve());
      await waitSynced(cluster);
      await cluster.end([...primaries, "relay-1"]);
      const { result } = await cluster.takeover({ force: true });
      expect(result).toMatchObject({ outcome: "taken-over", lost: "unknown" });
      expect(await readPrefix(area(cluster, "secondary"))).toBe(acknowledged);
    });
  });
});

describe("one secondary is dead", () => {
  it("B6: nothing is lost when all was settled, and the other joins at the same point when it is back", async () => {
    await withCluster({}, async (cluster) => {
      await startAll(cluster);
      const acknowledged = await writeUntil(cluster, () => Promise.resolve());
      await waitSynced(cluster);
      await cluster.end([...primaries, "secondary-b"]);
      const { result } = await cluster.takeover({ on: "secondary-a" });
      expect(result).toMatchObject({ outcome: "taken-over", lost: "nothing", absent: ["secondary-b"] });
      expect(await accessOf(cluster, "secondary-a")).toEqual(["read-write"]);

      await cluster.start("secondary-b");
      await waitUntil(
        "secondary-b has joined",
        async () => (await accessOf(cluster, "secondary-b"))[0] === "read-write",
      );
      expect(await readPrefix(area(cluster, "secondary"))).toBe(acknowledged);
    });
  });

  it("B11: writes that it alone would have are not dropped silently: refused, or named with --force", async () => {
    await withCluster({}, async (cluster) => {
      await startAll(cluster);
      const acknowledged = await writeUntil(cluster, async () => {
        await cluster.end(["secondary-b"]);
        await writesAdvance(cluster);
        await cluster.end(primaries);
      });
      const refused = await cluster.takeover({ on: "secondary-a" });
      expect(refused.result).toMatchObject({ outcome: "refused", code: "WOULD_LOSE_WRITES" });
      expect(refused.result.message).toContain("secondary-b");

      await cluster.start("secondary-b");
      const { result } = await cluster.takeover({ on: "secondary-a" });
      expect(result).toMatchObject({ outcome: "taken-over", lost: "nothing", absent: [] });
      expect(await readPrefix(area(cluster, "secondary"))).toBeGreaterThanOrEqual(acknowledged);
    });
  });
});

/** The relay stamps some more: with a secondary dead, these cannot be settled. */
async function writesAdvance(cluster: TestCluster): Promise<void> {
  const stamped = async (): Promise<number> => (await cluster.status("relay-1")).groups[0]?.relay?.stamped ?? 0;
  const before = await stamped();
  await waitUntil("the relay stamps more writes", async () => (await stamped()) >= before + 50);
}

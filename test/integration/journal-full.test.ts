// DESIGN rule 6: a journal that fills holds host writes for the hold time, then fails them; nothing grows, nothing is lost.
import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { mebibyte } from "../harness/cluster-file.js";
import { startAll, waitProtected, waitSynced, withCluster, type TestCluster } from "../harness/cluster.js";
import { connectNbd, NbdRefusal } from "../harness/nbd-client.js";
import { siteDigests } from "../harness/volume-digest.js";
import { waitUntil } from "../harness/wait.js";

const ioError = 5;
const holdMs = 3000;
const shape = { hold: `${holdMs}ms`, lease: "1s", relayJournal: "64MiB" } as const;
const volumeBytes = 128 * mebibyte;

interface RefusedWrite {
  /** How many were written before it. */
  readonly written: number;
  readonly failure: unknown;
  readonly heldMs: number;
}

/** Writes 1 MiB at a time, one after the other, until one fails. */
async function writeUntilRefused(cluster: TestCluster): Promise<RefusedWrite> {
  const client = await connectNbd(cluster.nbdPort("primary-a"), "vol-a");
  try {
    for (let written = 0; written < 1000; written++) {
      const sentAtMs = performance.now();
      try {
        await client.write((written * mebibyte) % volumeBytes, randomBytes(mebibyte));
      } catch (failure) {
        return { written, failure, heldMs: performance.now() - sentAtMs };
      }
    }
    throw new Error("a thousand writes went into a journal of 64 MiB");
  } finally {
    client.close();
  }
}

describe("the relay's journal is full, because a secondary is down", () => {
  it("B5: host writes are held, then fail with EIO; they go on when the secondary is back, and both sides end equal", async () => {
    await withCluster({ shape }, async (cluster) => {
      await startAll(cluster);
      await cluster.end(["secondary-a"]);
      const { written, failure, heldMs } = await writeUntilRefused(cluster);
      expect(failure).toBeInstanceOf(NbdRefusal);
      expect(failure).toMatchObject({ errno: ioError });
      expect(heldMs).toBeGreaterThanOrEqual(holdMs);
      // The journal's capacity, less what one primary must leave to the other.
      expect(written).toBeGreaterThan(16);
      expect(written).toBeLessThanOrEqual(64);
      const relay = (await cluster.status("relay-1")).groups[0]?.relay;
      expect(relay?.journalUsedBytes).toBeLessThanOrEqual(relay?.journalCapacityBytes ?? 0);

      await cluster.start("secondary-a");
      await waitProtected(cluster);
      await waitUntil("hosts can write again", async () => {
        const client = await connectNbd(cluster.nbdPort("primary-a"), "vol-a");
        try {
          await client.write(0, randomBytes(4096));
          return true;
        } finally {
          client.close();
        }
      });
      await waitSynced(cluster);
      expect(await siteDigests(cluster, "secondary")).toEqual(await siteDigests(cluster, "primary"));
    });
  });
});

describe("the relay is down", () => {
  it("B2: a host write is held for the hold time and fails with EIO, never acknowledged on one leg", async () => {
    await withCluster({ shape }, async (cluster) => {
      await startAll(cluster);
      await cluster.end(["relay-1"]);
      const client = await connectNbd(cluster.nbdPort("primary-a"), "vol-a");
      await expect(client.write(0, Buffer.alloc(4096, 9))).rejects.toMatchObject({ errno: ioError });
      client.close();

      await cluster.start("relay-1");
      await waitProtected(cluster);
      const again = await connectNbd(cluster.nbdPort("primary-a"), "vol-a");
      await again.write(0, Buffer.alloc(4096, 10));
      again.close();
      await waitSynced(cluster);
      expect(await siteDigests(cluster, "secondary")).toEqual(await siteDigests(cluster, "primary"));
    });
  });

  it("B2: a write that is held goes on by itself when the relay is back in time", async () => {
    await withCluster({}, async (cluster) => {
      await startAll(cluster);
      await cluster.end(["relay-1"]);
      const client = await connectNbd(cluster.nbdPort("primary-b"), "vol-b");
      const write = client.write(4096, Buffer.alloc(4096, 11));
      await waitUntil("the write is held", async () => {
        const primary = (await cluster.status("primary-b")).groups[0]?.primary;
        return (primary?.writesInFlight ?? 0) + (primary?.writesHeld ?? 0) > 0;
      });
      await cluster.start("relay-1");
      await write;
      client.close();
      await waitSynced(cluster);
      expect(await siteDigests(cluster, "secondary")).toEqual(await siteDigests(cluster, "primary"));
    });
  });
});

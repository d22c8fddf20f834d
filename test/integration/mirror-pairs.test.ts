// SPEC A5-A7, A9, A10, F4: mirror pairs between unlike arrays of a real node, by wayctl, under verified I/O.
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { PairReport } from "@waystation/contracts/storage-front";
import { succeed } from "../harness/programs.js";
import { withStorageNode, type StorageNode } from "../harness/storage-node.js";

const MiB = 2 ** 20;
const sizeBytes = 64 * MiB;
const shape = {
  arrays: [
    { name: "a1", level: "raid6", disks: 5, diskSize: "256MiB" },
    { name: "a2", level: "raid5", disks: 4, diskSize: "256MiB" },
  ],
  volumes: [
    { name: "db", array: "a1", size: sizeBytes },
    { name: "copy", array: "a2", size: sizeBytes },
  ],
};

async function digest(node: StorageNode, volume: string): Promise<string> {
  const client = await node.nbd(volume);
  const hash = createHash("sha256");
  for (let at = 0; at < sizeBytes; at += 4 * MiB) hash.update(await client.read(at, 4 * MiB));
  client.close();
  return hash.digest("hex");
}

async function write(node: StorageNode, volume: string, offsetBytes: number, text: string): Promise<void> {
  const client = await node.nbd(volume);
  await client.write(offsetBytes, Buffer.from(text));
  client.close();
}

function verifiedWrites(node: StorageNode, volume: string): Promise<string> {
  return succeed("fio", [
    ...["--name=verify", "--ioengine=nbd", `--uri=${node.nbdUri(volume)}`, "--rw=randrw", "--bsrange=4k-128k"],
    ...["--size=48m", "--iodepth=8", "--verify=crc32c", "--verify_fatal=1", "--verify_state_save=0"],
  ]);
}

describe("wayctl pair", () => {
  it("A5, A6, A7, A9, A10, F4: create under load, split, write both sides, resync, restore: every byte right", async () => {
    await withStorageNode(shape, async (node) => {
      await node.start();
      await write(node, "copy", 0, "what the copy held");
      const load = verifiedWrites(node, "db");
      const created = await node.ask<PairReport>("pair", "create", "db", "copy", "--wait");
      expect(created).toMatchObject({ state: "PAIR", progress: null });
      await load;
      expect(await node.succeed("pair", "split", "db", "--wait")).toContain("PSUS");
      expect(await digest(node, "copy")).toBe(await digest(node, "db"));

      await write(node, "db", 5 * MiB, "written on the primary");
      await write(node, "copy", 9 * MiB, "written on the copy");
      const split = await node.ask<PairReport>("pair", "show", "db", "copy");
      expect(split.dirtyRegions).toBeGreaterThan(0);
      expect(split.dirtyRegions).toBeLessThan(split.regions / 2);
      await node.succeed("pair", "resync", "db", "copy", "--wait");
      expect(await digest(node, "copy")).toBe(await digest(node, "db"));

      await node.succeed("pair", "split", "db", "--quick", "--wait");
      await write(node, "copy", 17 * MiB, "to be brought back");
      await write(node, "db", 19 * MiB, "to be overwritten");
      const image = await digest(node, "copy");
      await node.succeed("pair", "restore", "db", "--wait");
      expect(await digest(node, "db")).toBe(image);
      expect(await digest(node, "copy")).toBe(image);
      await node.succeed("pair", "delete", "db", "copy");
      expect(await node.ask<{ pairs: unknown[] }>("pair", "list")).toEqual({ pairs: [] });
    });
  });

  it("A5, A6: a pair survives a kill, duplex or split, and nothing that was flushed is missing on either side", async () => {
    await withStorageNode(shape, async (node) => {
      await node.start();
      await node.succeed("pair", "create", "db", "copy", "--wait");
      await verifiedWrites(node, "db");
      await node.end("SIGKILL");
      await node.start();
      await node.succeed("pair", "wait", "db", "--timeout", "60s");
      expect(await digest(node, "copy")).toBe(await digest(node, "db"));
      await node.succeed("pair", "split", "db");
      await write(node, "db", 0, "after the split");
      await node.end("SIGKILL");
      await node.start();
      expect(await node.ask<PairReport>("pair", "show", "db")).toMatchObject({ state: "PSUS" });
      await node.succeed("pair", "resync", "db", "--wait");
      expect(await digest(node, "copy")).toBe(await digest(node, "db"));
    });
  });

  it("F4: what the state does not allow is refused with exit code 3 and the command that is legal", async () => {
    await withStorageNode(shape, async (node) => {
      await node.start();
      await node.succeed("pair", "create", "db", "copy", "--wait");
      const restore = await node.wayctl("pair", "restore", "db");
      expect(restore.exitCode).toBe(3);
      expect(restore.stderr).toMatch(/PAIR \(in sync\).*wayctl pair split db copy.*PAIR_STATE/);
      const erase = await node.wayctl("volume", "delete", "copy");
      expect(erase.exitCode).toBe(3);
      expect(await node.succeed("status")).toMatch(/n1\/db +n1\/copy +PAIR/);
    });
  });
});

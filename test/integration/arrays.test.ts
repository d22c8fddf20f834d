// SPEC A2, A4, F4: what operators see and do of a real node's arrays: disks that vanish, are replaced, spared, corrupt.
import { randomBytes } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ArrayReport, ScrubReport } from "@waystation/contracts/storage-front";
import { succeed } from "../harness/programs.js";
import { withStorageNode, type StorageNode } from "../harness/storage-node.js";
import { waitUntil } from "../harness/wait.js";

const MiB = 2 ** 20;
const shape = {
  arrays: [{ name: "a1", level: "raid6", disks: 5, diskSize: "192MiB", spares: 1 }],
  volumes: [{ name: "db", array: "a1", size: "64MiB" }],
};
const withoutSpares = { ...shape, arrays: [{ name: "a1", level: "raid6", disks: 5, diskSize: "192MiB" }] };

const show = (node: StorageNode): Promise<ArrayReport> => node.ask<ArrayReport>("array", "show", "a1");

function fio(node: StorageNode, ...options: readonly string[]): Promise<string> {
  return succeed("fio", [
    ...["--name=verify", "--ioengine=nbd", `--uri=${node.nbdUri("db")}`, "--bs=64k", "--size=48m", "--iodepth=8"],
    ...["--verify=crc32c", "--verify_fatal=1", "--verify_state_save=0", ...options],
  ]);
}
const writeAll = (node: StorageNode): Promise<string> => fio(node, "--rw=write", "--do_verify=0", "--end_fsync=1");
const verifyAll = (node: StorageNode): Promise<string> => fio(node, "--rw=read");

describe("wayctl array", () => {
  it("A2, F4: a deleted disk is noticed, a new one at its place is rebuilt, and hosts notice nothing", async () => {
    await withStorageNode(withoutSpares, async (node) => {
      await node.start();
      await writeAll(node);
      await rm(node.diskPath("a1", "disk-1"), { recursive: true });
      const degraded = await waitUntil("the array is degraded", async () => {
        const report = await show(node);
        return report.health === "degraded" ? report : null;
      });
      expect(degraded.disks[1]).toMatchObject({ slot: 1, health: "absent" });
      expect(await node.succeed("array", "show", "a1")).toMatch(/1 +absent +0 +\S+disk-1/);
      expect(await node.succeed("status")).toMatch(/n1 +a1 +raid6 over 5 +degraded/);
      await verifyAll(node);

      const nothing = await node.wayctl("array", "rebuild", "a1", "--wait");
      expect(nothing.exitCode).toBe(3);
      expect(nothing.stdout + nothing.stderr).toContain("wayctl array replace");
      const load = verifyAll(node);
      expect(await node.succeed("array", "replace", "a1", "1", "--wait")).toContain("state optimal");
      await load;
      // Without redundancy elsewhere, what was rebuilt must be right by itself.
      for (const slot of ["0", "2"]) await node.succeed("array", "fail", "a1", slot);
      await verifyAll(node);
      const third = await node.wayctl("array", "fail", "a1", "1");
      expect(third).toMatchObject({ exitCode: 3, stderr: expect.stringContaining("ARRAY_STATE") as string });
    });
  });

  it("A2, F4: a spare takes a failed disk's place by itself, and goes on with that after a kill", async () => {
    await withStorageNode(shape, async (node) => {
      await node.start();
      await writeAll(node);
      await node.succeed("array", "fail", "a1", "3");
      await node.end("SIGKILL");
      await node.start();
      expect(await node.succeed("array", "rebuild", "a1", "--wait")).toContain("state optimal");
      const { disks } = await show(node);
      expect(disks[3]).toMatchObject({ health: "active", file: node.diskPath("a1", "spare-0") });
      await verifyAll(node);
    });
  });

  it("A4, F4: scrub finds a block that was changed behind the array's back, puts it right, and tells where", async () => {
    await withStorageNode(withoutSpares, async (node) => {
      await node.start();
      await writeAll(node);
      const mark = Buffer.alloc(4096, "a block that a disk will change by itself; ");
      const client = await node.nbd("db");
      // Beside other data, so that its parity is another block.
      await client.write(49 * MiB, randomBytes(2 * MiB));
      await client.write(50 * MiB, mark);
      client.close();
      await node.end("SIGTERM");
      const changed = await changeBlock(node, mark);
      await node.start();
      const report = await node.ask<ScrubReport>("array", "scrub", "a1", "--wait");
      expect(report).toMatchObject({ repairedBlocks: 1, unrepairableBlocks: 0, failure: "" });
      expect(report.findings).toEqual([
        { disk: changed.disk, offsetBytes: changed.offsetBytes, kind: "data", repaired: true },
      ]);
      expect(await node.succeed("array", "scrub", "a1", "--wait")).toContain("0 blocks put right");
      expect(await node.succeed("array", "show", "a1")).toMatch(/active +1 +\S+disk-/);
      const again = await node.nbd("db");
      expect((await again.read(50 * MiB, 4096)).equals(mark)).toBe(true);
      again.close();
    });
  });
});

/** Finds a block on whichever disk holds it, and flips a bit of it. */
async function changeBlock(node: StorageNode, block: Buffer): Promise<{ disk: string; offsetBytes: number }> {
  const disks = [0, 1, 2, 3, 4].map((slot) => node.diskPath("a1", `disk-${slot}`));
  const places = await Promise.all(
    disks.map(async (disk) => ({ disk, offsetBytes: (await readFile(imageOf(disk))).lastIndexOf(block) })),
  );
  // Its copies in the stripe log, which lies before the data, are nobody's any more.
  const place = places.reduce((last, other) => (other.offsetBytes > last.offsetBytes ? other : last));
  expect(place.offsetBytes).toBeGreaterThan(0);
  const content = await readFile(imageOf(place.disk));
  content.writeUInt8(content.readUInt8(place.offsetBytes + 7) ^ 1, place.offsetBytes + 7);
  await writeFile(imageOf(place.disk), content);
  return place;
}

function imageOf(disk: string): string {
  return join(disk, "disk.img");
}

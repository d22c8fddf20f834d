// SPEC A1, F2, F4: volumes in no group, from the command that makes one to the one that deletes it, over real processes.
import { describe, expect, it } from "vitest";
import type { ArrayReport } from "@waystation/contracts/storage-front";
import { connectBlock } from "@waystation/client/block-client";
import { succeed } from "../harness/programs.js";
import { withStorageNode } from "../harness/storage-node.js";

const MiB = 2 ** 20;
const shape = {
  arrays: [
    { name: "a1", level: "raid5", disks: 4, diskSize: "256MiB" },
    { name: "a2", level: "raid10", disks: 4, diskSize: "256MiB" },
  ],
  volumes: [{ name: "named", array: "a2", size: "64MiB" }],
};

describe("volumes in no group", () => {
  it("A1, F2, F4: are made by command, take verified I/O over NBD and gRPC, survive a kill, and are deleted", async () => {
    await withStorageNode(shape, async (node) => {
      await node.start();
      const before = await node.ask<ArrayReport>("array", "show", "a1");
      expect(await node.succeed("volume", "create", "scratch", "--array", "a1", "--size", "64MiB")).toContain(
        "n1/scratch",
      );
      expect(await node.succeed("volume", "list")).toMatch(/scratch +n1 +standalone +read-write +thick +64 MiB/);
      expect(await node.succeed("volume", "list")).toMatch(/named +n1 +standalone +read-write/);

      for (const volume of ["scratch", "named"])
        await succeed("fio", [
          ...["--name=verify", "--ioengine=nbd", `--uri=${node.nbdUri(volume)}`, "--rw=randrw", "--bsrange=4k-256k"],
          ...[
            "--size=32m",
            "--iodepth=16",
            "--verify=crc32c",
            "--verify_fatal=1",
            "--fsync=32",
            "--verify_state_save=0",
          ],
        ]);
      const client = await node.nbd("scratch");
      await client.write(0, Buffer.from("kept, since the gRPC write below flushes"));
      const block = connectBlock(node.grpcAddress);
      await block.write({ volume: "scratch", offsetBytes: 32 * MiB, data: Buffer.from("durable when answered") });
      block.close();
      client.close();

      await node.end("SIGKILL");
      await node.start();
      const again = await node.nbd("scratch");
      expect((await again.read(32 * MiB, 21)).toString()).toBe("durable when answered");
      expect((await again.read(0, 4)).toString()).toBe("kept");
      await node.succeed("volume", "delete", "scratch");
      await expect(again.read(0, 4)).rejects.toThrow();
      const after = await node.ask<ArrayReport>("array", "show", "a1");
      expect(after.freeBytes).toBe(before.freeBytes);
      expect(await node.succeed("volume", "list")).not.toContain("scratch");
    });
  });

  it("F4: what cannot be is refused with exit code 3, and says what would be legal", async () => {
    await withStorageNode(shape, async (node) => {
      await node.start();
      const large = await node.wayctl("volume", "create", "large", "--array", "a1", "--size", "10GiB");
      expect(large).toMatchObject({ exitCode: 3, stderr: expect.stringContaining("NO_SPACE") as string });
      const named = await node.wayctl("volume", "delete", "named");
      expect(named.exitCode).toBe(3);
      expect(named.stderr).toContain("it stands in cluster.yaml; take it out there");
      const twice = await node.wayctl("volume", "create", "named", "--array", "a1", "--size", "4MiB");
      expect(twice.stderr).toContain("n1 has a volume named already, on array a2: choose another name");
    });
  });
});

describe("snapshots and clones", () => {
  it("A1, F4: keep what was, are volumes of their own, and give their space back", async () => {
    await withStorageNode(shape, async (node) => {
      await node.start();
      const write = async (volume: string, text: string): Promise<void> => {
        const client = await node.nbd(volume);
        await client.write(0, Buffer.from(text));
        client.close();
      };
      const read = async (volume: string): Promise<string> => {
        const client = await node.nbd(volume);
        const data = await client.read(0, 4);
        client.close();
        return data.toString();
      };
      await node.succeed("volume", "create", "db", "--array", "a1", "--size", "32MiB");
      await write("db", "past");
      await node.succeed("volume", "snapshot", "db", "monday");
      await write("db", "now!");
      await node.succeed("volume", "clone", "monday", "trial");
      await write("trial", "test");
      await expect(write("monday", "no")).rejects.toThrow();
      await node.end("SIGTERM");
      await node.start();
      expect([await read("db"), await read("monday"), await read("trial")]).toEqual(["now!", "past", "test"]);
      expect(await node.succeed("volume", "list")).toMatch(/monday +n1 +standalone +read-only +snapshot/);
      const refused = await node.wayctl("volume", "delete", "db");
      expect(refused).toMatchObject({
        exitCode: 3,
        stderr: expect.stringContaining("first wayctl volume delete monday") as string,
      });
      for (const volume of ["trial", "monday", "db"]) await node.succeed("volume", "delete", volume);
      const { volumes } = await node.ask<{ volumes: { volume: string }[] }>("volume", "list");
      expect(volumes.map(({ volume }) => volume)).toEqual(["named"]);
    });
  });
});

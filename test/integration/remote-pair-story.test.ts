// A8: a mirror pair across two real daemons, which die in turn while hosts write: the P-VOL's hosts go on without the far
// node, and what both volumes must hold is known at every step.
import { describe, expect, it } from "vitest";
import type { PairReport } from "@waystation/contracts/storage-front";
import { createRandom } from "@waystation/contracts/random";
import { mebibyte } from "../harness/cluster-file.js";
import { startModelledWrites, type ModelledWrites } from "../harness/modelled-writes.js";
import { withStorageNodes, type StorageNode } from "../harness/storage-node.js";
import { blockBytes, checkVolume, createVolumeModel, type VolumeModel } from "../harness/volume-model.js";
import { waitUntil } from "../harness/wait.js";

const volumeBytes = 32 * mebibyte;
const shapes = {
  near: {
    arrays: [{ name: "six", level: "raid6", disks: 6, diskSize: "128MiB" }],
    volumes: [{ name: "db", array: "six", size: volumeBytes }],
  },
  far: {
    arrays: [{ name: "five", level: "raid5", disks: 4, diskSize: "128MiB" }],
    volumes: [{ name: "db-copy", array: "five", size: volumeBytes }],
  },
};
const random = createRandom(8);

interface Side {
  readonly node: StorageNode;
  readonly volume: string;
  readonly model: VolumeModel;
}

function startWrites({ node, volume, model }: Side, writes?: number): ModelledWrites {
  const area = { firstBlock: 0, blockCount: volumeBytes / blockBytes };
  const limit = writes === undefined ? {} : { writes };
  return startModelledWrites({ open: () => node.nbd(volume), model, random: random.fork(), ...area, ...limit });
}

async function check({ node, volume, model }: Side): Promise<void> {
  const client = await node.nbd(volume);
  await checkVolume(client, model).finally(() => client.close());
}

const stateOf = async (node: StorageNode): Promise<string> =>
  (await node.ask<PairReport>("pair", "show", "db", "db-copy")).state;

/** The far node dies: the pair is suspended, and hosts go on. It comes back, and what changed is copied. */
async function loseTheFarNode(near: StorageNode, far: StorageNode, writes: ModelledWrites): Promise<void> {
  await far.end("SIGKILL");
  await waitUntil("the pair is suspended", async () => (await stateOf(near)) === "PSUE");
  const before = writes.written();
  await waitUntil("hosts write without the far node", () => writes.written() > before + 50);
  await far.start();
  await resyncUntilTaken(near);
  await near.succeed("pair", "wait", "db", "--state", "PAIR", "--timeout", "60s");
}

/** As the refusal says: again, when the far node is back. It may take a moment until it is seen. */
async function resyncUntilTaken(near: StorageNode): Promise<void> {
  await waitUntil("a resync is begun", async () => (await near.wayctl("pair", "resync", "db")).exitCode === 0);
}

/** The near node dies amid a resync, which goes on by itself. */
async function loseTheNearNode(near: StorageNode): Promise<void> {
  const copies = near.says(/^pair db\/db-copy is COPY/);
  const command = near.wayctl("pair", "resync", "db");
  await copies;
  await near.end("SIGKILL");
  await command;
  await near.start();
  // It may have died before the command counted; once more is legal where it had.
  await near.succeed("pair", "resync", "db");
  await near.succeed("pair", "wait", "db", "--state", "PAIR", "--timeout", "60s");
}

describe("a pair across two daemons", () => {
  it("A8, A6, A7, A10: survives the death of either under writes; split, resync and restore end with every byte right", async () => {
    await withStorageNodes(shapes, async ({ near, far }) => {
      await Promise.all([near.start(), far.start()]);
      const primary: Side = { node: near, volume: "db", model: createVolumeModel(volumeBytes) };
      const writes = startWrites(primary);
      await near.succeed("pair", "create", "db", "db-copy", "--wait");
      await loseTheFarNode(near, far, writes);
      await near.succeed("pair", "split", "db", "--wait");
      const before = writes.written();
      await waitUntil("hosts write while it is split", () => writes.written() > before + 100);
      await loseTheNearNode(near);
      await writes.stop();
      await check(primary);

      // Each side goes its own way; what hosts write to the P-VOL from here on is taken back.
      await near.succeed("pair", "split", "db", "--wait");
      const image = primary.model.copy();
      const secondary: Side = { node: far, volume: "db-copy", model: image };
      await Promise.all([startWrites(primary, 200).ended, startWrites(secondary, 100).ended]);
      await Promise.all([check(primary), check(secondary)]);
      await near.succeed("pair", "restore", "db", "--wait");
      await check({ ...primary, model: image });
      await near.succeed("pair", "delete", "db", "db-copy");
      await check({ ...primary, model: image });
      await check({ node: far, volume: "db-copy", model: image });
      for (const node of [near, far]) expect(await node.end("SIGTERM")).toMatchObject({ code: 0 });
    });
  });
});

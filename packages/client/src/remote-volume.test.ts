import { afterEach, describe, expect, it } from "vitest";
import type { BlockFront } from "@waystation/contracts/block-front";
import { cleanUp, eventually, onCleanUp, startTestServer, testFront } from "@waystation/rpc/testing";
import { linkTo } from "@waystation/rpc/testing-link";
import { connectBlock } from "./block-client.js";
import { openRemoteVolume } from "./remote-volume.js";

afterEach(cleanUp);

const sizeBytes = 8 * 1024 * 1024;

/** A far node that lends `vol-a` under a new name each time, and serves the last one alone. */
async function start() {
  const inner = testFront(sizeBytes);
  let sessions = 0;
  const front: BlockFront = {
    list: () => inner.list(),
    open: (name, onRevoked) => inner.open(name === `session-${sessions}` ? "vol-a" : name, onRevoked),
  };
  const { port } = await startTestServer({ front });
  const link = await linkTo(port);
  const blocks = connectBlock(`127.0.0.1:${link.port}`, { timeoutMs: 2_000 });
  onCleanUp(() => blocks.close());
  const attach = async () => {
    inner.revoke("another session");
    sessions++;
    return { sizeBytes, stripeBytes: 192 * 1024, sessionVolume: `session-${sessions}` };
  };
  const volume = openRemoteVolume({ blocks, attach, sizeBytes, writeTimeoutMs: 5_000 });
  onCleanUp(() => volume.close());
  return { inner, link, volume, sessions: () => sessions };
}

describe("a volume of another node", () => {
  it("A8: holds what was written, zeroed and written over, and reads it back", async () => {
    const { inner, volume } = await start();
    const data = Buffer.alloc(3_000_000, 7);
    await volume.writeBatch([
      { offsetBytes: 100, lengthBytes: data.length, data },
      { offsetBytes: 5_000_000, lengthBytes: 10, data: Buffer.alloc(10, 8) },
    ]);
    await volume.writeBatch([
      { offsetBytes: 200, lengthBytes: 1_500_000, data: Buffer.alloc(1_500_000, 9) },
      { offsetBytes: 300, lengthBytes: 50, data: null },
    ]);
    const model = Buffer.alloc(sizeBytes).fill(7, 100, 3_000_100).fill(9, 200, 1_500_200).fill(0, 300, 350);
    model.fill(8, 5_000_000, 5_000_010);
    expect(inner.content.equals(model)).toBe(true);
    expect((await volume.read(50, sizeBytes - 50)).equals(model.subarray(50))).toBe(true);
    expect(volume.stripeBytes).toBe(192 * 1024);
  });

  it("A8: what crosses the link is at most 1.02 of the data, in large and in small writes", async () => {
    const { link, volume } = await start();
    await volume.write(0, Buffer.alloc(10, 1));
    let before = link.sentBytes;
    for (let at = 0; at < sizeBytes; at += 2 * 1024 * 1024)
      await volume.write(at, Buffer.alloc(2 * 1024 * 1024, at + 1));
    expect((link.sentBytes - before) / sizeBytes).toBeLessThan(1.02);
    before = link.sentBytes;
    const writes = Array.from({ length: 1024 }, (_, index) => volume.write(index * 4096, Buffer.alloc(4096, index)));
    await Promise.all(writes);
    expect((link.sentBytes - before) / (1024 * 4096)).toBeLessThan(1.02);
  });

  it("A8: a session that broke in between is taken up by the next; the far node has ended it by then", async () => {
    const { inner, link, volume, sessions } = await start();
    await volume.write(0, Buffer.alloc(10, 1));
    inner.revoke("restart");
    await volume.write(10, Buffer.alloc(10, 2));
    link.cut();
    link.mend();
    await eventually(() => volume.write(20, Buffer.alloc(10, 3)));
    const expected = Buffer.alloc(31).fill(1, 0, 10).fill(2, 10, 20).fill(3, 20, 30);
    expect(inner.content.subarray(0, 31).equals(expected)).toBe(true);
    expect(sessions()).toBeGreaterThanOrEqual(3);
  });

  it("A8: fails while the link is cut, and works again after it", async () => {
    const { inner, link, volume } = await start();
    await volume.flush();
    link.cut();
    await expect(volume.write(0, Buffer.alloc(10, 1))).rejects.toMatchObject({ name: "Failure" });
    await expect(volume.flush()).rejects.toMatchObject({ name: "Failure" });
    link.mend();
    await eventually(() => volume.write(0, Buffer.alloc(10, 4)));
    expect(inner.content[0]).toBe(4);
  });
});

import { setImmediate as immediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Failure } from "@waystation/contracts/errors";
import { createRandom } from "@waystation/contracts/random";
import type { RemoteSecondaries } from "./remote-secondary.js";
import { submit } from "./testing-model.js";
import { openSite, type Site } from "./testing-pairs.js";

const sizeBytes = 64 * 1024;
const regionBytes = 2048;
const m = { primary: "p", secondary: "s" };

/** Another site, reached over a link that can be cut, and what crossed it. */
interface Link extends RemoteSecondaries {
  isCut: boolean;
  /** Until then the far node does not answer. */
  silence: Promise<void> | null;
  sentBytes: number;
  readBytes: number;
}

function linkTo(far: () => Site): Link {
  const reach = (): void => {
    if (link.isCut) throw new Failure("RPC_UNREACHABLE", "the link is cut");
  };
  const link: Link = {
    isCut: false,
    silence: null,
    sentBytes: 0,
    readBytes: 0,
    async borrow({ volume, pairId, primary }) {
      reach();
      const { sizeBytes: bytes } = await far().pairs.loans.lend({ volume, pairId, primary, primaryNode: "near" });
      return { sizeBytes: bytes };
    },
    async giveBack({ volume, pairId }) {
      reach();
      await far().pairs.loans.giveBack({ volume, pairId });
    },
    async openToHosts({ volume, pairId }, split) {
      reach();
      await far().pairs.loans.openToHosts({ volume, pairId }, split);
    },
    async closeToHosts({ volume, pairId }) {
      reach();
      return far().pairs.loans.closeToHosts({ volume, pairId });
    },
    open({ volume }, bytes) {
      const over = <T>(run: () => Promise<T>): Promise<T> => Promise.resolve().then(reach).then(run);
      const store = () => far().volume(volume);
      return {
        sizeBytes: bytes,
        stripeBytes: store().stripeBytes,
        stripeOffsetBytes: 0,
        read: (offset, length) => {
          link.readBytes += length;
          return over(() => store().read(offset, length));
        },
        readNow: () => false,
        write: (offset, data) => {
          link.sentBytes += data.length;
          return over(() => store().writeBatch([{ offsetBytes: offset, lengthBytes: data.length, data }]));
        },
        zero: (offset, length) => over(() => store().zero(offset, length)),
        writeBatch: (writes) => {
          for (const { lengthBytes } of writes) link.sentBytes += lengthBytes;
          return over(() => store().writeBatch(writes));
        },
        flush: async () => {
          await link.silence;
          return over(() => store().flush());
        },
        close: () => Promise.resolve(),
      };
    },
  };
  return link;
}

async function twoSites(): Promise<{ near: Site; far: { site: Site }; link: Link }> {
  const far = { site: await openSite({ sizeBytes, volumes: { s: 3072, other: 3072 } }) };
  const link = linkTo(() => far.site);
  const near = await openSite({ sizeBytes, volumes: { p: 2560, p2: 2560 }, remotes: link });
  await submit(near.pairs.volume("p"), { side: "p", sector: 0, sectors: sizeBytes / 512, value: 1 }, "batch");
  return { near, far, link };
}

describe("a pair whose secondary is on another node", () => {
  it("A8: copies and mirrors over the link; only user data crosses it, once", async () => {
    const { near, far, link } = await twoSites();
    await near.pairs.create({ ...m, secondaryNode: "far", regionBytes });
    expect((await near.pairs.wait(m)).state).toBe("PAIR");
    expect([link.sentBytes, link.readBytes]).toEqual([sizeBytes, 0]);
    await submit(near.pairs.volume("p"), { side: "p", sector: 7, sectors: 9, value: 2 }, "batch");
    expect(link.sentBytes).toBe(sizeBytes + 9 * 512);
    expect(far.site.volume("s").content().equals(near.volume("p").content())).toBe(true);
    await near.pairs.split(m);
    await submit(near.pairs.volume("p"), { side: "p", sector: 30, sectors: 1, value: 3 }, "batch");
    expect(link.sentBytes).toBe(sizeBytes + 9 * 512);
    await near.pairs.resync(m);
    await near.pairs.wait(m);
    expect([link.sentBytes, link.readBytes]).toEqual([sizeBytes + 9 * 512 + regionBytes, 0]);
    expect(far.site.volume("s").content().equals(near.volume("p").content())).toBe(true);
  });

  it("A8: the far node refuses its hosts, also after a restart, until the pair is deleted", async () => {
    const { near, far } = await twoSites();
    const host = far.site.pairs.volume("s");
    await near.pairs.create({ ...m, secondaryNode: "far", regionBytes });
    await expect(host.write(0, Buffer.alloc(1))).rejects.toMatchObject({
      code: "READ_ONLY",
      message: expect.stringContaining("pair p/s of node near") as unknown,
    });
    await expect(host.read(0, 1)).rejects.toMatchObject({ code: "VOLUME_NOT_OPEN" });
    expect(far.site.pairs.accessOf("s")).toEqual({ access: "closed", detail: "S-VOL of p on near" });
    await near.pairs.wait(m);
    far.site = await far.site.restart(createRandom(1));
    const again = far.site.pairs.volume("s");
    await expect(again.zero(0, 1)).rejects.toMatchObject({ code: "READ_ONLY" });
    await expect(far.site.pairs.create({ primary: "other", secondary: "s" })).rejects.toMatchObject({
      code: "VOLUME_IN_USE",
      message: expect.stringContaining("near") as unknown,
    });
    const other = { volume: "s", pairId: "x", primary: "p2", primaryNode: "near" };
    await expect(far.site.pairs.loans.lend(other)).rejects.toMatchObject({ code: "VOLUME_IN_USE" });
    await near.pairs.delete(m);
    await again.write(0, Buffer.alloc(1, 9));
    expect(far.site.pairs.loans.list()).toEqual([]);
    expect(far.site.home.documents.names()).toEqual([]);
  });

  it("A8: a lost link suspends the pair and no host; the resync sends what was written meanwhile", async () => {
    const { near, far, link } = await twoSites();
    await near.pairs.create({ ...m, secondaryNode: "far", regionBytes });
    await near.pairs.wait(m);
    link.isCut = true;
    await submit(near.pairs.volume("p"), { side: "p", sector: 7, sectors: 2, value: 2 }, "batch");
    await submit(near.pairs.volume("p"), { side: "p", sector: 70, sectors: 2, value: 2 }, "batch");
    expect(near.pairs.show(m)).toMatchObject({ state: "PSUE", reason: expect.stringContaining("link") as unknown });
    await expect(near.pairs.resync(m)).rejects.toMatchObject({ code: "IO_ERROR" });
    const up = await near.restart(createRandom(1));
    expect(up.pairs.show(m)).toMatchObject({ state: "PSUE", secondaryNode: "far" });
    link.isCut = false;
    const before = link.sentBytes;
    await up.pairs.resync(m);
    await up.pairs.wait(m);
    expect(link.sentBytes - before).toBe(3 * regionBytes);
    expect(far.site.volume("s").content().equals(up.volume("p").content())).toBe(true);
    await up.pairs.split(m);
    await submit(up.pairs.volume("p"), { side: "p", sector: 0, sectors: 128, value: 5 }, "batch");
    await up.pairs.restore(m);
    await up.pairs.wait(m);
    expect(far.site.volume("s").content().equals(up.volume("p").content())).toBe(true);
    expect(
      up
        .volume("p")
        .content()
        .readUInt32LE(7 * 512),
    ).toBe(2);
  });

  it("A8: a resync to a node that does not answer holds up no host, and its refusal says what to do", async () => {
    const { near, link } = await twoSites();
    await near.pairs.create({ ...m, secondaryNode: "far", regionBytes });
    await near.pairs.wait(m);
    link.isCut = true;
    await submit(near.pairs.volume("p"), { side: "p", sector: 7, sectors: 2, value: 2 }, "batch");
    let giveUp = (): void => {};
    link.silence = new Promise((resolve) => (giveUp = resolve));
    const refusal = near.pairs.resync(m).catch((error: unknown) => error);
    for (let turn = 0; turn < 20; turn++) await immediate();
    await submit(near.pairs.volume("p"), { side: "p", sector: 70, sectors: 2, value: 3 }, "batch");
    giveUp();
    expect(await refusal).toMatchObject({
      code: "IO_ERROR",
      message: expect.stringMatching(
        /volume s of pair p\/s fails.*Bring it back, then give the command again/,
      ) as unknown,
    });
    expect(near.pairs.show(m).state).toBe("PSUE");
  });

  it("A8: a pair that is there already is not created again, and keeps its secondary from the hosts there", async () => {
    const { near, far } = await twoSites();
    await near.pairs.create({ ...m, secondaryNode: "far", regionBytes });
    await expect(near.pairs.create({ ...m, secondaryNode: "far" })).rejects.toMatchObject({
      code: "VOLUME_IN_USE",
      message: expect.stringContaining("wayctl pair delete p s") as unknown,
    });
    const host = far.site.pairs.volume("s");
    await expect(host.write(0, Buffer.alloc(1, 9))).rejects.toMatchObject({ code: "READ_ONLY" });
  });

  it("A6, A8: while split the far node's hosts may write; the resync takes back what they wrote, also after restarts", async () => {
    const { near, far, link } = await twoSites();
    await near.pairs.create({ ...m, secondaryNode: "far", regionBytes });
    await near.pairs.wait(m);
    await near.pairs.split(m);
    const host = far.site.pairs.volume("s");
    await submit(host, { side: "s", sector: 40, sectors: 3, value: 4 }, "batch");
    expect((await host.read(40 * 512, 4)).readUInt32LE(0)).toBe(4);
    expect(
      near
        .volume("p")
        .content()
        .readUInt32LE(40 * 512),
    ).toBe(1);
    far.site = await far.site.restart(createRandom(1));
    await submit(far.site.pairs.volume("s"), { side: "s", sector: 90, sectors: 3, value: 4 }, "batch");
    far.site = await far.site.restart(createRandom(2));
    // The pair's node connects anew.
    const [loan] = far.site.pairs.loans.list();
    await far.site.pairs.loans.lend({ volume: "s", pairId: loan!.pairId, primary: "p", primaryNode: "near" });
    expect(far.site.pairs.accessOf("s")).toEqual({ access: "read-write", detail: "S-VOL of p on near, split" });
    const up = await near.restart(createRandom(1));
    const before = link.sentBytes;
    await up.pairs.resync(m);
    await expect(
      submit(far.site.pairs.volume("s"), { side: "s", sector: 1, sectors: 1, value: 9 }, "batch"),
    ).rejects.toThrow();
    await up.pairs.wait(m);
    expect(link.sentBytes - before).toBe(3 * regionBytes);
    expect(far.site.volume("s").content().equals(up.volume("p").content())).toBe(true);

    // Another split records anew; a restore brings what the far hosts wrote.
    await up.pairs.split(m, { quick: true });
    await submit(far.site.pairs.volume("s"), { side: "s", sector: 8, sectors: 4, value: 6 }, "batch");
    const between = link.readBytes;
    await up.pairs.restore(m);
    await up.pairs.wait(m);
    expect(link.readBytes - between).toBe(regionBytes);
    expect(
      up
        .volume("p")
        .content()
        .readUInt32LE(8 * 512),
    ).toBe(6);
    expect(far.site.volume("s").content().equals(up.volume("p").content())).toBe(true);
  });

  it("A8: a split across a cut link opens the far volume when it is given again; a resync needs the link", async () => {
    const { near, far, link } = await twoSites();
    await near.pairs.create({ ...m, secondaryNode: "far", regionBytes });
    await near.pairs.wait(m);
    await near.pairs.split(m);
    await submit(far.site.pairs.volume("s"), { side: "s", sector: 40, sectors: 3, value: 4 }, "batch");
    link.isCut = true;
    await expect(near.pairs.resync(m)).rejects.toMatchObject({ code: "IO_ERROR" });
    expect(near.pairs.show(m).state).toBe("PSUS");
    // Without the link nobody takes it from them.
    await submit(far.site.pairs.volume("s"), { side: "s", sector: 50, sectors: 3, value: 4 }, "batch");
    link.isCut = false;
    // The marks of the far node are lost: all of it counts as written.
    const [id] = far.site.home.marks.ids();
    await far.site.home.marksStores
      .get(id!)!
      .writeBatch([{ offsetBytes: 600, lengthBytes: 1, data: Buffer.from([255]) }]);
    far.site = await far.site.restart(createRandom(1));
    const before = link.sentBytes;
    await near.pairs.resync(m);
    await near.pairs.wait(m);
    expect(link.sentBytes - before).toBe(sizeBytes);
    expect(far.site.volume("s").content().equals(near.volume("p").content())).toBe(true);
    await near.pairs.split(m);
    await near.pairs.delete(m);
    expect([far.site.home.marks.ids(), far.site.home.documents.names()]).toEqual([[], []]);
  });

  it("A8: what was taken back from a pair is never lent to it again, until the pair is deleted", async () => {
    const { near, far } = await twoSites();
    await near.pairs.create({ ...m, secondaryNode: "far", regionBytes });
    await near.pairs.wait(m);
    const [loan] = far.site.pairs.loans.list();
    await far.site.pairs.loans.takeBack(loan!);
    await far.site.pairs.volume("s").write(0, Buffer.alloc(1, 9));
    far.site = await far.site.restart(createRandom(1));
    await expect(far.site.pairs.loans.lend(loan!)).rejects.toMatchObject({
      code: "UNKNOWN_PAIR",
      message: expect.stringContaining("wayctl pair delete p s") as unknown,
    });
    await far.site.pairs.volume("s").write(0, Buffer.alloc(1, 9));
    await near.pairs.delete(m);
    expect(far.site.home.documents.names()).toEqual([]);
    await near.pairs.create({ ...m, secondaryNode: "far", regionBytes });
    await near.pairs.wait(m);
    expect(far.site.volume("s").content().equals(near.volume("p").content())).toBe(true);
  });

  it("A8: a pair that cannot be made leaves the far volume to its hosts", async () => {
    const { near, far, link } = await twoSites();
    const wanted = { primary: "p", secondary: "s", secondaryNode: "far" };
    link.isCut = true;
    await expect(near.pairs.create(wanted)).rejects.toMatchObject({ code: "RPC_UNREACHABLE" });
    link.isCut = false;
    await expect(near.pairs.create({ ...wanted, regionBytes: 700 })).rejects.toMatchObject({ code: "VOLUME_SIZE" });
    await expect(near.pairs.create({ ...wanted, secondary: "none" })).rejects.toMatchObject({
      code: "VOLUME_NOT_FOUND",
    });
    await far.site.pairs.volume("s").write(0, Buffer.alloc(1, 1));
    expect(near.pairs.list()).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import { Failure, isFailure } from "@waystation/contracts/errors";
import { createRandom, type Random } from "@waystation/contracts/random";
import type { Pairs } from "./open-pairs.js";
import type { RemoteSecondaries } from "./remote-secondary.js";
import { applyTo, imageOf, settleImage, submit, type Image } from "./testing-model.js";
import { openOn, openSite, partsAfterCut, type Site, type SiteOptions } from "./testing-pairs.js";
import { createPower } from "./testing-store.js";

const sectorCount = 32;
const sizeBytes = sectorCount * 512;
const farOptions = { sizeBytes, volumes: { s: 3072 } };
const m = { primary: "p", secondary: "s" };

/** Requests to a site whose power is gone fail, as they do when a connection breaks. */
function remotesAt(far: () => Site): RemoteSecondaries {
  const reach = async <T>(run: (site: Site) => Promise<T>): Promise<T> => {
    const site = far();
    const unreachable = site.power.cut.then((): never => {
      throw new Failure("RPC_UNREACHABLE", "the far site is down");
    });
    return Promise.race([site.power.isCut() ? unreachable : run(site), unreachable]);
  };
  return {
    borrow: ({ volume, pairId, primary }) =>
      reach(async ({ pairs }) => pairs.loans.lend({ volume, pairId, primary, primaryNode: "near" })),
    giveBack: ({ volume, pairId }) => reach(({ pairs }) => pairs.loans.giveBack({ volume, pairId })),
    openToHosts: ({ volume, pairId }, split) =>
      reach(({ pairs }) => pairs.loans.openToHosts({ volume, pairId }, split)),
    closeToHosts: ({ volume, pairId }) => reach(({ pairs }) => pairs.loans.closeToHosts({ volume, pairId })),
    open: ({ volume }) => ({
      sizeBytes,
      read: (offset, length) => reach((site) => site.volume(volume).read(offset, length)),
      readNow: () => false,
      write: (offset, data) =>
        reach((site) => site.volume(volume).writeBatch([{ offsetBytes: offset, lengthBytes: data.length, data }])),
      zero: (offset, length) =>
        reach((site) => site.volume(volume).writeBatch([{ offsetBytes: offset, lengthBytes: length, data: null }])),
      writeBatch: (writes) => reach((site) => site.volume(volume).writeBatch(writes)),
      flush: () => reach(() => Promise.resolve()),
      close: () => Promise.resolve(),
    }),
  };
}

interface Cluster {
  near: Site;
  far: Site;
  readonly options: SiteOptions;
  /** What P may hold. */
  readonly p: Image;
  writes: number;
}

async function tolerate(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (!isFailure(error)) throw error;
    return false;
  }
}

/** A host's write, which P's side must carry out whatever becomes of the far one. */
async function writeNear(cluster: Cluster, sector: number): Promise<void> {
  const write = { side: "p", sector, sectors: 5, value: 100 + ++cluster.writes } as const;
  applyTo(cluster.p, write, "maybe");
  await submit(cluster.near.pairs.volume("p"), write, "batch");
  applyTo(cluster.p, write, "done");
}

async function writeFar(cluster: Cluster, sector: number): Promise<void> {
  const { far } = cluster;
  const write = { side: "s", sector, sectors: 5, value: 500 + ++cluster.writes } as const;
  await Promise.race([tolerate(submit(far.pairs.volume("s"), write, "batch")), far.power.cut]);
}

/** Every command but a restore, which would bring to P what the model of it does not know. */
async function story(cluster: Cluster): Promise<void> {
  const give = (command: (pairs: Pairs) => Promise<unknown>): Promise<boolean> => tolerate(command(cluster.near.pairs));
  await writeNear(cluster, 2);
  await give((pairs) => pairs.split(m));
  await Promise.all([writeNear(cluster, 9), writeFar(cluster, 20)]);
  await Promise.all([give((pairs) => pairs.resync(m)), writeNear(cluster, 14), writeFar(cluster, 1)]);
  await writeNear(cluster, 21);
  await give((pairs) => pairs.split(m, { quick: true }));
  await Promise.all([writeNear(cluster, 5), writeFar(cluster, 26)]);
  await give((pairs) => pairs.wait(m));
  await writeFar(cluster, 12);
  await give((pairs) => pairs.resync(m, { quick: true }));
  await give((pairs) => pairs.wait(m));
}

async function start(): Promise<Cluster> {
  const far = await openSite(farOptions);
  const cluster: { far: Site } = { far };
  const options = { sizeBytes, volumes: { p: 2560 }, remotes: remotesAt(() => cluster.far) };
  const near = await openSite(options);
  await near.pairs.create({ ...m, secondaryNode: "far", regionBytes: 2048 });
  await near.pairs.wait(m);
  return Object.assign(cluster, { near, options, p: imageOf(sectorCount), writes: 0 });
}

/** Whatever the pair is at: it comes to be in sync, and both sides hold what P's hosts were told. */
async function checkEven({ near, far, p }: Cluster): Promise<void> {
  const { pairs } = near;
  settleImage(p, await pairs.volume("p").read(0, sizeBytes), "P");
  await pairs.wait(m);
  if (pairs.show(m).phase !== "duplex") await pairs.resync(m);
  expect((await pairs.wait(m)).phase).toBe("duplex");
  settleImage(p, near.volume("p").content(), "P's disks");
  settleImage(p, far.volume("s").content(), "S's disks");
  await expect(
    submit(far.pairs.volume("s"), { side: "s", sector: 0, sectors: 1, value: 9 }, "batch"),
  ).rejects.toThrow();
}

const up = (site: Site, options: SiteOptions, random: Random): Promise<Site> =>
  openOn(options, partsAfterCut(site, random, createPower()));

describe("A8: power lost at any I/O of either node of a pair", () => {
  it("of the near one: what its hosts were told is there, and both sides end equal", async () => {
    for (let cutAfter = 1; ; cutAfter++) {
      const cluster = await start();
      cluster.near.power.cutAfter(cutAfter);
      const ended = await Promise.race([story(cluster).then(() => true), cluster.near.power.cut.then(() => false)]);
      // What was under way to the far site ends there.
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      cluster.near = await up(cluster.near, cluster.options, createRandom(cutAfter));
      await checkEven(cluster).catch((error: unknown) => {
        throw new Error(`the near site's power went at I/O ${cutAfter}: ${String(error)}`, { cause: error });
      });
      if (ended) break;
    }
  });

  it("of the far one: hosts of the near one go on, and both sides end equal", async () => {
    for (let cutAfter = 1; ; cutAfter++) {
      const cluster = await start();
      cluster.far.power.cutAfter(cutAfter);
      await story(cluster);
      const ended = !cluster.far.power.isCut();
      cluster.far = await up(cluster.far, farOptions, createRandom(cutAfter));
      await checkEven(cluster).catch((error: unknown) => {
        throw new Error(`the far site's power went at I/O ${cutAfter}: ${String(error)}`, { cause: error });
      });
      if (ended) break;
    }
  });
});

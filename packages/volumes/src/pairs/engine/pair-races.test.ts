/** What ends while a command is under way, and commands given twice. */
import { setImmediate as immediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { submit } from "./testing-model.js";
import { openSite, type Site } from "./testing-pairs.js";

const sizeBytes = 64 * 1024;
const m = { primary: "p", secondary: "s" };

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await immediate();
}

const newSite = (): Promise<Site> => openSite({ sizeBytes, volumes: { p: 2560, s: 3072 } });

describe("pairs while other things happen", () => {
  it("A9: a copy that ends while its pair is being deleted does not bring the pair back", async () => {
    const site = await newSite();
    const { documents } = site.home;
    let flushS = (): void => {};
    const mayFlush = new Promise<void>((resolve) => (flushS = resolve));
    await site.pairs.create(m);
    const s = site.volume("s");
    const flush = s.flush.bind(s);
    s.flush = () => mayFlush.then(flush);
    // All is copied, and the copy waits for S to be durable.
    while (site.pairs.show(m).copy?.doneBytes !== sizeBytes) await immediate();
    const deleteDocument = documents.delete.bind(documents);
    documents.delete = async (name) => {
      await deleteDocument(name);
      flushS();
      await turns(20);
    };
    await site.pairs.delete(m);
    await turns(20);
    expect([site.pairs.list(), documents.names()]).toEqual([[], []]);
    await submit(site.pairs.volume("s"), { side: "s", sector: 0, sectors: 1, value: 7 }, "batch");
  });
  it("A7: no command changes a pair while something is taken of it", async () => {
    const site = await newSite();
    await site.pairs.create(m);
    await site.pairs.wait(m);
    await site.pairs.split(m);
    let end = (): void => {};
    const taken = site.pairs.betweenCommands(() => new Promise<void>((resolve) => (end = resolve)));
    const resync = site.pairs.resync(m);
    await turns(20);
    expect(site.pairs.show(m).phase).toBe("split");
    end();
    await Promise.all([taken, resync]);
    expect(site.pairs.show(m).phase).not.toBe("split");
  });
});

import { Failure } from "@waystation/contracts/errors";
import { describe, expect, it } from "vitest";
import { g1, primaryA, settle } from "./testing/fake-ports.js";
import { openPrimary, type OpenPrimary } from "./testing/open-primary.js";

const block = 4096;

function batchesSent({ relay }: OpenPrimary): number[] {
  // Batches without writes bring news of the local leg only.
  return relay.sent.flatMap((body) =>
    body.kind === "origin-batch" && body.writes.length > 0 ? [body.writes.length] : [],
  );
}

/** Notes how a promise ends, from now on: its outcome is `waiting`, `done`, or the failure's code. */
function watch(promise: Promise<unknown>): { outcome: string } {
  const watched = { outcome: "waiting" };
  promise.then(
    () => (watched.outcome = "done"),
    (error: unknown) => (watched.outcome = error instanceof Failure ? error.code : "another error"),
  );
  return watched;
}

async function outcomeOf(promise: Promise<unknown>): Promise<string> {
  const watched = watch(promise);
  await settle();
  return watched.outcome;
}

describe("the loop of a group (DESIGN: pure core, one loop)", () => {
  it("B2: acknowledges a write when journal, array and relay have it", async () => {
    const primary = await openPrimary();
    const write = primary.handle.write(block, Buffer.alloc(block, 7));
    expect(await outcomeOf(write)).toBe("waiting");
    primary.ack(1);
    expect(await outcomeOf(write)).toBe("done");
    expect(primary.ports.store.content.subarray(block, 2 * block).equals(Buffer.alloc(block, 7))).toBe(true);
  });

  it("PROTOCOL 1.2: a read at once never shows a write that is not yet durable on both legs", async () => {
    const primary = await openPrimary();
    const { handle, ports } = primary;
    const into = Buffer.alloc(block);
    expect(handle.readNow(block, into)).toBe(true);
    const write = handle.write(block, Buffer.alloc(block, 7));
    expect(handle.readNow(block, into)).toBe(false);
    const waiting = handle.read(block, block);
    await settle();
    // The array has it, the relay does not.
    expect(ports.store.content[block]).toBe(7);
    expect([handle.readNow(block, into), handle.readNow(0, into)]).toEqual([false, true]);
    primary.ack(1);
    expect(await outcomeOf(write)).toBe("done");
    expect(handle.readNow(block, into)).toBe(true);
    expect(into.equals(Buffer.alloc(block, 7))).toBe(true);
    expect((await waiting).equals(into)).toBe(true);
  });

  it("PROTOCOL 1.2: nothing is stored or sent before the commit that the machine made it wait for is durable", async () => {
    const primary = await openPrimary();
    primary.ports.journal.held = true;
    const stored = primary.ports.store.batches.length;
    const write = primary.handle.write(0, Buffer.alloc(block));
    await settle();
    expect(primary.ports.journal.commits.at(-1)?.marks?.get("intent/vol-a/0")).toBe(true);
    expect([primary.ports.store.batches.length, batchesSent(primary)]).toEqual([stored, []]);
    primary.ports.journal.release();
    await settle();
    expect([primary.ports.store.batches.length, batchesSent(primary)]).toEqual([stored + 1, [1]]);
    primary.ack(1);
    expect(await outcomeOf(write)).toBe("done");
  });

  it("gathers what comes in one turn into one commit, one array batch and one message", async () => {
    const primary = await openPrimary();
    const commits = primary.ports.journal.commits.length;
    const stored = primary.ports.store.batches.length;
    const writes = [0, 1, 2, 3].map((n) => primary.handle.write(n * block, Buffer.alloc(block, n)));
    await settle();
    expect(primary.ports.journal.commits.length).toBe(commits + 1);
    expect(primary.ports.store.batches.slice(stored).map((batch) => batch.length)).toEqual([4]);
    expect(batchesSent(primary)).toEqual([4]);
    primary.ack(4);
    await Promise.all(writes);
  });

  it("brings an array's failure to the host as a typed one, and the node lives on", async () => {
    const primary = await openPrimary();
    primary.ports.store.failure = new Failure("IO_ERROR", "two disks are gone");
    expect(primary.handle.readNow(0, Buffer.alloc(block))).toBe(false);
    expect(await outcomeOf(primary.handle.read(0, block))).toBe("IO_ERROR");
    expect(await outcomeOf(primary.handle.write(0, Buffer.alloc(block)))).toBe("IO_ERROR");
    expect(primary.node.control.status().groups[0]?.phase).toBe("open");
  });

  it("hears nothing more of a link that it closed or lost, and dials again after a pause", async () => {
    const primary = await openPrimary();
    const write = primary.handle.write(0, Buffer.alloc(block));
    await settle();
    primary.relay.lose();
    primary.ack(1);
    expect(await outcomeOf(write)).toBe("waiting");
    expect(primary.ports.transport.dials.map(({ channel }) => channel)).not.toContain("ingress");
    primary.ports.clock.advance(300);
    expect(primary.ports.transport.dials.map(({ channel }) => channel)).toContain("ingress");
  });

  it("refuses a link about a group that it has no part in", async () => {
    const { ports } = await openPrimary();
    const link = ports.transport.connect({ peer: primaryA, channel: "council", group: "other" as typeof g1 });
    expect(link.closed).toBe(true);
    link.receive({ kind: "inquire", requestId: 1 });
    expect(link.sent).toEqual([]);
  });

  it("answers a peer's question on the link that it came by", async () => {
    const { ports } = await openPrimary();
    const link = ports.transport.connect({ peer: primaryA, channel: "council", group: g1 });
    link.receive({ kind: "inquire", requestId: 5 });
    expect(link.sent).toMatchObject([{ kind: "council-reply", requestId: 5, granted: true, state: { phase: "open" } }]);
  });
});

describe("a group whose journal fails", () => {
  it("halts: fails what waits, closes links and volumes, and says why in status and log, once", async () => {
    const primary = await openPrimary();
    const { ports, node, handle } = primary;
    ports.journal.held = true;
    const waiting = [0, 8 * 65536].map((offset) => watch(handle.write(offset, Buffer.alloc(block))));
    await settle();
    ports.journal.fail(new Error("no space left on device"));
    await settle();
    expect(waiting.map(({ outcome }) => outcome)).toEqual(["IO_ERROR", "IO_ERROR"]);
    expect(handle.readNow(block, Buffer.alloc(block))).toBe(false);
    expect(primary.relay.closed).toBe(true);
    expect(primary.revoked).toHaveLength(1);
    expect(node.blocks.list()).toEqual([]);
    expect(node.control.status().groups[0]).toMatchObject({
      phase: "halted",
      detail: expect.stringContaining("no space left on device") as string,
    });
    expect(ports.logged.filter(({ level }) => level === "error")).toHaveLength(1);
  });

  it("acknowledges nothing and sends nothing any more, whatever still comes in", async () => {
    const primary = await openPrimary();
    const write = watch(primary.handle.write(0, Buffer.alloc(block)));
    await settle();
    primary.ports.journal.fail(new Error("bad sector"));
    primary.ports.clock.advance(1_000);
    await settle();
    primary.ack(1);
    await settle();
    expect(write.outcome).toBe("IO_ERROR");
    const commits = primary.ports.journal.commits.length;
    primary.ports.clock.advance(5_000);
    await settle();
    expect(primary.ports.journal.commits.length).toBe(commits);
    expect(primary.ports.transport.connect({ peer: primaryA, channel: "council", group: g1 }).closed).toBe(true);
    await expect(primary.node.blocks.open("vol-a", () => {})).rejects.toMatchObject({ code: "VOLUME_NOT_OPEN" });
  });
});

import { noSequence, type GroupName, type NodeName } from "@waystation/contracts/ids";
import type { Link, LinkEvents } from "@waystation/contracts/link";
import { createRandom } from "@waystation/contracts/random";
import type { PeerMessage } from "@waystation/replication/messages";
import { describe, expect, it } from "vitest";
import { createNetwork, type Network } from "./network.js";
import { record } from "./testing/history.js";
import { createWorld, type World } from "./world.js";

const a = "a" as NodeName;
const b = "b" as NodeName;
const keepaliveMs = 1000;
const epoch = { number: 1, takeoverId: "initial" };

/** One end of a link, and what it heard. */
interface Ear {
  link: Link<PeerMessage> | null;
  readonly heard: { readonly atMs: number; readonly number: number }[];
  readonly closed: { readonly atMs: number; readonly reason: string }[];
}

interface Bench {
  readonly world: World;
  readonly network: Network;
  readonly alive: Record<"a" | "b", boolean>;
  readonly atA: Ear;
  readonly atB: Ear;
  /** Both ends send messages 1..count, one per ms. */
  readonly chat: (count: number) => void;
}

function listen(world: World, ear: Ear): LinkEvents<PeerMessage> {
  return {
    onMessage: ({ body }) => ear.heard.push({ atMs: world.nowMs(), number: "sequence" in body ? body.sequence : 0 }),
    onClose: (reason) => ear.closed.push({ atMs: world.nowMs(), reason }),
  };
}

function message(number: number): PeerMessage {
  return { epoch, term: 0, body: { kind: "prepared", sequence: number as typeof noSequence } };
}

async function setUp(options: { readonly dial?: boolean; readonly seed?: number } = {}): Promise<Bench> {
  const world = createWorld();
  const network = createNetwork(world, {
    random: createRandom(options.seed ?? 1),
    healthy: () => ({ minDelayMs: 1, maxDelayMs: 20, bytesPerMs: 1000 }),
    keepaliveMs,
    observe: () => {},
  });
  const alive = { a: true, b: true };
  const atA: Ear = { link: null, heard: [], closed: [] };
  const atB: Ear = { link: null, heard: [], closed: [] };
  network
    .endpoint(b, () => alive.b)
    .accept((link) => {
      atB.link = link;
      return listen(world, atB);
    });
  const endpointA = network.endpoint(a, () => alive.a);
  if (options.dial !== false) {
    endpointA.dial(
      { peer: b, channel: "ship", group: "g1" as GroupName },
      { ...listen(world, atA), onOpen: (link) => (atA.link = link) },
    );
    await world.runFor(100);
  }
  const chat = (count: number): void => {
    for (let number = 1; number <= count; number++) {
      world.after(number, () => {
        atA.link?.send(message(number));
        atB.link?.send(message(number));
      });
    }
  };
  return { world, network, alive, atA, atB, chat };
}

const numbers = (ear: Ear): number[] => ear.heard.map(({ number }) => number);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe("simulated network", () => {
  it("delivers everything in order, each message after a delay of its own", async () => {
    const { world, atA, atB, chat } = await setUp();
    chat(50);
    await world.runFor(200);
    expect([numbers(atA), numbers(atB)]).toEqual([upTo(50), upTo(50)]);
    const startMs = 100;
    for (const { atMs, number } of atB.heard) expect(atMs - startMs - number).toBeGreaterThanOrEqual(1);
  });

  it("holds back what a cut way carries, and delivers it late when the way heals in time", async () => {
    const { world, network, atA, atB, chat } = await setUp();
    network.setCut(a, b, true);
    chat(10);
    await world.runFor(300);
    expect([numbers(atA), numbers(atB)]).toEqual([upTo(10), []]);
    network.setCut(a, b, false);
    await world.runFor(3 * keepaliveMs);
    expect(numbers(atB)).toEqual(upTo(10));
    expect([atA.closed, atB.closed]).toEqual([[], []]);
  });

  it("breaks the link at both ends, each at its own time, when a way stays cut, and loses what was in flight", async () => {
    const { world, network, atA, atB, chat } = await setUp();
    network.setCut(b, a, true);
    chat(10);
    await world.runFor(3 * keepaliveMs);
    expect(atA.closed).toHaveLength(1);
    expect(atB.closed).toHaveLength(1);
    expect(atA.closed[0]!.atMs).not.toBe(atB.closed[0]!.atMs);
    network.setCut(b, a, false);
    await world.runFor(3 * keepaliveMs);
    expect(numbers(atA)).toEqual([]);
  });

  it("resets a link: both ends are told, a prefix of what was sent has arrived", async () => {
    const { world, network, atA, atB, chat } = await setUp();
    chat(50);
    await world.runFor(30);
    network.reset(a, b, { half: false });
    await world.runFor(500);
    expect([atA.closed.length, atB.closed.length]).toEqual([1, 1]);
    expect(numbers(atB)).toEqual(upTo(numbers(atB).length));
    expect(numbers(atB).length).toBeLessThan(50);
  });

  it("leaves a link half open: one end is told at once, the other by its keepalive", async () => {
    const { world, network, atA, atB, chat } = await setUp();
    const startMs = world.nowMs();
    network.reset(a, b, { half: true });
    chat(5);
    await world.runFor(3 * keepaliveMs);
    const waits = [...atA.closed, ...atB.closed].map(({ atMs }) => atMs - startMs).sort((x, y) => x - y);
    expect(waits).toHaveLength(2);
    expect(waits[0]).toBe(0);
    expect(waits[1]).toBeGreaterThan(keepaliveMs / 2);
    expect([numbers(atA), numbers(atB)]).toEqual([[], []]);
  });

  it("delivers a prefix of what a dead node had sent, and tells its peer at once or by keepalive", async () => {
    for (const silent of [false, true]) {
      const { world, network, alive, atA, atB, chat } = await setUp();
      chat(40);
      await world.runFor(20);
      alive.b = false;
      network.nodeDied(b, { silent });
      const diedMs = world.nowMs();
      const heardByB = atB.heard.length;
      await world.runFor(3 * keepaliveMs);
      expect(numbers(atA)).toEqual(upTo(numbers(atA).length));
      expect(atB.heard.length).toBe(heardByB);
      expect(atB.closed).toEqual([]);
      expect(atA.closed).toHaveLength(1);
      expect(atA.closed[0]!.atMs - diedMs > keepaliveMs / 2).toBe(silent);
    }
  });

  it("refuses a dial to a dead node, and lets one over a cut way time out", async () => {
    for (const cut of [false, true]) {
      const { world, network, alive, atA } = await setUp({ dial: false });
      alive.b = cut;
      network.setCut(b, a, cut);
      const address = { peer: b, channel: "ship", group: "g1" as GroupName } as const;
      network.endpoint(a, () => true).dial(address, { ...listen(world, atA), onOpen: () => expect.unreachable() });
      await world.runFor(keepaliveMs);
      expect(atA.closed.map(({ reason }) => reason)).toEqual([cut ? "the connection timed out" : "connection refused"]);
    }
  });

  it("says nothing more of a dial that was taken back, and closes it for the acceptor", async () => {
    for (const afterMs of [0, 15, 25]) {
      const { world, network, atA, atB } = await setUp({ dial: false });
      const address = { peer: b, channel: "ship", group: "g1" as GroupName } as const;
      const attempt = network
        .endpoint(a, () => true)
        .dial(address, { ...listen(world, atA), onOpen: (link) => (atA.link = link) });
      await world.runFor(afterMs);
      if (atA.link !== null) continue;
      attempt.cancel();
      await world.runFor(keepaliveMs);
      expect([atA.link, atA.closed]).toEqual([null, []]);
      expect(atB.closed.length).toBe(atB.link === null ? 0 : 1);
    }
  });

  it("tells each end once when one closes the link", async () => {
    const { world, atA, atB } = await setUp();
    atA.link?.send(message(1));
    atA.link?.close();
    atA.link?.close();
    atA.link?.send(message(2));
    await world.runFor(keepaliveMs);
    expect([atA.closed.length, atB.closed.length]).toEqual([1, 1]);
    expect(numbers(atB)).not.toContain(2);
  });

  it("gives the receiver payload bytes of its own, as they were when they were sent", async () => {
    const { world, network } = await setUp({ dial: false });
    let got: PeerMessage | null = null;
    network.endpoint(b, () => true).accept(() => ({ onMessage: (received) => (got = received), onClose: () => {} }));
    const sentRecord = record(1);
    const original = Uint8Array.from(sentRecord.payload);
    const body = {
      kind: "ship-batch",
      after: noSequence,
      watermark: sentRecord.sequence,
      records: [sentRecord],
    } as const;
    network
      .endpoint(a, () => true)
      .dial(
        { peer: b, channel: "ship", group: "g1" as GroupName },
        {
          onOpen(link) {
            link.send({ epoch, term: 0, body });
            sentRecord.payload.fill(0);
          },
          onMessage: () => {},
          onClose: () => {},
        },
      );
    await world.runFor(200);
    expect(got).toEqual({ epoch, term: 0, body: { ...body, records: [{ ...sentRecord, payload: original }] } });
  });

  it("queues behind a thin line and says how much", async () => {
    const { world, network, atA } = await setUp();
    network.slow(a, b, 100);
    const body = { kind: "ship-batch", after: noSequence, watermark: noSequence } as const;
    for (let i = 0; i < 400; i++) atA.link?.send({ epoch, term: 0, body: { ...body, records: [record(1)] } });
    const queued = atA.link?.queuedBytes() ?? 0;
    expect(queued).toBeGreaterThan(100_000);
    await world.runFor(3000);
    expect(atA.link?.queuedBytes()).toBeLessThan(queued);
  });
});

import { Failure } from "@waystation/contracts/errors";
import type { GroupName, VolumeName } from "@waystation/contracts/ids";
import type { TakeoverProgress } from "@waystation/replication/status";
import { describe, expect, it } from "vitest";
import { createNode } from "./node.js";
import { createFakePorts, g1, membership, secondaryA, settle, volA, volumeBytes } from "./testing/fake-ports.js";
import { identity, openPrimary } from "./testing/open-primary.js";

function takeoverOf(group: string) {
  return { group, force: true, without: [], dryRun: false };
}

async function secondaryNode() {
  const ports = createFakePorts();
  const node = createNode({ ...identity, name: secondaryA }, ports);
  await settle();
  return { node, ports };
}

describe("a node", () => {
  it("tells of itself: its site, its volumes with their access, and each group's role", async () => {
    const { node } = await openPrimary();
    expect(node.control.status()).toMatchObject({
      node: "primary-a",
      site: "east",
      version: "test",
      volumes: [{ name: volA, sizeBytes: volumeBytes, group: g1, role: "primary", access: "read-write" }],
      groups: [{ group: g1, role: "primary", phase: "open", epoch: { number: 1 } }],
    });
  });

  it("will not start without the journal of a group", () => {
    const ports = { ...createFakePorts(), journals: new Map() };
    expect(() => createNode(identity, ports)).toThrow(expect.objectContaining({ code: "JOURNAL_FAILED" }) as Error);
  });

  it("B3: shows volumes that the configuration gives a group by now, closed until a term has them; and groups that are new", async () => {
    const { node, ports } = await openPrimary();
    const volume = {
      name: "vol-new" as VolumeName,
      sizeBytes: volumeBytes,
      primary: identity.name,
      secondaries: [secondaryA],
    };
    const g2 = { ...membership, group: "g2" as GroupName, volumes: [volume] };
    (ports.journals as Map<GroupName, unknown>).set(g2.group, ports.journals.get(g1));
    node.configure([{ ...membership, volumes: [...membership.volumes] }, g2]);
    await settle();
    const { volumes, groups } = node.control.status();
    expect(volumes.map(({ name, group, access }) => [name, group, access])).toEqual([
      [volA, g1, "read-write"],
      ["vol-new", "g2", "closed"],
    ]);
    expect(groups.map(({ group }) => group)).toEqual([g1, "g2"]);
    expect([node.isReplicated(volA), node.isReplicated("vol-other" as VolumeName)]).toEqual([true, false]);
  });

  it("B3: ends the sessions of a volume that neither a term nor the configuration has any more", async () => {
    const { node, revoked } = await openPrimary();
    const joining = { ...membership, volumes: [{ ...membership.volumes[0]!, name: "vol-new" as VolumeName }] };
    node.configure([joining]);
    // vol-a is still in the term.
    expect(node.control.status().volumes.map(({ name }) => name)).toEqual([volA, "vol-new"]);
    node.configure([membership]);
    expect(node.control.status().volumes.map(({ name }) => name)).toEqual([volA]);
    expect(revoked).toEqual([]);
  });

  it("stops: ends handles and requests with SHUTTING_DOWN, closes its links, and sets no timer any more", async () => {
    const { node, ports, handle, relay, revoked } = await openPrimary();
    const write = handle.write(0, Buffer.alloc(512));
    const read = handle.read(0, 512);
    node.stop();
    await expect(write).rejects.toMatchObject({ code: "SHUTTING_DOWN" });
    await expect(read).rejects.toMatchObject({ code: "SHUTTING_DOWN" });
    expect(revoked).toHaveLength(1);
    expect(relay.closed).toBe(true);
    expect(ports.clock.timers()).toBe(0);
    await expect(handle.read(0, 512)).rejects.toBeInstanceOf(Failure);
  });

  it("a secondary is read-only, and says so to whoever looks at its exports", async () => {
    const { node } = await secondaryNode();
    expect(node.blocks.list()).toMatchObject([{ name: volA, access: "read-only" }]);
    const handle = await node.blocks.open(volA, () => {});
    expect(handle.volume.description).toMatch(/read-only until takeover/);
    await expect(handle.write(0, Buffer.alloc(512))).rejects.toMatchObject({ code: "READ_ONLY" });
    expect(await handle.read(0, 512)).toEqual(Buffer.alloc(512));
    const into = Buffer.alloc(512, 1);
    expect(handle.readNow(0, into)).toBe(true);
    expect(into).toEqual(Buffer.alloc(512));
  });
});

describe("a takeover asked of a node", () => {
  it("is refused for a group it does not know, and by a node that is no secondary of it", async () => {
    const { node } = await secondaryNode();
    expect(() => node.control.takeover(takeoverOf("other"))).toThrow(
      expect.objectContaining({ code: "UNKNOWN_GROUP" }) as Error,
    );
    const primary = await openPrimary();
    expect(() => primary.node.control.takeover(takeoverOf(g1))).toThrow(
      expect.objectContaining({ code: "NOT_A_SECONDARY" }) as Error,
    );
  });

  it("ends with a failure when its node stops in the middle: nobody waits for ever (seed 4056 of the journeys)", async () => {
    const { node } = await secondaryNode();
    const reading = (async () => {
      for await (const step of node.control.takeover(takeoverOf(g1))) expect(step.result).toBeNull();
    })();
    await settle();
    node.stop();
    await expect(reading).rejects.toMatchObject({ code: "SHUTTING_DOWN" });
  });

  it("PROTOCOL 6.2: is told step by step to its end, and revokes the read-only sessions opened before", async () => {
    const { node, ports } = await secondaryNode();
    const revoked: string[] = [];
    const handle = await node.blocks.open(volA, (reason) => revoked.push(reason));
    const steps: TakeoverProgress[] = [];
    const reading = (async () => {
      for await (const step of node.control.takeover(takeoverOf(g1))) steps.push(step);
    })();
    await settle();
    // Neither the relay nor the primary can be reached.
    for (let dials = ports.transport.dials.length; dials > 0; dials--) ports.transport.refuse("council");
    for (let turns = 0; turns < 20; turns++) {
      ports.clock.advance(25);
      await settle();
    }
    await reading;
    expect(steps.map(({ phase }) => phase)).toEqual(["look", "promise", "decide", "roll-forward", "end"]);
    expect(steps.at(-1)?.result).toMatchObject({ outcome: "taken-over", sequence: 0, lost: "unknown" });
    expect(revoked).toEqual([expect.stringContaining("taken-over")]);
    await expect(handle.read(0, 512)).rejects.toMatchObject({ code: "VOLUME_NOT_OPEN" });
    const fresh = await node.blocks.open(volA, () => {});
    expect(fresh.volume.access).toBe("read-write");
    await fresh.write(0, Buffer.alloc(512, 1));
    expect(await fresh.read(0, 512)).toEqual(Buffer.alloc(512, 1));
  });

  it("goes on when nobody listens any more", async () => {
    const { node, ports } = await secondaryNode();
    const steps = node.control.takeover(takeoverOf(g1))[Symbol.asyncIterator]();
    await steps.next();
    await steps.return?.();
    for (let dials = ports.transport.dials.length; dials > 0; dials--) ports.transport.refuse("council");
    for (let turns = 0; turns < 20; turns++) {
      ports.clock.advance(25);
      await settle();
    }
    expect(node.control.status().groups[0]).toMatchObject({ phase: "open" });
  });
});

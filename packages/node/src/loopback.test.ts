import type { GroupName, NodeName } from "@waystation/contracts/ids";
import type { Link, LinkEvents } from "@waystation/contracts/link";
import { describe, expect, it } from "vitest";
import { dialSelf } from "./loopback.js";
import { createFakePorts, settle } from "./testing/fake-ports.js";

const address = { peer: "p" as NodeName, channel: "ingress", group: "g" as GroupName } as const;

async function connect() {
  const heard: string[] = [];
  const hear = (end: string): LinkEvents<number> => ({
    onMessage: (message) => void heard.push(`${end} ${message}`),
    onClose: (reason) => void heard.push(`${end} ${reason}`),
  });
  const links: { near?: Link<number>; far?: Link<number> } = {};
  dialSelf<number>(address, {
    clock: createFakePorts().clock,
    events: { ...hear("near"), onOpen: (link) => void (links.near = link) },
    accept(link) {
      links.far = link;
      return hear("far");
    },
  });
  expect(links).toEqual({});
  await settle();
  const { near, far } = links;
  if (near === undefined || far === undefined) throw new Error("not connected");
  return { near, far, heard };
}

describe("a link of a node to itself (B13)", () => {
  it("carries messages both ways, in order, and never within the call", async () => {
    const { near, far, heard } = await connect();
    for (const message of [1, 2, 3]) near.send(message);
    far.send(4);
    expect(heard).toEqual([]);
    await settle();
    expect(heard).toEqual(["far 1", "far 2", "far 3", "near 4"]);
  });

  it("closes after what was sent before, at the other end too, and carries nothing any more", async () => {
    const { near, far, heard } = await connect();
    near.send(1);
    near.close();
    near.close();
    await settle();
    far.send(2);
    near.send(3);
    far.close();
    await settle();
    expect(heard).toEqual(["far 1", "far closed at the other end"]);
  });
});

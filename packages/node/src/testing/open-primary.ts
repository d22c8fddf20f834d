/** A node that is primary of vol-a, with the relay's and the secondary's part of its start played for it. */
import type { VolumeHandle } from "@waystation/contracts/block-front";
import { createNode, type Node } from "../node.js";
import { createFakePorts, membership, primaryA, settle, volA, type FakeLink, type FakePorts } from "./fake-ports.js";

export interface OpenPrimary {
  readonly node: Node;
  readonly ports: FakePorts;
  readonly relay: FakeLink;
  readonly handle: VolumeHandle;
  /** Why the handle ended, if it has. */
  readonly revoked: string[];
  /** The relay acknowledges this many writes. */
  ack(n: number): void;
}

export const identity = { name: primaryA, site: "east", version: "test", memberships: [membership] };
export const ampleCredit = 16 * 1024 * 1024;

export async function openPrimary(): Promise<OpenPrimary> {
  const ports = createFakePorts();
  const node = createNode(identity, ports);
  await settle();
  ports.clock.advance(25);
  const relay = ports.transport.answer("ingress");
  ports.transport.refuse("council");
  await settle();
  const none = [{ volume: volA, origin: { incarnation: 0, n: 0 } }];
  relay.receive({ kind: "relay-welcome", marks: none, creditBytes: ampleCredit, copyId: "" });
  relay.receive({ kind: "relay-records", volume: volA, records: [], nextAfter: 0 as never });
  await settle();
  const revoked: string[] = [];
  const handle = await node.blocks.open(volA, (reason) => revoked.push(reason));
  const ack = (n: number): void => {
    const marks = [{ volume: volA, origin: { incarnation: 1, n } }];
    relay.receive({ kind: "relay-ack", marks, creditBytes: ampleCredit });
  };
  return { node, ports, relay, handle, revoked, ack };
}

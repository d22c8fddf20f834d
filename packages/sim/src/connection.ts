/**
 * One link between two nodes: a pipe each way and an end at each side, which may learn of the link's death at different
 * times (half-open). An end that is closed sends nothing, hears nothing, and was told so exactly once.
 */
import type { Link, LinkAddress, LinkEvents } from "@waystation/contracts/link";
import type { NodeName } from "@waystation/contracts/ids";
import type { PeerMessage } from "@waystation/replication/messages";
import { copyMessage, messageBytes } from "./message-copy.js";
import { createPipe, type Pipe, type Way } from "./pipe.js";
import type { World } from "./world.js";

type Item =
  { readonly kind: "open" } | { readonly kind: "message"; readonly message: PeerMessage } | { readonly kind: "close" };

/** 0: who dialled; 1: who accepted. */
export type Side = 0 | 1;

export interface End {
  readonly node: NodeName;
  readonly address: LinkAddress;
  /** The life of the node that this end belongs to. */
  readonly alive: () => boolean;
  state: "dialling" | "open" | "closed";
  events: LinkEvents<PeerMessage> | null;
}

export interface Connection {
  readonly ends: readonly [End, End];
  /** Starts the link: tells the dialler, through the pipe, that it stands. */
  begin(): void;
  link(side: Side): Link<PeerMessage>;
  /** This side learns that the link is gone; the other side hears of it through the pipe, if anything passes there. */
  lose(side: Side, reason: string): void;
  /** Like `lose`, but nothing passes any more, in neither direction: the other side finds out by its keepalive. */
  severAt(side: Side, reason: string): void;
  /** The node at this side died. `silent`: nothing tells the other side. */
  die(side: Side, options: { readonly silent: boolean; readonly survivors: (inFlight: number) => number }): void;
  wayChanged(): void;
  /** True when either side may still use the link. */
  lives(): boolean;
  /** True while nothing but the state of the ways keeps the two ends apart. */
  whole(): boolean;
}

export interface ConnectionOptions {
  readonly ends: readonly [End, End];
  readonly ways: readonly [Way, Way];
  readonly drawDelayMs: (way: Way) => number;
  readonly onSent: (from: End, to: End, message: PeerMessage, inFlightBytes: number) => void;
  readonly onDelivered: (from: End, to: End, message: PeerMessage) => void;
  /** How many of the messages in flight still arrive when a side closes the link. */
  readonly survivorsOfClose: (inFlight: number) => number;
  readonly onOpen: () => void;
}

/** What the sender's kernel and the network take at once; beyond it `queuedBytes` grows. */
const socketBufferBytes = 64 * 1024;
const controlBytes = 40;

export function createConnection(world: World, options: ConnectionOptions): Connection {
  const { ends } = options;
  const other = (side: Side): Side => (side === 0 ? 1 : 0);
  let severed = false;

  const closeEnd = (side: Side, reason: string): void => {
    const end = ends[side];
    if (end.state === "closed") return;
    end.state = "closed";
    pipes[other(side)].destroy();
    if (end.alive()) end.events?.onClose(reason);
  };

  const deliver = (from: Side, item: Item): void => {
    const to = other(from);
    const end = ends[to];
    if (end.state === "closed" || !end.alive()) return;
    switch (item.kind) {
      case "open":
        if (end.state !== "dialling") return;
        end.state = "open";
        return options.onOpen();
      case "message":
        options.onDelivered(ends[from], end, item.message);
        return end.events?.onMessage(item.message);
      case "close":
        return closeEnd(to, "closed by the peer");
    }
  };

  const makePipe = (from: Side): Pipe<Item> =>
    createPipe<Item>(world, {
      way: options.ways[from],
      drawDelayMs: () => options.drawDelayMs(options.ways[from]),
      deliver: (item) => {
        deliver(from, item);
      },
    });
  const pipes: readonly [Pipe<Item>, Pipe<Item>] = [makePipe(0), makePipe(1)];

  const tellOther = (side: Side): void => {
    if (!severed) pipes[side].send({ kind: "close" }, controlBytes);
  };

  return {
    ends,
    begin: () => {
      pipes[1].send({ kind: "open" }, controlBytes);
    },
    link: (side) => ({
      address: ends[side].address,
      send(message) {
        const end = ends[side];
        if (end.state !== "open" || !end.alive()) return;
        const copy = copyMessage(message);
        const bytes = messageBytes(message);
        if (!severed) pipes[side].send({ kind: "message", message: copy }, bytes);
        options.onSent(end, ends[other(side)], copy, pipes[side].inFlightBytes());
      },
      queuedBytes: () => Math.max(0, pipes[side].inFlightBytes() - socketBufferBytes),
      close() {
        const end = ends[side];
        if (end.state === "closed" || !end.alive()) return;
        pipes[side].truncate(options.survivorsOfClose(pipes[side].inFlightCount()));
        tellOther(side);
        pipes[other(side)].destroy();
        // Whoever closes is told too, a moment later: not from within its own call.
        end.state = "closed";
        world.after(0, () => {
          if (end.alive()) end.events?.onClose("closed here");
        });
      },
    }),
    lose(side, reason) {
      if (ends[side].state === "closed") return;
      pipes[side].truncate(0);
      tellOther(side);
      closeEnd(side, reason);
    },
    severAt(side, reason) {
      severed = true;
      for (const pipe of pipes) pipe.destroy();
      closeEnd(side, reason);
    },
    die(side, { silent, survivors }) {
      ends[side].state = "closed";
      pipes[other(side)].destroy();
      if (severed) return;
      pipes[side].truncate(survivors(pipes[side].inFlightCount()));
      if (!silent) tellOther(side);
    },
    wayChanged() {
      for (const pipe of pipes) pipe.wayChanged();
    },
    lives: () => ends.some((end) => end.state !== "closed" && end.alive()),
    whole: () => !severed && ends.every((end) => end.state !== "closed" && end.alive()),
  };
}

/**
 * Links between nodes: an ordered, reliable stream of messages in both directions until it breaks. One link per
 * (dialling node, accepting node, channel, group). A link that breaks loses what was in flight; the protocol above
 * re-sends. The adapters are gRPC streams and the simulator's network.
 */
import type { GroupName, NodeName } from "./ids.js";

/**
 * `ingress`: primary to relay, data. `lease`: primary to relay, challenges only. `ship`: relay to secondary, data.
 * `council`: promises, fences, decisions, between any two. Each channel has its own connection, so that a lease or
 * a promise never queues behind data (PROTOCOL 12).
 */
export type Channel = "ingress" | "lease" | "ship" | "council";

export interface LinkAddress {
  readonly peer: NodeName;
  readonly channel: Channel;
  readonly group: GroupName;
}

/** One open link, seen from one end. */
export interface Link<Message> {
  readonly address: LinkAddress;
  /** Queues a message. Never blocks and never throws; after `close` or a break it does nothing. */
  send(message: Message): void;
  /** Bytes queued here that the network has not taken yet. Senders of data hold back while it is above their limit. */
  queuedBytes(): number;
  close(): void;
}

export interface LinkEvents<Message> {
  onMessage(message: Message): void;
  /** Called once, last: the link is gone, by either end or by the network. */
  onClose(reason: string): void;
}

/** Never calls back from within a call: not from `dial`, not from a link's `send` or `close`. Its users rely on it. */
export interface Transport<Message> {
  /**
   * Tries to open a link. `onOpen` comes once it stands, or `onClose` alone when it could not be opened. The caller
   * decides when to try again.
   */
  dial(address: LinkAddress, events: LinkEvents<Message> & { onOpen(link: Link<Message>): void }): { cancel(): void };
  /** Names who takes links from others. Set once, before the first link. */
  accept(onLink: (link: Link<Message>) => LinkEvents<Message>): void;
}

/**
 * The simulated network: an adapter of the `Transport` port with delays, cuts in one or both directions, links that
 * break at one end first, and links that break and lose what was in flight. A link never loses a message and goes on:
 * that is TCP's promise, and the protocol's.
 */
import type { GroupName, NodeName } from "@waystation/contracts/ids";
import type { Channel, Link, LinkEvents, Transport } from "@waystation/contracts/link";
import type { Random } from "@waystation/contracts/random";
import type { PeerMessage } from "@waystation/replication/messages";
import { createConnection, type Connection, type End, type Side } from "./connection.js";
import type { Observation } from "./observation.js";
import type { Way } from "./pipe.js";
import type { World } from "./world.js";

export interface NetworkOptions {
  readonly random: Random;
  /** What a way is like when nothing is wrong with it. */
  readonly healthy: (from: NodeName, to: NodeName) => Omit<Way, "cut">;
  /** About how long an end takes to notice that nothing comes any more. */
  readonly keepaliveMs: number;
  readonly observe: (observation: Observation) => void;
}

export interface Network {
  /** The transport of one life of a node. */
  endpoint(node: NodeName, alive: () => boolean): Transport<PeerMessage>;
  /** The node is dead. `silent`: a power loss, of which the peers learn by their keepalive only. */
  nodeDied(node: NodeName, options: { readonly silent: boolean }): void;
  setCut(from: NodeName, to: NodeName, cut: boolean): void;
  /** Makes a way slow: so many times the delay, and a thin line. */
  slow(from: NodeName, to: NodeName, factor: number): void;
  /** Breaks the links between two nodes and what is in flight on them. `half`: one end notices late. */
  reset(a: NodeName, b: NodeName, options: { readonly half: boolean }): void;
  healAll(): void;
}

interface Tracked {
  readonly connection: Connection;
  /** Notices pending by keepalive, per side. */
  readonly notices: [(() => void) | null, (() => void) | null];
}

type Accept = (link: Link<PeerMessage>) => LinkEvents<PeerMessage>;

export function createNetwork(world: World, options: NetworkOptions): Network {
  const { random, keepaliveMs } = options;
  const connectTimeoutMs = keepaliveMs / 2;
  const ways = new Map<string, Way>();
  const acceptors = new Map<NodeName, { readonly accept: Accept; readonly alive: () => boolean }>();
  let tracked: Tracked[] = [];

  const wayOf = (from: NodeName, to: NodeName): Way => {
    const key = `${from}>${to}`;
    let way = ways.get(key);
    if (way === undefined) ways.set(key, (way = { cut: false, ...options.healthy(from, to) }));
    return way;
  };
  const drawDelayMs = (way: Way): number => way.minDelayMs + random.next() * (way.maxDelayMs - way.minDelayMs);

  const notice = (entry: Tracked, side: Side): void => {
    if (entry.notices[side] !== null) return;
    entry.notices[side] = world.after(keepaliveMs * (0.7 + 0.6 * random.next()), () => {
      entry.notices[side] = null;
      entry.connection.lose(side, "no keepalive");
    });
  };
  const unnotice = (entry: Tracked): void => {
    for (const side of [0, 1] as const) {
      entry.notices[side]?.();
      entry.notices[side] = null;
    }
  };

  const between = (a: NodeName, b: NodeName): Tracked[] => {
    tracked = tracked.filter((entry) => entry.connection.lives());
    return tracked.filter(({ connection }) => {
      const [dialler, acceptor] = connection.ends;
      return (dialler.node === a && acceptor.node === b) || (dialler.node === b && acceptor.node === a);
    });
  };

  const waysChanged = (a: NodeName, b: NodeName): void => {
    // With either way cut no keepalive comes back, so both ends find out, each at its own time.
    const broken = wayOf(a, b).cut || wayOf(b, a).cut;
    for (const entry of between(a, b)) {
      entry.connection.wayChanged();
      if (broken) for (const side of [0, 1] as const) notice(entry, side);
      else if (entry.connection.whole()) unnotice(entry);
    }
  };

  const setCut = (from: NodeName, to: NodeName, cut: boolean): void => {
    const way = wayOf(from, to);
    if (way.cut === cut) return;
    way.cut = cut;
    world.trace.add(`${from}>${to}`, cut ? "cut" : "healed");
    waysChanged(from, to);
  };

  const connect = (ends: [End, End], accept: Accept, onOpen: (link: Link<PeerMessage>) => void): Connection => {
    const [dialler, acceptor] = ends;
    const connection = createConnection(world, {
      ends,
      ways: [wayOf(dialler.node, acceptor.node), wayOf(acceptor.node, dialler.node)],
      drawDelayMs,
      onOpen: () => {
        onOpen(connection.link(0));
      },
      onSent(from, to, message, inFlightBytes) {
        const { channel } = from.address;
        options.observe({ kind: "sent", from: from.node, to: to.node, channel, message, inFlightBytes });
      },
      onDelivered(from, to, message) {
        world.trace.add(`${from.node}>${to.node}`, message.body.kind, () => showMessage(message));
      },
      survivorsOfClose: (inFlight) => (random.chance(0.5) ? inFlight : random.below(inFlight + 1)),
    });
    tracked.push({ connection, notices: [null, null] });
    // The open item goes first: whatever the acceptor sends from within its handler arrives after it.
    connection.begin();
    acceptor.events = accept(connection.link(1));
    return connection;
  };

  const dial = (dialler: End, onOpen: (link: Link<PeerMessage>) => void): void => {
    const { peer, channel, group } = dialler.address;
    const fail = (reason: string): void => {
      if (dialler.state !== "dialling" || !dialler.alive()) return;
      dialler.state = "closed";
      dialler.events?.onClose(reason);
    };
    const timeOut = (connection: Connection | null): void => {
      if (dialler.state !== "dialling" || !dialler.alive()) return;
      if (connection === null) fail("the connection timed out");
      else connection.lose(0, "the connection timed out");
    };
    const way = wayOf(dialler.node, peer);
    let connection: Connection | null = null;
    world.after(drawDelayMs(way), () => {
      if (dialler.state !== "dialling" || !dialler.alive() || way.cut) return;
      const target = acceptors.get(peer);
      if (target === undefined || !target.alive()) {
        world.after(drawDelayMs(wayOf(peer, dialler.node)), () => {
          if (!wayOf(peer, dialler.node).cut) fail("connection refused");
        });
        return;
      }
      const acceptor: End = {
        node: peer,
        address: addressOf(dialler.node, channel, group),
        alive: target.alive,
        state: "open",
        events: null,
      };
      connection = connect([dialler, acceptor], target.accept, onOpen);
    });
    world.after(connectTimeoutMs, () => {
      timeOut(connection);
    });
  };

  return {
    endpoint: (node, alive) => ({
      dial(address, events) {
        const dialler: End = { node, address, alive, state: "dialling", events };
        dial(dialler, (link) => {
          events.onOpen(link);
        });
        return {
          cancel() {
            if (dialler.state !== "dialling") return;
            dialler.events = null;
            const entry = between(node, address.peer).find(({ connection }) => connection.ends[0] === dialler);
            entry?.connection.link(0).close();
            dialler.state = "closed";
          },
        };
      },
      accept(onLink) {
        acceptors.set(node, { accept: onLink, alive });
      },
    }),
    nodeDied(node, { silent }) {
      const survivors = (inFlight: number): number => random.below(inFlight + 1);
      for (const entry of tracked) {
        for (const side of [0, 1] as const) {
          const end = entry.connection.ends[side];
          if (end.node !== node || end.alive()) continue;
          entry.connection.die(side, { silent, survivors });
          if (silent) notice(entry, side === 0 ? 1 : 0);
        }
      }
      tracked = tracked.filter((entry) => entry.connection.lives());
    },
    setCut,
    slow(from, to, factor) {
      const way = wayOf(from, to);
      Object.assign(way, slowed(options.healthy(from, to), factor));
      world.trace.add(`${from}>${to}`, "slow", () => `${factor} times`);
    },
    reset(a, b, { half }) {
      world.trace.add(`${a}>${b}`, half ? "half-open reset" : "reset");
      for (const entry of between(a, b)) {
        const side: Side = random.chance(0.5) ? 0 : 1;
        entry.connection.severAt(side, "connection reset");
        if (half) notice(entry, side === 0 ? 1 : 0);
        else entry.connection.severAt(side === 0 ? 1 : 0, "connection reset");
      }
    },
    healAll() {
      for (const [key, way] of ways) {
        const [from, to] = key.split(">") as [NodeName, NodeName];
        Object.assign(way, options.healthy(from, to));
        setCut(from, to, false);
      }
    },
  };
}

function addressOf(
  peer: NodeName,
  channel: Channel,
  group: GroupName,
): { peer: NodeName; channel: Channel; group: GroupName } {
  return { peer, channel, group };
}

function slowed(way: Omit<Way, "cut">, factor: number): Omit<Way, "cut"> {
  return {
    minDelayMs: way.minDelayMs * factor,
    maxDelayMs: way.maxDelayMs * factor,
    bytesPerMs: way.bytesPerMs / factor,
  };
}

/** A message on one line, without its payloads. */
function showMessage(message: PeerMessage): string {
  const text = JSON.stringify(message.body, (key, value: unknown) => (key === "payload" ? undefined : value));
  return `e${message.epoch.number} ${text.length > 300 ? `${text.slice(0, 300)}...` : text}`;
}

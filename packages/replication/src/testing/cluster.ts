/**
 * A whole group on benches, with a network between them that is quick, ordered and deterministic: one step is one
 * message delivered, one commit or store made durable, or one turn drained. So a test can kill a node after exactly so
 * many steps, and everything else is as it would be.
 */
import assert from "node:assert/strict";
import type { Channel } from "@waystation/contracts/link";
import type { Effect, LinkId } from "../effects.js";
import type { Membership } from "../membership.js";
import type { PeerMessage } from "../messages.js";
import type { GroupStatus } from "../status.js";
import type { NodeName } from "../vocabulary.js";
import { createBench, type Bench } from "./bench.js";
import { g1 } from "./fixture.js";
import { createMedium, type Medium } from "./medium.js";

export interface Cluster {
  /** The running node; asserts that it runs. */
  node(name: NodeName): Bench;
  runs(name: NodeName): boolean;
  medium(name: NodeName): Medium;
  status(name: NodeName): GroupStatus;
  start(name: NodeName): void;
  /** The nodes that run read another configuration; those started later begin with it, unless they have been started before. */
  configure(membership: Membership): void;
  /** Power loss: nothing that was not durable survives. The peers see their links close. */
  kill(name: NodeName): void;
  /** No message passes between the two, and links break. */
  cut(a: NodeName, b: NodeName): void;
  heal(): void;
  /** Steps until nothing moves, or at most so many times. Returns the number of steps made. */
  run(stepsMax?: number): number;
  /** Lets 25 ms pass for everyone; what it sets off is left to `run`. */
  tickAll(): void;
  /** Lets time pass for everyone, in ticks of 25 ms, and runs after each. */
  pass(ms: number): void;
  /** Lets time pass until the condition holds. */
  until(condition: () => boolean, what: string): void;
}

export interface ClusterOptions {
  readonly membership?: Membership;
  /** What the nodes are first started with, if that is less than there are nodes and volumes for. */
  readonly configuredAs?: Membership;
  /** The size of each node's journal; ample when left out. */
  readonly capacityBytes?: ReadonlyMap<NodeName, number>;
  /** Called before each step: the place to interfere. */
  readonly beforeStep?: (cluster: Cluster) => void;
}

interface End {
  readonly node: NodeName;
  readonly link: LinkId;
}

export function createCluster(options: ClusterOptions = {}): Cluster {
  const { membership = g1, beforeStep = () => {}, capacityBytes = new Map<NodeName, number>() } = options;
  const firstMemberships = new Map<NodeName, Membership>();
  let configured = options.configuredAs ?? membership;
  const names = new Set<NodeName>([
    ...membership.volumes.flatMap(({ primary, secondaries }) => [primary, ...secondaries]),
    membership.relay,
  ]);
  const media = new Map([...names].map((name): [NodeName, Medium] => [name, createMedium(membership, name)]));
  const running = new Map<NodeName, Bench>();
  const otherEnds = new Map<string, End>();
  const cuts = new Set<string>();
  const dirty = new Set<NodeName>();
  const queue: (() => void)[] = [];
  let nextLink = 1;
  let nowMs = 1_000;

  /** The roles of a node's first term are those that it was first started with (the daemon keeps them). */
  const firstOf = (name: NodeName): Membership => {
    const first = firstMemberships.get(name) ?? configured;
    firstMemberships.set(name, first);
    return first;
  };

  const keyOf = ({ node, link }: End): string => `${node}/${link}`;
  const pairOf = (a: NodeName, b: NodeName): string => [a, b].sort().join("|");

  const touch = (name: NodeName, act: (bench: Bench) => void): void => {
    const bench = running.get(name);
    if (bench === undefined) return;
    dirty.add(name);
    act(bench);
  };

  const unlink = (end: End): End | null => {
    const other = otherEnds.get(keyOf(end));
    if (other === undefined) return null;
    otherEnds.delete(keyOf(end));
    otherEnds.delete(keyOf(other));
    return other;
  };

  /** One end is gone: the other hears of it after all that was sent before. */
  const closed = (end: End, reason: string): void => {
    const other = unlink(end);
    if (other === null) return;
    const bench = running.get(other.node);
    queue.push(() => {
      if (bench === running.get(other.node)) touch(other.node, () => bench?.lose(other.link, reason));
    });
  };

  const dial = (from: NodeName, peer: NodeName, channel: Channel): void => {
    const dialler = running.get(from);
    queue.push(() => {
      if (dialler !== running.get(from)) return;
      const acceptor = running.get(peer);
      if (acceptor === undefined || cuts.has(pairOf(from, peer)))
        return touch(from, (bench) => bench.step({ kind: "dial-failed", peer, channel, reason: "refused" }));
      const [here, there] = [from, peer].map((node): End => ({ node, link: nextLink++ }));
      assert(here !== undefined && there !== undefined);
      otherEnds.set(keyOf(here), there);
      otherEnds.set(keyOf(there), here);
      touch(peer, (bench) => bench.open(from, channel, "peer", there.link));
      touch(from, (bench) => bench.open(peer, channel, "self", here.link));
    });
  };

  const send = (from: End, message: PeerMessage): void => {
    const to = otherEnds.get(keyOf(from));
    if (to === undefined || cuts.has(pairOf(from.node, to.node))) return;
    const bench = running.get(to.node);
    queue.push(() => {
      if (bench === undefined || bench !== running.get(to.node)) return;
      touch(to.node, () => bench.receive(to.link, message.body, message.epoch, message.term));
    });
  };

  const onEffect = (name: NodeName, effect: Effect): void => {
    if (effect.kind === "send") send({ node: name, link: effect.link }, effect.message);
    else if (effect.kind === "dial") dial(name, effect.peer, effect.channel);
    else if (effect.kind === "close-link") closed({ node: name, link: effect.link }, "closed by the peer");
  };

  const linksOf = (name: NodeName): End[] =>
    [...otherEnds.keys()].flatMap((key) => {
      const [node, link] = key.split("/");
      return node === name ? [{ node: name, link: Number(link) }] : [];
    });

  const drainDirty = (): boolean => {
    const [name] = dirty;
    if (name === undefined) return false;
    dirty.delete(name);
    const bench = running.get(name);
    const before = bench?.asked().length ?? 0;
    const waiting = queue.length;
    bench?.drain();
    return (bench?.asked().length ?? 0) > before || queue.length > waiting;
  };

  const answerOldest = (): boolean => {
    for (const [name, bench] of running) {
      const [oldest] = bench.asked();
      if (oldest === undefined) continue;
      touch(name, () => bench.answer(oldest.kind));
      return true;
    }
    return false;
  };

  /** False when nothing is left to do. */
  const step = (): boolean => {
    while (dirty.size > 0) if (drainDirty()) return true;
    const next = queue.shift();
    if (next === undefined) return answerOldest();
    next();
    return true;
  };

  const cluster: Cluster = {
    node(name) {
      const bench = running.get(name);
      assert(bench !== undefined, `${name} is not running`);
      // Whoever asks may step it: it is drained afterwards.
      dirty.add(name);
      return bench;
    },
    runs: (name) => running.has(name),
    medium(name) {
      const medium = media.get(name);
      assert(medium !== undefined);
      return medium;
    },
    status: (name) => cluster.node(name).member.status(),
    start(name) {
      assert(!running.has(name), `${name} is running`);
      const bench = createBench({
        self: name,
        membership: firstOf(name),
        medium: cluster.medium(name),
        nowMs,
        capacityBytes: capacityBytes.get(name) ?? 2 ** 30,
        onEffect: (effect) => onEffect(name, effect),
      });
      running.set(name, bench);
      touch(name, () => {
        bench.start();
        bench.step({ kind: "configured", membership: configured });
      });
    },
    configure(next) {
      configured = next;
      for (const [name] of running) touch(name, (bench) => bench.step({ kind: "configured", membership: next }));
    },
    kill(name) {
      for (const end of linksOf(name)) closed(end, "the peer died");
      running.delete(name);
      dirty.delete(name);
    },
    cut(a, b) {
      cuts.add(pairOf(a, b));
      for (const end of linksOf(a)) {
        const other = otherEnds.get(keyOf(end));
        if (other?.node !== b) continue;
        unlink(end);
        for (const { node, link } of [end, other]) touch(node, (bench) => bench.lose(link, "cut"));
      }
    },
    heal: () => cuts.clear(),
    run(stepsMax = 100_000) {
      for (let steps = 0; steps < stepsMax; steps++) {
        beforeStep(cluster);
        if (!step()) return steps;
      }
      assert(stepsMax < 100_000, "the cluster never comes to rest");
      return stepsMax;
    },
    tickAll() {
      nowMs += 25;
      for (const [name] of [...running]) touch(name, (bench) => bench.tick());
    },
    pass(ms) {
      for (let left = ms; left > 0; left -= 25) {
        cluster.tickAll();
        cluster.run();
      }
    },
    until(condition, what) {
      for (let ticks = 0; ticks < 4_000; ticks++) {
        if (condition()) return;
        cluster.pass(25);
      }
      const states = [...running].map(
        ([name, { member }]) => `${name}: ${member.status().phase} (${member.status().detail})`,
      );
      assert.fail(`it never came to this: ${what}; ${states.join(", ")}`);
    },
  };
  return cluster;
}

/**
 * What goes wrong: crashes at any instant or right in the middle of a commit, a store or a conversation; restarts soon
 * or late; cuts, resets, slow lines and slow disks. Everything is drawn from the seed, everything ends with `healAll`.
 */
import type { Random } from "@waystation/contracts/random";
import type { NodeName } from "@waystation/contracts/ids";
import type { Cluster } from "./cluster.js";
import type { Machine } from "./machine.js";
import type { Observation } from "./observation.js";

export interface Faults {
  /** Begins to break things, every so often. */
  start(): void;
  /** Breaks nothing more; what is broken stays so. */
  stop(): void;
  /** Stops, repairs everything and starts every node but those that are to stay down. */
  healAll(): void;
  /** Crashes the node at something that it is about to do; it starts again later. */
  crashSoon(node: NodeName): void;
  /** Starts the node now, well again if its disks had failed. What was scheduled before does not happen any more. */
  restore(node: NodeName): void;
  /** Crashes a node and keeps it down until `allow`. */
  keepDown(node: NodeName): void;
  allow(node: NodeName): void;
  /** Allows the node and starts it, well again if its disks had failed; whatever else was scheduled happens still. */
  bringBack(node: NodeName): void;
  count(): number;
}

export function createFaults(cluster: Cluster, random: Random): Faults {
  const { world, network, machines } = cluster;
  const names = machines.map((machine) => machine.name);
  const keptDown = new Set<NodeName>();
  let running = false;
  let count = 0;
  /** Raised by every healing: what was scheduled before it does not happen any more. */
  let season = 0;

  const later = (delayMs: number, run: () => void): void => {
    const scheduledIn = season;
    world.after(delayMs, () => {
      if (season === scheduledIn) run();
    });
  };

  const outageMs = (): number => {
    const kind = random.below(10);
    if (kind < 4) return 1 + random.below(100);
    if (kind < 8) return 200 + random.below(3000);
    return 4000 + random.below(12_000);
  };

  const startSoon = (machine: Machine, delayMs: number): void => {
    later(delayMs, () => {
      if (!keptDown.has(machine.name)) machine.start();
    });
  };

  const crash = (machine: Machine): void => {
    if (machine.node() === null) return;
    machine.crash({ silent: random.chance(0.4) });
    startSoon(machine, outageMs());
  };

  const triggers = ["sent", "journal-durable", "store-write", "journal-trim"] as const;

  /** Crashes the node shortly after the n-th thing of one kind that it does from now on. */
  const crashAt = (machine: Machine, event: Observation["kind"], withinMax: number): void => {
    let left = 1 + random.below(withinMax);
    const armedIn = season;
    const unwatch = cluster.watch({
      observe(observation) {
        const about =
          observation.kind === "sent" ? observation.from : "node" in observation ? observation.node : undefined;
        if (observation.kind !== event || about !== machine.name || season !== armedIn) return;
        left -= 1;
        if (left !== 0) return;
        later(random.chance(0.5) ? 0 : random.next(), () => {
          unwatch();
          crash(machine);
        });
      },
    });
    later(3000, unwatch);
  };

  const pair = (): [NodeName, NodeName] => {
    const from = random.pick(names);
    // Most of the traffic is with the relay, so most of the trouble is there.
    const others = names.filter((name) => name !== from);
    const { relay } = cluster.plan.membership;
    return [from, from !== relay && random.chance(0.6) ? relay : random.pick(others)];
  };

  const cut = (from: NodeName, to: NodeName): void => {
    network.setCut(from, to, true);
    later(outageMs(), () => {
      network.setCut(from, to, false);
    });
  };

  const slowLine = (): void => {
    const [from, to] = pair();
    network.slow(from, to, 2 + random.below(40));
    later(outageMs(), () => {
      network.slow(from, to, 1);
    });
  };

  const slowDevice = (): void => {
    const latency = random.pick(cluster.latencies);
    latency.slowdown = 2 + random.below(random.pick([60, 400]));
    world.trace.add("faults", "slow device", () => `${latency.slowdown} times`);
    later(outageMs(), () => {
      latency.slowdown = 1;
    });
  };

  /** The node says so and does nothing more with it; sooner or later somebody repairs the disk and starts it again. */
  const ioError = (): void => {
    const machine = random.pick(machines);
    machine.failIo(random.pick(["journal", "disk"]));
    later(500 + outageMs(), () => {
      if (machine.isSick()) crash(machine);
    });
  };

  const isolate = (): void => {
    const alone = random.pick(names);
    for (const other of names) {
      if (other === alone) continue;
      cut(alone, other);
      cut(other, alone);
    }
  };

  const kinds: readonly (() => void)[] = [
    () => {
      crash(random.pick(machines));
    },
    () => {
      crash(random.pick(machines));
    },
    () => {
      crashAt(random.pick(machines), random.pick(triggers), 20);
    },
    () => {
      // Several at once; sometimes all, as when the power of everything fails.
      const share = random.pick([0.4, 0.7, 1]);
      for (const machine of machines) if (random.chance(share)) crash(machine);
    },
    () => {
      const machine = random.pick(machines);
      machine.stop();
      startSoon(machine, outageMs());
    },
    () => {
      cut(...pair());
    },
    () => {
      const [a, b] = pair();
      cut(a, b);
      cut(b, a);
    },
    isolate,
    () => {
      network.reset(...pair(), { half: random.chance(0.5) });
    },
    () => {
      network.reset(...pair(), { half: random.chance(0.5) });
    },
    slowLine,
    slowDevice,
    ioError,
    () => {
      // A link that breaks over a busy disk: what it had brought is neither durable nor lost when the next one comes.
      slowDevice();
      const [a, b] = pair();
      for (const delayMs of [20, 100, 300]) {
        later(delayMs * random.next(), () => {
          network.reset(a, b, { half: false });
        });
      }
    },
  ];

  const next = (): void => {
    later(cluster.plan.faultEveryMs * 2 * random.next(), () => {
      if (!running) return;
      count += 1;
      random.pick(kinds)();
      next();
    });
  };

  return {
    start() {
      running = true;
      next();
    },
    stop() {
      running = false;
    },
    healAll() {
      running = false;
      season += 1;
      world.trace.add("faults", "all healed");
      network.healAll();
      for (const latency of cluster.latencies) latency.slowdown = 1;
      for (const machine of machines) {
        if (machine.isSick()) machine.crash({ silent: false });
        startSoon(machine, 200 * random.next());
      }
    },
    crashSoon(node) {
      crashAt(cluster.machine(node), random.pick(["sent", "journal-durable"]), 6);
    },
    restore(node) {
      season += 1;
      const machine = cluster.machine(node);
      if (machine.isSick()) machine.crash({ silent: false });
      machine.start();
    },
    keepDown(node) {
      keptDown.add(node);
      cluster.machine(node).crash({ silent: random.chance(0.5) });
    },
    allow(node) {
      keptDown.delete(node);
    },
    bringBack(node) {
      keptDown.delete(node);
      const machine = cluster.machine(node);
      if (machine.isSick()) machine.crash({ silent: false });
      machine.start();
    },
    count: () => count,
  };
}

/** Pairs over test stores, and their restart after a power cut. */
import { systemClock, type Clock } from "@waystation/contracts/clock";
import { Failure } from "@waystation/contracts/errors";
import { silentLog, type Log } from "@waystation/contracts/log";
import type { Random } from "@waystation/contracts/random";
import type { CopyPace } from "./copier.js";
import { openPairs, type Pairs } from "./open-pairs.js";
import type { RemoteSecondaries } from "./remote-secondary.js";
import {
  createPower,
  createTestHome,
  createTestStore,
  type Power,
  type TestHome,
  type TestStore,
} from "./testing-store.js";

/** Timers never fire: what they are for is asked for by name in tests. */
export const stillClock: Clock = { ...systemClock, setTimer: () => () => {} };

/** What there is before anything is opened. */
export interface SiteParts {
  readonly power: Power;
  readonly home: TestHome;
  readonly volumes: ReadonlyMap<string, TestStore>;
}

export interface Site extends SiteParts {
  readonly pairs: Pairs;
  volume(name: string): TestStore;
  /** The site after a power cut, up again. */
  restart(random: Random): Promise<Site>;
}

export interface SiteOptions {
  readonly sizeBytes: number;
  /** Name and stripe size. */
  readonly volumes: Readonly<Record<string, number>>;
  readonly pace?: CopyPace;
  readonly clock?: Clock;
  readonly log?: Log;
  readonly remotes?: RemoteSecondaries;
}

export function openSite(options: SiteOptions): Promise<Site> {
  const power = createPower();
  const volumes = new Map<string, TestStore>();
  for (const [name, stripeBytes] of Object.entries(options.volumes)) {
    volumes.set(name, createTestStore({ sizeBytes: options.sizeBytes, power, stripeBytes }));
  }
  return openOn(options, { power, volumes, home: createTestHome(power) });
}

/** What a power cut leaves, on another power supply. */
export function partsAfterCut({ home, volumes }: SiteParts, random: Random, power: Power): SiteParts {
  const left = new Map<string, TestStore>();
  for (const [name, store] of volumes) {
    const { sizeBytes, stripeBytes } = store;
    left.set(name, createTestStore({ sizeBytes, stripeBytes, power, content: store.crash(random) }));
  }
  return { power, home: home.crash(random, power), volumes: left };
}

export async function openOn(options: SiteOptions, parts: SiteParts): Promise<Site> {
  const { home, volumes } = parts;
  const volume = (name: string): TestStore => {
    const store = volumes.get(name);
    if (store === undefined) throw new Failure("VOLUME_NOT_FOUND", `no volume ${name}`);
    return store;
  };
  const pairs = await openPairs({
    homes: [home],
    homeOf: () => home,
    openVolume: volume,
    clock: options.clock ?? stillClock,
    log: options.log ?? silentLog,
    ...(options.remotes === undefined ? {} : { remotes: options.remotes }),
    pace: options.pace ?? { stepBytes: 4096, busyBytesPerSecond: Infinity },
  });
  const restart = (random: Random): Promise<Site> => openOn(options, partsAfterCut(parts, random, createPower()));
  return { ...parts, pairs, volume, restart };
}

/**
 * Power cuts (DESIGN rule 3): every daemon's disks and journals are on storage of their own that loses what was not
 * synced. From the very first start on, under the dependent-writes client and a load that moves the tails of all logs,
 * the power of some nodes, or of all, is cut at random moments and comes back. In the end either both sides must show
 * exactly what was acknowledged, or the primary site stays dark and the secondaries are taken over. A missing sync shows
 * as a lost write, a broken order, or a node that refuses to start because it finds less than it promised.
 */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createRandom, type Random } from "@waystation/contracts/random";
import {
  mebibyte,
  nodeNames,
  primaries,
  secondaries,
  type ClusterShape,
  type Service,
  type TestNode,
  type TestVolume,
} from "../../harness/cluster-file.js";
import { waitProtected, waitSynced, withCluster, type TestCluster } from "../../harness/cluster.js";
import { connectNbd } from "../../harness/nbd-client.js";
import { siteDigests } from "../../harness/volume-digest.js";
import { waitUntil, within } from "../../harness/wait.js";
import { dependentAreaBytes, readPrefix, startDependentWrites, type DependentWrites } from "../dependent-writes.js";
import { startCheckedLoad, type CheckedLoad } from "./checked-load.js";
import { createPowerGrid, type PowerGrid } from "./power-grid.js";
import { watchNames } from "./unsynced-names.js";

/** What chance decides where it is left out. */
export interface PowerCourse {
  readonly journals?: JournalForm;
  /** Cuts in the first start and soon after it; or so much load that all logs go round, and deaths at checkpoints. */
  readonly emphasis?: "first start" | "load" | "none";
}

export interface PowerDrillOptions {
  readonly seed: number;
  readonly course?: PowerCourse;
  /** Where disk images are kept while it runs. */
  readonly folder: string;
  /** The compiled entry point of each service. */
  readonly serviceMain: (service: Service) => string;
  /** Called at each cut: a round that fails before the first has shown nothing about power. */
  readonly onCut?: () => void;
  /** Rejects when the round is to be broken off: everything is taken down then. */
  readonly brokenOff: Promise<never>;
}

export interface PowerDrillReport {
  readonly journals: JournalForm;
  readonly cuts: readonly (readonly TestNode[])[];
  readonly ending: "power comes back" | "takeover";
  readonly acknowledged: number;
  readonly prefix: number;
  readonly loadBytes: number;
}

const volumeBytes = 16 * mebibyte;
const loadBytes = volumeBytes - dependentAreaBytes;
const cutsMax = 4;
const momentMsMax = 1_000;
/** Beyond half of a stripe log, whose tail then moves in the background (`packages/raid/src/io/stripe-log.ts`). */
const burstBytesMax = 24 * mebibyte;
const smallBurstBytesMax = mebibyte;
/** Syncs are slow here, and many. */
const waitMs = 180_000;
const firstStart = { cutChance: 0.4, steps: 80, moves: 3 };
const restart = { cutChance: 0.15, steps: 30, moves: 0 };
/** How a round with an emphasis differs. */
const emphases = {
  "first start": { cutsMax: 1, cutChance: 0.9, doomChance: 0, burst: () => 0 },
  "load": { cutsMax: 2, cutChance: 0, doomChance: 0.5, burst: () => 40 * mebibyte },
  "none": { cutsMax, cutChance: firstStart.cutChance, doomChance: 0, burst: (random: Random) => chooseBurst(random) },
};
type Emphasis = (typeof emphases)[keyof typeof emphases];
const volumeNodes = { "vol-a": ["primary-a", "secondary-a"], "vol-b": ["primary-b", "secondary-b"] } as const;

const journalForms = {
  "LevelDB": [],
  "relay on a volume": ["relay-1"],
  "all on volumes": nodeNames,
} as const satisfies Record<string, readonly TestNode[]>;
type JournalForm = keyof typeof journalForms;

function shapeOf(form: JournalForm): Partial<ClusterShape> {
  const journalVolumes: readonly TestNode[] = journalForms[form];
  // As small as the configuration lets them be: the ring goes round, and is prepared soon.
  const capacity = journalVolumes.length > 0 ? { relayJournal: "64MiB", secondaryJournal: "64MiB" } : {};
  return { volumeBytes, journalVolumes, ...capacity };
}

/** One round, in a cluster of its own. Throws when anything is lost or out of order, or a node does not come back. */
export function runPowerDrill(options: PowerDrillOptions): Promise<PowerDrillReport> {
  const { seed, onCut = () => {} } = options;
  const random = createRandom(seed);
  const { course: wanted = {} } = options;
  const journals =
    wanted.journals ?? random.pick(["LevelDB", "LevelDB", "relay on a volume", "all on volumes"] as const);
  const emphasis = emphases[wanted.emphasis ?? (random.chance(0.2) ? "load" : "none")];
  let watchedMain = options.serviceMain;
  const serviceMain = (service: Service): string => watchedMain(service);
  return withCluster({ shape: shapeOf(journals), serviceMain }, async (cluster) => {
    const folder = join(options.folder, String(seed));
    const watched = { folder: join(folder, "names"), dataDirectory: cluster.dataDirectory };
    const names = await watchNames({ ...watched, serviceMain: options.serviceMain });
    watchedMain = (service) => names.serviceMain(service);
    const grid = await createPowerGrid({ cluster, names, folder, random, onCut });
    try {
      const course = drill({ cluster, grid, random, emphasis });
      return { journals, ...(await Promise.race([course, options.brokenOff])) };
    } finally {
      await grid.release();
    }
  });
}

interface Round {
  readonly cluster: TestCluster;
  readonly grid: PowerGrid;
  readonly random: Random;
  readonly emphasis: Emphasis;
}

/** What clients write, and were told. */
interface Clients {
  readonly writes: DependentWrites;
  readonly loads: Readonly<Record<TestVolume, CheckedLoad>>;
  stop(): Promise<void>;
}

async function drill(round: Round): Promise<Omit<PowerDrillReport, "journals">> {
  const { cluster, grid, random, emphasis } = round;
  const doomed: TestNode[] = [...primaries, ...secondaries].filter(() => random.chance(emphasis.doomChance));
  if (doomed.length > 0) await grid.startDoomed(nodeNames, doomed);
  else await grid.start(nodeNames, { ...firstStart, cutChance: emphasis.cutChance });
  await waitWhole(cluster);
  const clients = startClients(round);
  const { writes, loads } = clients;
  try {
    const cuts: TestNode[][] = [];
    for (let left = 1 + random.below(emphasis.cutsMax); left > 0; left--) {
      const chosen = chooseNodes(random);
      const nodes = nodeNames.filter((node) => chosen.includes(node) || (cuts.length === 0 && doomed.includes(node)));
      cuts.push(nodes);
      await progress("more writes", () => writes.acknowledged(), 1);
      const burst = Promise.all(Object.values(loads).map((load) => writeSome(load, round)));
      await Promise.race([burst, ...(cuts.length === 1 ? doomed.map((node) => cluster.process(node).exited) : [])]);
      burst.catch(() => {});
      await delay(random.below(momentMsMax));
      await cutAndRestore(round, nodes);
      await waitWhole(cluster);
    }
    await progress("more writes", () => writes.acknowledged(), 20);
    const ending = random.chance(0.5) ? "takeover" : "power comes back";
    const end = ending === "takeover" ? endWithTakeover : endWithPower;
    const found = await end(round, clients);
    const loadBytes = loads["vol-a"].acknowledgedBytes() + loads["vol-b"].acknowledgedBytes();
    return { cuts, ending, loadBytes, ...found };
  } finally {
    await clients.stop();
  }
}

/** Both primaries are open and protected. A node that finds less than it promised says so, and stays as it is. */
async function waitWhole(cluster: TestCluster): Promise<void> {
  const complaint = (): string | null => {
    const entries = nodeNames.flatMap((node) => cluster.log(node).entries);
    return entries.find(({ msg = "" }) => /lost acknowledged records|its data was lost/.test(msg))?.msg ?? null;
  };
  const abort = new AbortController();
  const complains = waitUntil("nothing", () => abort.signal.aborted || complaint(), { deadlineMs: 2 * waitMs });
  try {
    const found = await Promise.race([waitProtected(cluster, waitMs), complains]);
    if (typeof found === "string") throw new Error(found);
  } finally {
    abort.abort();
  }
}

function startClients({ cluster, random }: Round): Clients {
  const { open } = areaOn(cluster, 0);
  const startLoad = (volume: TestVolume): CheckedLoad =>
    startCheckedLoad({ open: () => open(volume), areaBytes: loadBytes, random: random.fork() });
  const writes = startDependentWrites({ ...areaOn(cluster, 0), persistent: true });
  const loads = { "vol-a": startLoad("vol-a"), "vol-b": startLoad("vol-b") };
  const stop = async (): Promise<void> => {
    const ended = Promise.all([writes.stop(), ...Object.values(loads).map((load) => load.stop())]);
    await within("the end of the clients", waitMs, ended);
  };
  return { writes, loads, stop };
}

/** One node, several, or the lights go out everywhere. */
function chooseNodes(random: Random): TestNode[] {
  if (random.chance(0.3)) return [...nodeNames];
  const chosen = nodeNames.filter(() => random.chance(0.35));
  return chosen.length === 0 ? [random.pick(nodeNames)] : chosen;
}

function chooseBurst(random: Random): number {
  return random.below(random.chance(0.5) ? burstBytesMax : smallBurstBytesMax);
}

/** Goes on when part of it is written: the cut may come in the midst of the rest. */
async function writeSome(load: CheckedLoad, { random, emphasis }: Round): Promise<void> {
  const bytes = emphasis.burst(random);
  load.burst(bytes);
  const part = Math.floor(bytes * (1 + random.next())) / 2;
  await progress("more bytes of load", () => load.acknowledgedBytes(), part);
}

function progress(what: string, measure: () => number, amount: number): Promise<unknown> {
  const from = measure();
  return waitUntil(`${amount} ${what}`, () => measure() >= from + amount, { deadlineMs: waitMs });
}

async function cutAndRestore({ cluster, grid, random }: Round, nodes: readonly TestNode[]): Promise<void> {
  // Sometimes only the daemons die. What the kernel still holds then is read by the next ones, and may be lost later.
  if (random.chance(0.15)) {
    await cluster.end(nodes);
  } else {
    await grid.cut(nodes);
    await grid.restore(nodes);
    if (random.chance(0.3)) await grid.startWithoutMedia(random.pick(nodes));
  }
  await grid.start(nodes, restart);
}

function areaOn(cluster: TestCluster, side: 0 | 1) {
  return {
    open: (volume: TestVolume) => connectNbd(cluster.nbdPort(volumeNodes[volume][side]), volume),
    volumeBytes,
  };
}

type Found = Pick<PowerDrillReport, "acknowledged" | "prefix">;

/** Everything goes on: both sides show the same, and all that was acknowledged. */
async function endWithPower({ cluster }: Round, clients: Clients): Promise<Found> {
  await clients.stop();
  await waitSynced(cluster, waitMs);
  const near = await checkSide(cluster, clients, 0);
  await checkSide(cluster, clients, 1);
  const [primary, secondary] = [await siteDigests(cluster, "primary"), await siteDigests(cluster, "secondary")];
  if (primary.join() !== secondary.join()) throw new Error("the volumes of the two sides differ");
  return near;
}

/** The primary site stays dark; perhaps others go dark with it, and come back. */
async function endWithTakeover({ cluster, grid, random }: Round, clients: Clients): Promise<Found> {
  const others = ["relay-1", ...secondaries] as const;
  const passing = others.filter(() => random.chance(0.4));
  await grid.cut([...primaries, ...passing]);
  await clients.stop();
  await grid.restore(passing);
  await grid.start(passing, restart);
  const takeover = await cluster.takeover({ on: random.pick(secondaries) });
  if (takeover.result.outcome !== "taken-over")
    throw new Error(`the takeover was refused: ${takeover.result.code} ${takeover.result.message}`);
  await waitUntil("both volumes are open for hosts", async () => {
    const statuses = await Promise.all(secondaries.map((node) => cluster.status(node)));
    return statuses.every(({ volumes }) => volumes.every(({ access }) => access === "read-write"));
  });
  return checkSide(cluster, clients, 1);
}

async function checkSide(cluster: TestCluster, { writes, loads }: Clients, side: 0 | 1): Promise<Found> {
  const area = areaOn(cluster, side);
  const where = side === 0 ? "primaries" : "secondaries";
  const acknowledged = writes.acknowledged();
  const prefix = await readPrefix(area);
  if (prefix < acknowledged)
    throw new Error(`LOST: acknowledged up to ${acknowledged}, the ${where} hold 1..${prefix}`);
  if (prefix > acknowledged + 1) throw new Error(`the ${where} hold write ${prefix}, sent ${acknowledged + 1}`);
  for (const volume of ["vol-a", "vol-b"] as const) {
    const client = await area.open(volume);
    await loads[volume].check(client, `${volume} of the ${where}`);
    client.close();
  }
  return { acknowledged, prefix };
}

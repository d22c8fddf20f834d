/** All hosts of one side: a dependent writer over all volumes, random writers and readers on each. */
import type { NodeName, VolumeName } from "@waystation/contracts/ids";
import type { Random } from "@waystation/contracts/random";
import type { GroupVolume } from "@waystation/replication/membership";
import type { Cluster } from "../cluster.js";
import { dependentSlots, farNodeOf, randomFirstCell, volumeCells } from "../plan.js";
import { startDependentWriter, type DependentLayout, type DependentWriter } from "./dependent-writes.js";
import { createHost, type Host } from "./host.js";
import { startRandomWriter, startReader, type RandomIo } from "./random-io.js";

/** `any`: hosts with a path to every node that holds the volume. */
type Side = "primary" | "secondary" | "any";

export interface Fleet {
  readonly dependent: DependentWriter;
  stop(): void;
  idle(): boolean;
}

interface FleetOrder {
  readonly side: Side;
  readonly layout: DependentLayout;
  readonly volumes: readonly GroupVolume[];
  /** The dependent client's earlier life, to go on from. */
  readonly resume?: DependentWriter;
}

export interface Hosts {
  /** Writers and readers at one side. */
  startFleet(order: FleetOrder): Fleet;
  /** Readers at the secondaries, from before the takeover until the end. */
  startFarReaders(): RandomIo[];
  reader(side: Side, volume: VolumeName): Host;
  requestCount(): number;
}

export function createHosts(cluster: Cluster, random: Random): Hosts {
  const { world, plan } = cluster;
  let requests = 0;
  let writers = 0;

  const nodesOf = (side: Side, volume: VolumeName): readonly NodeName[] => {
    const place = plan.membership.volumes.find(({ name }) => name === volume);
    if (place === undefined) throw new RangeError(`no volume ${volume}`);
    if (side === "primary") return [place.primary];
    return side === "secondary" ? [farNodeOf(place)] : [place.primary, ...place.secondaries];
  };

  const makeHost = (side: Side, volume: VolumeName, access: "read-write" | "any"): Host =>
    createHost(world, {
      machines: nodesOf(side, volume).map((node) => cluster.machine(node)),
      volume,
      random: random.fork(),
      observe: cluster.observe,
      nextRequestId: () => ++requests,
      access,
    });

  const ioOptions = (host: Host): Parameters<typeof startReader>[1] => ({
    host,
    random: random.fork(),
    firstCell: 0,
    endCell: volumeCells,
    hotCells: 2 * randomFirstCell,
    requestCellsMax: plan.requestCellsMax,
    pauseMsMax: plan.pauseMsMax,
  });

  const reader = (side: Side, volume: VolumeName): Host => makeHost(side, volume, "any");

  return {
    startFleet({ side, layout, volumes, resume }) {
      const io: RandomIo[] = [];
      const pauses = random.fork();
      const dependent = startDependentWriter(world, {
        hosts: volumes.map((volume) => makeHost(side, volume.name, "read-write")),
        layout,
        writer: resume?.writer ?? ++writers,
        acknowledged: resume?.acknowledged() ?? 0,
        pauseMs: () => (pauses.next() * plan.pauseMsMax) / 2,
      });
      for (const volume of volumes) {
        for (let i = 0; i < plan.writersPerVolume; i++) {
          const options = ioOptions(makeHost(side, volume.name, "read-write"));
          const { writerDepth: depth, zeroShare } = plan;
          const writer = ++writers;
          io.push(startRandomWriter(world, { ...options, firstCell: randomFirstCell, writer, depth, zeroShare }));
        }
        for (let i = 0; i < plan.readersPerVolume; i++) {
          io.push(startReader(world, ioOptions(makeHost(side, volume.name, "any"))));
        }
      }
      return {
        dependent,
        stop() {
          dependent.stop();
          for (const each of io) each.stop();
        },
        idle: () => dependent.idle() && io.every((each) => each.idle()),
      };
    },
    startFarReaders: () =>
      plan.membership.volumes.map((volume) =>
        startReader(world, { ...ioOptions(reader("secondary", volume.name)), pauseMsMax: 300 }),
      ),
    reader,
    requestCount: () => requests,
  };
}

/** The slots of the first dependent client, and of the one that starts after the takeover. */
export function dependentLayout(volumes: readonly GroupVolume[], client: 0 | 1): DependentLayout {
  return { volumes: volumes.length, slots: dependentSlots, firstCell: client * dependentSlots };
}

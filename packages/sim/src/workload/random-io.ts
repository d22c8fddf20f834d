/**
 * Hosts without manners: independent writers whose ranges overlap, and readers. Each writer has several requests in
 * flight, so that neighbours race; half of all requests go to a few hot cells.
 */
import type { Random } from "@waystation/contracts/random";
import { cellBytes, makeTag, zeroTag } from "../cell.js";
import type { World } from "../world.js";
import type { Host, HostRange } from "./host.js";

export interface RandomIo {
  /** Ends it once its requests of the moment are answered. */
  stop(): void;
  /** True once it has ended. */
  idle(): boolean;
}

export interface RandomIoOptions {
  readonly host: Host;
  readonly random: Random;
  /** The cells to write to, half-open. */
  readonly firstCell: number;
  readonly endCell: number;
  readonly hotCells: number;
  readonly requestCellsMax: number;
  readonly pauseMsMax: number;
}

function drawRange(options: RandomIoOptions): HostRange {
  const { random, firstCell, endCell, requestCellsMax } = options;
  const cells = random.chance(0.5) ? Math.min(options.hotCells, endCell - firstCell) : endCell - firstCell;
  const start = random.below(cells);
  const length = Math.min(1 + random.below(requestCellsMax), cells - start);
  return { offsetBytes: (firstCell + start) * cellBytes, lengthBytes: length * cellBytes };
}

export function startRandomWriter(
  world: World,
  options: RandomIoOptions & { readonly writer: number; readonly depth: number; readonly zeroShare: number },
): RandomIo {
  const { host, random, writer } = options;
  let running = true;
  let loops = options.depth;
  let count = 0;

  const loop = async (): Promise<void> => {
    while (running) {
      count += 1;
      const tag = random.chance(options.zeroShare) ? zeroTag : makeTag(writer, count);
      await host.write(tag, drawRange(options));
      if (random.chance(0.01)) host.reconnect();
      await world.sleep(random.next() * options.pauseMsMax);
    }
    loops -= 1;
  };
  for (let i = 0; i < options.depth; i++) void loop();

  return {
    stop() {
      running = false;
    },
    idle: () => loops === 0,
  };
}

export function startReader(world: World, options: RandomIoOptions): RandomIo {
  let running = true;
  let idle = false;
  const loop = async (): Promise<void> => {
    while (running) {
      await options.host.read(drawRange(options));
      if (options.random.chance(0.02)) options.host.reconnect();
      await world.sleep(options.random.next() * options.pauseMsMax);
    }
    idle = true;
  };
  void loop();
  return {
    stop() {
      running = false;
    },
    idle: () => idle,
  };
}

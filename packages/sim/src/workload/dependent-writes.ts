/**
 * The client that needs the order: write k+1 goes out only after write k was acknowledged, to the volumes in turn. What
 * any consistent copy shows is therefore exactly the writes 1..K. Each write has a slot, found again by scanning:
 * write k goes to volume (k-1) mod n, slot floor((k-1)/n) mod slots.
 */
import { cellBytes, makeTag, readTag, showTag, tagCount, tagWriter, zeroTag, type Tag } from "../cell.js";
import type { World } from "../world.js";
import type { Host } from "./host.js";

export interface DependentWriter {
  readonly writer: number;
  /** The last write that was acknowledged. */
  acknowledged(): number;
  /** Ends the client once its write of the moment is answered. */
  stop(): void;
  /** True once it has ended. */
  idle(): boolean;
}

export interface DependentLayout {
  readonly volumes: number;
  readonly slots: number;
  /** The cell of slot 0, on every volume. */
  readonly firstCell: number;
}

export function startDependentWriter(
  world: World,
  options: {
    readonly hosts: readonly Host[];
    readonly layout: DependentLayout;
    readonly writer: number;
    /** The last write that an earlier life of this client saw acknowledged. */
    readonly acknowledged: number;
    readonly pauseMs: () => number;
  },
): DependentWriter {
  const { hosts, layout, writer } = options;
  let { acknowledged } = options;
  let running = true;
  let idle = false;

  const loop = async (): Promise<void> => {
    while (running) {
      const count = acknowledged + 1;
      const place = placeOf(layout, count);
      const host = hosts[place.volume];
      if (host === undefined) return;
      const range = { offsetBytes: place.cell * cellBytes, lengthBytes: cellBytes };
      // A write that got no answer is repeated as it was, and nothing follows it until it is acknowledged.
      if (await host.write(makeTag(writer, count), range)) acknowledged = count;
      await world.sleep(options.pauseMs());
    }
    idle = true;
  };
  void loop();

  return {
    writer,
    acknowledged: () => acknowledged,
    stop() {
      running = false;
    },
    idle: () => idle,
  };
}

function placeOf(layout: DependentLayout, count: number): { volume: number; cell: number } {
  const turn = Math.floor((count - 1) / layout.volumes);
  return { volume: (count - 1) % layout.volumes, cell: layout.firstCell + (turn % layout.slots) };
}

/** Reads all slots of one volume as tags; null when no answer came. */
export async function scanSlots(host: Host, layout: DependentLayout): Promise<readonly Tag[] | null> {
  const range = { offsetBytes: layout.firstCell * cellBytes, lengthBytes: layout.slots * cellBytes };
  const data = await host.read(range);
  if (data === null) return null;
  return Array.from({ length: layout.slots }, (_, slot) =>
    readTag(data, slot * cellBytes, { volume: host.volume, cell: layout.firstCell + slot }),
  );
}

/**
 * Judges what a scan of all volumes found: exactly the writes 1..K of the writer. Returns K, or what is wrong.
 */
export function judgeDependentWrites(
  layout: DependentLayout,
  found: readonly (readonly Tag[])[],
  options: { readonly writer: number; readonly acknowledged: number },
): number | string {
  let highest = 0;
  for (const tag of found.flat()) {
    if (tag !== zeroTag && tagWriter(tag) !== options.writer) return `a slot holds ${showTag(tag)}`;
    highest = Math.max(highest, tagCount(tag));
  }
  // The last write of each slot that is not above K is what must be there.
  const expected = found.map((slots) => slots.map((): Tag => zeroTag));
  for (let count = Math.max(1, highest - layout.volumes * layout.slots + 1); count <= highest; count++) {
    const { volume, cell } = placeOf(layout, count);
    const slots = expected[volume];
    if (slots !== undefined) slots[cell - layout.firstCell] = makeTag(options.writer, count);
  }
  for (const [volume, slots] of expected.entries()) {
    for (const [slot, tag] of slots.entries()) {
      const seen = found[volume]?.[slot] ?? zeroTag;
      if (seen !== tag) {
        return `write ${highest} is there, but slot ${slot} of volume ${volume} holds ${showTag(seen)}, not ${showTag(tag)}`;
      }
    }
  }
  if (highest < options.acknowledged)
    return `only 1..${highest} is there, but ${options.acknowledged} was acknowledged`;
  return highest;
}

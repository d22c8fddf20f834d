/** What all mapped volumes of an array share. */
import type { MapContext } from "./chunk-map.js";
import type { Grace } from "./grace.js";
import type { PoolSpace } from "./pool-space.js";
import type { TableStore } from "./table-store.js";
import type { VolumeArray } from "./volume-array.js";

export interface MapSpace extends MapContext {
  readonly array: VolumeArray;
  readonly table: TableStore;
  readonly grace: Grace;
  readonly pool: PoolSpace;
}

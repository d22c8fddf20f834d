/** Whether an array goes on without some of its disks: by what can be read, so that it holds for every level. */
import type { Geometry } from "./geometry.js";
import type { Slot } from "./level.js";
import { planUnitRead } from "./plan.js";

/** True when every block can still be read without the disks `gone`. The layout repeats after `diskCount` stripes. */
export function survivesWithout(geometry: Geometry, gone: ReadonlySet<Slot>): boolean {
  if (gone.size === 0) return true;
  const isGone = (slot: Slot): boolean => gone.has(slot);
  for (let turn = 0; turn < geometry.diskCount; turn++) {
    const layout = geometry.layoutOf(turn);
    for (const unit of layout.data.keys()) {
      if (planUnitRead(layout, isGone, unit).kind === "impossible") return false;
    }
  }
  return true;
}

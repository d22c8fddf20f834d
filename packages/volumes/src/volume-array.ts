/** The array that volumes lie on, as this package sees it. A `RaidArray` is one; any durable store will do. */
import type { DurableBlockStore, StripeStore } from "@waystation/contracts/block-device";

/** Thick volumes begin at its stripes, if it has any; so its first one begins at 0. */
export interface VolumeArray extends DurableBlockStore, Partial<Pick<StripeStore, "stripeBytes" | "writeStripes">> {
  readonly name?: string;
  state?(): { readonly disks: readonly { readonly file: string | null }[] };
}

/** For messages: which array, and where somebody would look for it. */
export function describeArray(array: VolumeArray): string {
  const files = array.state?.().disks.map(({ file }) => file ?? "a missing disk") ?? [];
  const name = array.name === undefined ? "the array" : `array ${array.name}`;
  return files.length === 0 ? name : `${name} (disks: ${files.join(", ")})`;
}

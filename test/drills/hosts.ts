/** The hosts of a drill, in containers or beside them: where they find their volumes, before a takeover and after. */
import type { TestNode, TestVolume } from "../harness/cluster-file.js";
import type { NbdClient } from "../harness/nbd-client.js";

export type Side = "primary" | "secondary";

export interface Hosts {
  /** Of every volume. */
  readonly volumeBytes: number;
  readonly open: (side: Side, volume: TestVolume) => Promise<NbdClient>;
}

/** The node that holds each volume before a takeover, and after. */
export const homes = {
  "vol-a": { primary: "primary-a", secondary: "secondary-a" },
  "vol-b": { primary: "primary-b", secondary: "secondary-b" },
} as const satisfies Record<TestVolume, Record<Side, TestNode>>;
export const volumeNames = Object.keys(homes) as TestVolume[];

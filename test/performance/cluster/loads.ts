/** The loads of the bench, as data. */

export interface Load {
  readonly name: string;
  readonly blockBytes: number;
  readonly pattern: "randwrite" | "randread" | "write" | "read";
  readonly depth: number;
  /** The client sends a flush after each write. Ours are durable without it; the peers' are not. */
  readonly flush: boolean;
}

const small = 4096;
const large = 65_536;

const write = (blockBytes: number, depth: number, flush: boolean): Load => ({
  name: `${blockBytes / 1024}k ${blockBytes === large ? "seq" : "random"} write, depth ${depth}${flush ? ", flush" : ""}`,
  blockBytes,
  pattern: blockBytes === large ? "write" : "randwrite",
  depth,
  flush,
});

export const keyLoads = {
  smallWriteFlush: write(small, 16, true),
  smallWrite: write(small, 16, false),
  largeWrite: write(large, 16, false),
  smallRead: { name: "4k random read, depth 16", blockBytes: small, pattern: "randread", depth: 16, flush: false },
} as const satisfies Record<string, Load>;

export const largeRead: Load = {
  name: "64k seq read, depth 16",
  blockBytes: large,
  pattern: "read",
  depth: 16,
  flush: false,
};

/** What the quick form runs: the loads that figures are required for. */
export const quickLoads: readonly Load[] = Object.values(keyLoads);

export const allLoads: readonly Load[] = [
  write(small, 1, true),
  write(small, 1, false),
  keyLoads.smallWriteFlush,
  keyLoads.smallWrite,
  write(small, 64, true),
  write(small, 64, false),
  keyLoads.smallRead,
  write(large, 16, true),
  keyLoads.largeWrite,
  largeRead,
];

export function withDepth(load: Load, depth: number): Load {
  return { ...load, depth, name: load.name.replace(`depth ${load.depth}`, `depth ${depth}`) };
}

export function isRead({ pattern }: Load): boolean {
  return pattern === "randread" || pattern === "read";
}

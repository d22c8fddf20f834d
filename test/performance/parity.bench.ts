/**
 * How fast the parity kernel is, next to memcpy in the same process and minute. What is counted are the bytes that a
 * call reads (for memcpy those that it copies). In cache: 16 KiB ranges that stay in the nearest caches. Out of cache:
 * 64 KiB ranges, each used once on the way through 512 MiB. Rounds take turns, so that a busy machine hits all alike;
 * the figure is the median round.
 *
 *     npx tsc -b test && node node_modules/.cache/test-build/performance/parity.bench.js
 */
import { createJavaScriptArena, createParityArena, type ParityArena } from "@waystation/raid/parity/parity-arena";

const kib = 1024;
const mib = 1024 * kib;
const rounds = 9;
const roundMs = 40;
const goals = { xorGbPerS: 20, qGbPerS: 6, memcpyRatio: 0.5 };

interface Contender {
  readonly name: string;
  /** How many ranges a call touches, and how many of them it reads. */
  readonly ranges: number;
  readonly reads: number;
  run(arena: ParityArena, at: readonly number[], lengthBytes: number): void;
}

const copy: Contender = {
  name: "memcpy",
  ranges: 2,
  reads: 1,
  run: ({ bytes }, [to, from], lengthBytes) => bytes.copy(bytes, to, from, from! + lengthBytes),
};

function overUnits(unitCount: number): Contender[] {
  const p = (at: readonly number[]): number => at[unitCount]!;
  const q = (at: readonly number[]): number => at[unitCount + 1]!;
  const units = (at: readonly number[]): readonly number[] => at.slice(0, unitCount);
  const shape = { reads: unitCount };
  return [
    {
      ...shape,
      name: `P of ${unitCount}`,
      ranges: unitCount + 1,
      run: (arena, at, lengthBytes) => arena.xorOf(p(at), units(at), lengthBytes),
    },
    {
      ...shape,
      name: `Q of ${unitCount}`,
      ranges: unitCount + 2,
      run: (arena, at, lengthBytes) => arena.formParity({ p: null, q: q(at), units: units(at), lengthBytes }),
    },
    {
      ...shape,
      name: `P and Q of ${unitCount}`,
      ranges: unitCount + 2,
      run: (arena, at, lengthBytes) => arena.formParity({ p: p(at), q: q(at), units: units(at), lengthBytes }),
    },
  ];
}

const kernels: readonly Contender[] = [
  {
    name: "XOR into a range",
    ranges: 2,
    reads: 2,
    run: (arena, [to, from], lengthBytes) => arena.xor(to!, from!, lengthBytes),
  },
  {
    name: "multiply and XOR into a range",
    ranges: 2,
    reads: 2,
    run: (arena, [to, from], lengthBytes) => arena.mulXor(to!, from!, 0x8e, lengthBytes),
  },
  ...overUnits(4),
  ...overUnits(8),
];

/** GB/s read in one round. Ranges are taken one after the other through the arena, and round again. */
function measureRound(arena: ParityArena, contender: Contender, lengthBytes: number, spanBytes: number): number {
  const slots = Math.floor(spanBytes / lengthBytes);
  const at = new Array<number>(contender.ranges);
  const start = performance.now();
  let calls = 0;
  let slot = 0;
  do {
    for (let turn = 0; turn < 16; turn++, calls++) {
      if (slot + contender.ranges > slots) slot = 0;
      for (let index = 0; index < at.length; index++) at[index] = (slot + index) * lengthBytes;
      slot += contender.ranges;
      contender.run(arena, at, lengthBytes);
    }
  } while (performance.now() < start + roundMs);
  return (calls * contender.reads * lengthBytes) / 1e6 / (performance.now() - start);
}

function compare(label: string, arena: ParityArena, lengthBytes: number, spanBytes: number | null): void {
  const contenders = [copy, ...kernels];
  const figures = contenders.map(() => [] as number[]);
  // The first round warms up caches and compiler.
  for (let round = 0; round <= rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      const figure = measureRound(arena, contender, lengthBytes, spanBytes ?? contender.ranges * lengthBytes);
      if (round > 0) figures[index]!.push(figure);
    }
  }
  const medians = figures.map((list) => list.sort((a, b) => a - b)[rounds >> 1]!);
  for (const [index, { name }] of contenders.entries()) {
    const ratio = `${(medians[index]! / medians[0]!).toFixed(2)} of memcpy`;
    console.log(`${label.padEnd(14)} ${name.padEnd(32)} ${medians[index]!.toFixed(1).padStart(6)} GB/s   ${ratio}`);
  }
}

console.log(
  `Goals: in cache XOR ${goals.xorGbPerS} GB/s and Q ${goals.qGbPerS} GB/s; out of cache ${goals.memcpyRatio} of memcpy. Counted: bytes read.`,
);
compare("in cache", createParityArena(mib), 16 * kib, null);
const large = createParityArena(512 * mib);
large.bytes.fill(7);
compare("out of cache", large, 64 * kib, large.bytes.length);
compare("JavaScript", createJavaScriptArena(mib), 16 * kib, null);

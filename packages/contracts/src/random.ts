/**
 * A small seeded generator (xoshiro128**, Blackman and Vigna 2018), so that a run of the simulator can be repeated
 * from its seed. Not for secrets.
 */
export interface Random {
  /** A double in [0, 1). */
  next(): number;
  /** An integer in [0, bound). */
  below(bound: number): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** An independent generator, so that one consumer does not shift the draws of another. */
  fork(): Random;
}

export function createRandom(seed: number): Random {
  // splitmix32 spreads the seed over the state; an all-zero state would stay zero for ever.
  let mix = seed >>> 0;
  const spread = (): number => {
    mix = (mix + 0x9e3779b9) >>> 0;
    let z = mix;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  let [a, b, c, d] = [spread(), spread(), spread(), spread() | 1];
  const rotate = (x: number, k: number): number => ((x << k) | (x >>> (32 - k))) >>> 0;
  const uint32 = (): number => {
    const result = Math.imul(rotate(Math.imul(b, 5) >>> 0, 7), 9) >>> 0;
    const t = (b << 9) >>> 0;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c = (c ^ t) >>> 0;
    d = rotate(d >>> 0, 11);
    return result;
  };
  const random: Random = {
    next: () => uint32() / 0x1_0000_0000,
    below: (bound) => Math.floor(random.next() * bound),
    chance: (probability) => random.next() < probability,
    pick(items) {
      const item = items[random.below(items.length)];
      if (item === undefined) throw new RangeError("pick from an empty list");
      return item;
    },
    fork: () => createRandom(uint32()),
  };
  return random;
}

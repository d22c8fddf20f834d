/** Medians, and how far rounds lie apart. */

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = 0, high = 0] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return (low + high) / 2;
}

export function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), 0);
}

/**
 * Knows when everything that was under way at some moment has ended. A read may have looked a chunk up just before a
 * change of the map let go of it; the chunk may be given to somebody else only when no such read, or write, is left.
 */
export interface Grace {
  run<T>(operation: () => Promise<T>): Promise<T>;
  /** Resolves when all that is under way now has ended. Not to be awaited within `run`. */
  passed(): Promise<void>;
}

interface Cohort {
  underWay: number;
  readonly waiting: (() => void)[];
}

export function createGrace(): Grace {
  /** Oldest first; new operations join the last. */
  const cohorts: Cohort[] = [{ underWay: 0, waiting: [] }];

  const settle = (): void => {
    while (cohorts.length > 1 && cohorts[0]?.underWay === 0) {
      for (const resolve of cohorts.shift()?.waiting ?? []) resolve();
    }
  };

  return {
    async run(operation) {
      const cohort = cohorts.at(-1) as Cohort;
      cohort.underWay++;
      try {
        return await operation();
      } finally {
        cohort.underWay--;
        settle();
      }
    },
    passed: () =>
      new Promise((resolve) => {
        (cohorts.at(-1) as Cohort).waiting.push(resolve);
        cohorts.push({ underWay: 0, waiting: [] });
        settle();
      }),
  };
}

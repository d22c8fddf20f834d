/**
 * `npm run mutants [-- NAME...] [--jobs N]`: applies each mutant of the catalogue, or those named, to a copy of the
 * sources, and lets its catcher look for it. One line each. Exit codes: 0 all were caught, 1 one survived, its patch did
 * not apply, or what caught it sees the same without it; 2 wrong usage.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { catalogue, type Mutant } from "./catalogue.js";
import { runCatcher, runSimulator, runUnitTests, type Sighting } from "./catchers.js";
import { makeSourceCopy, patchFileOf, type SourceCopy } from "./source-copy.js";

const usage = `Usage: npm run mutants -- [NAME...] [--jobs N]

Breaks one rule at a time in a copy of the sources, and checks that the simulator or a test notices.

  NAME      only these mutants, as test/mutants/catalogue.ts names them
  --jobs N  how many at a time (default: one per processor)
`;

interface Wanted {
  readonly mutants: readonly Mutant[];
  readonly jobs: number;
}

function readArguments(): Wanted | null {
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options: { jobs: { type: "string" } } });
    const jobs = Number(values.jobs ?? availableParallelism());
    const unknown = positionals.filter((name) => !catalogue.some((mutant) => mutant.name === name));
    const mutants = catalogue.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
    if (unknown.length === 0 && Number.isSafeInteger(jobs) && jobs > 0) return { mutants, jobs };
  } catch {
    // Falls through to the usage.
  }
  process.stderr.write(usage);
  return null;
}

interface Outcome {
  readonly mutant: Mutant;
  readonly caught: boolean;
  readonly what: string;
  readonly seeds: string;
  readonly seconds: number;
}

async function tryMutant(copy: SourceCopy, mutant: Mutant): Promise<Outcome> {
  const startedMs = performance.now();
  const { catcher } = mutant;
  const outcome = (caught: boolean, what: string, seed: number | null = null): Outcome => {
    const seeds = catcher.kind === "simulator" ? `${seed ?? "-"} of ${catcher.seedsMax}` : "";
    return { mutant, caught, what, seeds, seconds: (performance.now() - startedMs) / 1000 };
  };
  try {
    const sighting = await copy.mutated(patchFileOf(mutant.name), () => runCatcher(copy.folder, catcher));
    if (sighting === null) return outcome(false, "SURVIVED");
    const { what, seed } = sighting;
    // A checker that sees the same in sound sources has not caught the mutant. Tests are tried without it beforehand.
    const sound: Sighting = seed === null ? null : await runSimulator(copy.folder, { firstSeed: seed, runs: 1 });
    if (sound !== null) return outcome(false, `SEEN WITHOUT IT TOO: ${sound.what}`, seed);
    return outcome(true, seed === null ? `test: ${what}` : `simulator: ${what}`, seed);
  } catch (error) {
    return outcome(false, `FAILED: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The tests of the catalogue must pass in sound sources. */
async function checkTests(copy: SourceCopy, mutants: readonly Mutant[]): Promise<void> {
  const files = mutants.flatMap(({ catcher }) => (catcher.kind === "unit-tests" ? [catcher.file] : []));
  if (files.length === 0) return;
  const sighting = await runUnitTests(copy.folder, [...new Set(files)]);
  if (sighting !== null) throw new Error(`without any mutant, this test fails: ${sighting.what}`);
}

async function main(): Promise<number> {
  const wanted = readArguments();
  if (wanted === null) return 2;
  const startedMs = performance.now();
  const copies: SourceCopy[] = [];
  const outcomes: Outcome[] = [];
  const waiting = [...wanted.mutants];
  const work = async (copy: SourceCopy): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const outcome = await tryMutant(copy, mutant);
      outcomes.push(outcome);
      process.stdout.write(row(outcome));
    }
  };
  try {
    while (copies.length < Math.min(wanted.jobs, waiting.length)) copies.push(await makeSourceCopy());
    if (copies[0] !== undefined) await checkTests(copies[0], wanted.mutants);
    process.stdout.write(heading);
    await Promise.all(copies.map(work));
  } finally {
    await Promise.all(copies.map((copy) => copy.remove()));
  }
  const survivors = outcomes.filter(({ caught }) => !caught);
  const names = survivors.map(({ mutant }) => mutant.name).join(", ");
  const verdict = survivors.length === 0 ? "all caught" : `${survivors.length} NOT CAUGHT: ${names}`;
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  process.stdout.write(`\n${outcomes.length} mutants in ${seconds} s, ${verdict}\n`);
  return survivors.length === 0 ? 0 : 1;
}

const nameWidth = Math.max(...catalogue.map(({ name }) => name.length));
const ruleWidth = Math.max(...catalogue.map(({ rule }) => rule.length));

function line(cells: readonly [name: string, rule: string, seeds: string, seconds: string, what: string]): string {
  const [name, rule, seeds, seconds, what] = cells;
  return `${name.padEnd(nameWidth)}  ${rule.padEnd(ruleWidth)}  ${seeds.padStart(12)}  ${seconds.padStart(7)}  ${what}\n`;
}

const heading = line(["mutant", "rule", "seed", "seconds", "caught by"]);

function row({ mutant, what, seeds, seconds }: Outcome): string {
  return line([mutant.name, mutant.rule, seeds, seconds.toFixed(1), what]);
}

process.exitCode = await main();

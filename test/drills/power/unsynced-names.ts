/**
 * Names whose folder was not synced, and which a power cut may take: the drill's side of `watched-files.ts`. It starts
 * daemons through a small program that lets them be watched, and afterwards takes some of those names away.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Random } from "@waystation/contracts/random";
import { nodeNames, type Service, type TestNode } from "../../harness/cluster-file.js";
import { run } from "../../harness/programs.js";
import type { Death, WatchedFiles } from "./watched-files.js";

export interface UnsyncedNames {
  /** The entry point of each service: the real one, watched. */
  serviceMain(service: Service): string;
  /** When the node dies at its next starts. */
  dieAfter(node: TestNode, death: Death | null): Promise<void>;
  /** The power was cut: takes names away, with all that is below them. What is left is durable from now on. */
  lose(node: TestNode, random: Random): Promise<void>;
  /** Of this life no name will be taken. */
  forget(node: TestNode): Promise<void>;
}

export interface UnsyncedNamesOptions {
  readonly folder: string;
  readonly dataDirectory: string;
  readonly serviceMain: (service: Service) => string;
}

interface Name {
  readonly path: string;
  /** What it was called before; null when it is new. */
  readonly before: string | null;
}

const services: readonly Service[] = ["primary", "intermediate", "secondary"];

export async function watchNames(options: UnsyncedNamesOptions): Promise<UnsyncedNames> {
  const { folder, dataDirectory } = options;
  await mkdir(folder, { recursive: true });
  const settingsFile = (node: string): string => join(folder, `${node}.json`);
  const namesFile = (node: string): string => join(folder, `${node}.names`);
  const programFile = (service: Service): string => join(folder, `${service}.mjs`);

  const dieAfter = async (node: TestNode, death: Death | null): Promise<void> => {
    const settings: WatchedFiles = { root: join(dataDirectory, node), namesFile: namesFile(node), death };
    await writeFile(settingsFile(node), JSON.stringify(settings));
  };
  const forget = (node: TestNode): Promise<void> => writeFile(namesFile(node), "");
  for (const service of services) {
    await writeFile(programFile(service), programOf(folder, options.serviceMain(service)));
  }
  for (const node of nodeNames) {
    await forget(node);
    await dieAfter(node, null);
  }
  return {
    serviceMain: programFile,
    dieAfter,
    async lose(node, random) {
      const names = unsyncedIn(await readFile(namesFile(node), "utf8"));
      const probability = random.chance(0.5) ? 1 : random.next();
      const lost = names.filter(() => random.chance(probability));
      for (const { path, before } of lost.reverse()) {
        // What the disk has lost by itself is not there to be moved or removed.
        if (before === null) await run("rm", ["-rf", path]);
        else await run("mv", ["-T", path, before]);
      }
      await forget(node);
    },
    forget,
  };
}

/** The real program, once its calls are watched. It finds its arguments where it expects them. */
function programOf(folder: string, main: string): string {
  const watcher = pathToFileURL(join(import.meta.dirname, "watched-files.js")).href;
  return `import { readFileSync } from "node:fs";
import { watchFiles } from ${JSON.stringify(watcher)};
const node = process.argv[process.argv.indexOf("--node") + 1];
watchFiles(JSON.parse(readFileSync(${JSON.stringify(folder)} + "/" + node + ".json", "utf8")));
await import(${JSON.stringify(pathToFileURL(main).href)});
`;
}

function unsyncedIn(journal: string): Name[] {
  let names: Name[] = [];
  for (const line of journal.split("\n").slice(0, -1)) {
    const space = line.indexOf(" ");
    const [verb, text] = [line.slice(0, space), line.slice(space + 1)];
    const [from = "", to = ""] = text.split("\t");
    if (verb === "synced") names = names.filter(({ path }) => dirname(path) !== text);
    else if (verb === "made") names.push({ path: text, before: null });
    // A new name that was moved on is the new name that it was moved to.
    else names = [...names.filter(({ path }) => path !== from), { path: to, before: from }];
  }
  return names;
}

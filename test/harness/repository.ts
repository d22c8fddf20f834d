/** Where the checkout is: these files run from `test/` under vitest, and from the build under node. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

export const repositoryRoot = findRoot(import.meta.dirname);

function findRoot(from: string): string {
  if (existsSync(join(from, "deploy", "local", "cluster.yaml"))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error(`${import.meta.dirname} is not in a checkout of Waystation`);
  return findRoot(parent);
}

/** The compiled entry point of a service. Throws when there is none, and says how to get it. */
export function serviceMain(service: string): string {
  const main = join(repositoryRoot, "services", service, "dist", "main.js");
  if (!existsSync(main))
    throw new Error(`${main} is missing: the daemons run compiled, build them with 'npm run build'`);
  return main;
}

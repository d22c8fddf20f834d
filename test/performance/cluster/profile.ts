/**
 * Processor profiles of the daemons while a load runs (`--profile DIR`): each daemon is started with a preloaded module
 * that records from one SIGUSR2 to the next and then writes `DIR/<process id>.cpuprofile`. Nothing in the daemons
 * themselves knows of it.
 */
import { mkdir, rename, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { waitUntil } from "../../harness/wait.js";
import type { Load } from "./loads.js";
import { ownTarget, withOwnCluster, type Adapter } from "./own-cluster.js";
import { runLoad, type Effort } from "./target.js";

const preload = (folder: string): string => `
const { Session } = require("node:inspector");
const { writeFileSync, renameSync } = require("node:fs");
const session = new Session();
session.connect();
session.post("Profiler.enable");
session.post("Profiler.setSamplingInterval", { interval: 500 });
let recording = false;
process.on("SIGUSR2", () => {
  recording = !recording;
  if (recording) return session.post("Profiler.start");
  session.post("Profiler.stop", (error, result) => {
    const path = ${JSON.stringify(folder)} + "/" + process.pid + ".cpuprofile";
    writeFileSync(path + ".part", JSON.stringify(result?.profile ?? { error }));
    renameSync(path + ".part", path);
  });
});
`;

/** Writes `ADAPTER-NODE.cpuprofile` for each daemon; returns where they are. */
export async function profileDaemons(
  adapter: Adapter,
  { load, effort, folder }: { readonly load: Load; readonly effort: Effort; readonly folder: string },
): Promise<string[]> {
  const place = resolve(folder);
  await mkdir(place, { recursive: true });
  const module = join(place, "record.cjs");
  await writeFile(module, preload(place));
  const optionsBefore = process.env["NODE_OPTIONS"];
  process.env["NODE_OPTIONS"] = `${optionsBefore ?? ""} --require ${module}`;
  try {
    return await withOwnCluster({ adapter, areaBytes: effort.areaBytes, abort: effort.abort }, async (cluster) => {
      const target = ownTarget(adapter, cluster);
      const running = runLoad(target, load, effort);
      for (const pid of target.processes.values()) process.kill(pid, "SIGUSR2");
      await running;
      for (const pid of target.processes.values()) process.kill(pid, "SIGUSR2");
      const paths: string[] = [];
      for (const [node, pid] of target.processes) {
        const written = join(place, `${pid}.cpuprofile`);
        await waitUntil(`the profile of ${node}`, () => stat(written));
        paths.push(join(place, `${adapter}-${node}.cpuprofile`));
        await rename(written, paths.at(-1)!);
      }
      return paths;
    });
  } finally {
    if (optionsBefore === undefined) delete process.env["NODE_OPTIONS"];
    else process.env["NODE_OPTIONS"] = optionsBefore;
  }
}

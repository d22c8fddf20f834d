/**
 * Load by fio, which verifies every block that it wrote: run after run over a part of a volume until it is stopped. Each
 * run writes all of the part in random order, reads it back, and fails the test when a checksum is wrong.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { succeed } from "./programs.js";

export interface FioLoadOptions {
  readonly uri: string;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

export interface FioLoad {
  runs(): number;
  /** Lets the present run end. Rejects when any run has failed. */
  stop(): Promise<void>;
}

export function startFioLoad(options: FioLoadOptions): FioLoad {
  let runs = 0;
  let stopping = false;
  const runAll = async (): Promise<void> => {
    while (!stopping) {
      await runFio(options, runs + 1, []);
      runs++;
    }
  };
  const ended = runAll();
  ended.catch(() => {});
  return {
    runs: () => runs,
    stop() {
      stopping = true;
      return ended;
    },
  };
}

/** Checks, without writing, what the last run wrote; at another volume too, which may be a mirror of it. */
export function verifyByFio(options: FioLoadOptions): Promise<void> {
  return runFio(options, 1, ["--verify_only"]);
}

async function runFio({ uri, offsetBytes, sizeBytes }: FioLoadOptions, run: number, more: string[]): Promise<void> {
  // It leaves files where it is run.
  const folder = await mkdtemp(join(tmpdir(), "waystation-fio-"));
  try {
    const job = ["--name=verified", "--ioengine=nbd", `--uri=${uri}`, `--aux-path=${folder}`];
    const area = [`--offset=${offsetBytes}`, `--size=${sizeBytes}`, `--randseed=${run}`];
    const shape = ["--rw=randwrite", "--bssplit=4k/60:16k/20:64k/10:256k/10", "--iodepth=16", "--fsync=64"];
    const checks = ["--verify=crc32c", "--do_verify=1", "--verify_fatal=1", "--verify_state_save=0"];
    await succeed("fio", [...job, ...area, ...shape, ...checks, "--output-format=terse", ...more]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The storage of one node in a directory of its own, for the tests of this folder. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "@waystation/contracts/log";
import type { NodeName } from "@waystation/contracts/ids";
import { parseCluster } from "@waystation/config/load";
import { openStorage, type Storage } from "./open-storage.js";

const node = "n1" as NodeName;

export interface TestStorage {
  readonly dataDirectory: string;
  /** Opens what is there, with other volumes in the file than before if they are given. Closes what was open. */
  open(volumes?: readonly object[]): Promise<Storage>;
  close(): Promise<void>;
  /** Where a disk keeps what it has. */
  diskPath(array: string, slot: number): string;
  /** To be called at the end. */
  remove(): Promise<void>;
}

export interface TestStorageOptions {
  /** Another node of the cluster: n2, reached over gRPC at this port of the loopback. */
  readonly otherPort?: number;
}

export async function createTestStorage(
  arrays: readonly object[],
  { otherPort }: TestStorageOptions = {},
): Promise<TestStorage> {
  const dataDirectory = await mkdtemp(join(tmpdir(), "waystation-storage-"));
  let storage: Storage | null = null;
  const close = async (): Promise<void> => {
    await storage?.close();
    storage = null;
  };
  return {
    dataDirectory,
    async open(volumes = []) {
      await close();
      const file = {
        cluster: "test",
        sites: { here: {} },
        nodes: {
          n1: { site: "here", role: "primary", grpc: "127.0.0.1:7401", nbd: "127.0.0.1:10809" },
          ...(otherPort === undefined ? {} : { n2: { site: "here", role: "primary", grpc: `127.0.0.1:${otherPort}` } }),
        },
        arrays: arrays.map((array) => ({ node, ...array })),
        volumes: volumes.map((volume) => ({ node, ...volume })),
        groups: [],
      };
      const cluster = parseCluster(JSON.stringify(file), "test.yaml");
      storage = await openStorage({ cluster, node, dataDirectory, log: silentLog });
      return storage;
    },
    close,
    diskPath: (array, slot) => join(dataDirectory, node, "arrays", array, `disk-${slot}`),
    async remove() {
      await close();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}

/** Resolves once the condition holds. Generous, because the machine may be busy. */
export async function eventually(condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error("waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

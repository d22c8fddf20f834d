import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { silentLog } from "@waystation/contracts/log";
import { arraysOf, parseCluster } from "@waystation/config/load";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openOrCreateArray } from "./open-array.js";

const localPath = fileURLToPath(new URL("../../../../deploy/local/cluster.yaml", import.meta.url));
let dataDirectory = "";

beforeEach(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), "waystation-daemon-"));
});
afterEach(() => rm(dataDirectory, { recursive: true, force: true }));

it.each([
  { level: "raid10", disks: 6 },
  { level: "raid4", disks: 3 },
  { level: "raid6", disks: 5 },
])("A1: a cluster file's $level is formed at the first start and opened at the next", async ({ level, disks }) => {
  const text = await readFile(localPath, "utf8");
  const cluster = parseCluster(text.replace("level: raid5, disks: 4", `level: ${level}, disks: ${disks}`), "test.yaml");
  const [config] = arraysOf(cluster, "primary-a");
  const data = Buffer.alloc(200_000, 7);
  const first = await openOrCreateArray(config!, { dataDirectory, log: silentLog });
  expect(first.geometry).toMatchObject({ level, diskCount: disks });
  await first.writeBatch([{ offsetBytes: 1000, lengthBytes: data.length, data }]);
  await first.close();
  const second = await openOrCreateArray(config!, { dataDirectory, log: silentLog });
  expect(second.state().status).toBe("optimal");
  expect((await second.read(1000, data.length)).equals(data)).toBe(true);
  await second.close();
});

it("A4: an array that was made without checksums is not taken for one that has them", async () => {
  const text = await readFile(localPath, "utf8");
  const without = text.replace("level: raid5, disks: 4", "level: raid5, disks: 4, checksums: false");
  const open = (yaml: string) => {
    const [config] = arraysOf(parseCluster(yaml, "test.yaml"), "primary-a");
    return openOrCreateArray(config!, { dataDirectory, log: silentLog });
  };
  await (await open(without)).close();
  await expect(open(text)).rejects.toMatchObject({
    code: "ARRAY_MISMATCH",
    message: expect.stringContaining("checksums false") as string,
  });
});

it.each([true, false])("A4: checksums are kept unless the file says otherwise: %s", async (checksums) => {
  const text = await readFile(localPath, "utf8");
  const key = checksums ? "" : ", checksums: false";
  const cluster = parseCluster(text.replace("level: raid5, disks: 4", `level: raid5, disks: 4${key}`), "test.yaml");
  const [config] = arraysOf(cluster, "primary-a");
  const array = await openOrCreateArray(config!, { dataDirectory, log: silentLog });
  expect(array.geometry.checksums).toBe(checksums);
  await array.close();
});

/**
 * One volume on one array over NBD, without replication: the server under test, a process of its own. Says its port on
 * standard output, then answers each line on standard input with one when all that it was given is on the disks.
 *
 *     node serve.js FOLDER SIZE_BYTES (plain|checksums)
 */
import { join } from "node:path";
import { createInterface } from "node:readline";
import { silentLog } from "@waystation/contracts/log";
import type { VolumeName } from "@waystation/contracts/ids";
import { startNbdServer } from "@waystation/nbd/server";
import { createStandaloneFront } from "@waystation/node/standalone-front";
import { openArray } from "@waystation/raid/io/array";
import { createArray, diskBytesFor } from "@waystation/raid/io/create-array";
import { fileDisk } from "@waystation/raid/io/file-disk";
import { openVolumes } from "@waystation/volumes/volumes";

const [folder = "", sizeText = "", kind = "plain"] = process.argv.slice(2);
const sizeBytes = Number(sizeText);
const shape = { level: "raid5", diskCount: 5, unitBytes: 64 * 1024, checksums: kind === "checksums" } as const;
/** Beyond the volume: its table. */
const spareBytes = 64 * 1024 * 1024;

const disks = Array.from({ length: shape.diskCount }, (_, slot) => fileDisk(join(folder, `d${slot}`)));
await createArray({ name: "bench", ...shape, disks, diskBytes: diskBytesFor(shape, sizeBytes + spareBytes) });
const array = await openArray({ disks });
const volumes = await openVolumes(array);
const name = "vol" as VolumeName;
await volumes.create(name, sizeBytes);
const store = volumes.open(name);
const front = createStandaloneFront();
front.add({ name, store, access: "read-write", description: "bench" });
const server = await startNbdServer({ front, listen: { host: "127.0.0.1", port: 0 }, log: silentLog });
process.stdout.write(`${server.address.port}\n`);

for await (const line of createInterface({ input: process.stdin })) {
  await store.flush();
  process.stdout.write(`${line}\n`);
}
await server.close();
await array.close();

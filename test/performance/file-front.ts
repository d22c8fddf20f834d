/**
 * A `BlockFront` of one volume over one file, by synchronous calls and without durability: what the NBD front end is
 * measured with against other servers that serve a file.
 */
import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import type { BlockFront, VolumeHandle } from "@waystation/contracts/block-front";
import { Failure } from "@waystation/contracts/errors";
import type { VolumeName } from "@waystation/contracts/ids";

export function createFileFront(name: string, path: string): BlockFront & { close(): void } {
  const file = openSync(path, "r+");
  const sizeBytes = fstatSync(file).size;
  const volume = { name: name as VolumeName, sizeBytes, access: "read-write", description: "a file" } as const;
  const done = Promise.resolve();
  const handle: VolumeHandle = {
    volume,
    read(offsetBytes, lengthBytes) {
      const data = Buffer.allocUnsafeSlow(lengthBytes);
      readSync(file, data, 0, lengthBytes, offsetBytes);
      return Promise.resolve(data);
    },
    readNow: (offsetBytes, into) => readSync(file, into, 0, into.length, offsetBytes) === into.length,
    write(offsetBytes, data) {
      writeSync(file, data, 0, data.length, offsetBytes);
      return done;
    },
    zero(offsetBytes, lengthBytes) {
      writeSync(file, Buffer.alloc(lengthBytes), 0, lengthBytes, offsetBytes);
      return done;
    },
    flush: () => done,
    close() {},
  };
  return {
    list: () => [volume],
    open: (asked) =>
      asked === name
        ? Promise.resolve(handle)
        : Promise.reject(new Failure("UNKNOWN_VOLUME", `not ${asked} but ${name}`)),
    close() {
      closeSync(file);
    },
  };
}

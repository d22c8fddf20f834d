// F2: the NBD front end serves the clients of other projects: libnbd (nbdinfo, nbdcopy, nbdsh), QEMU, fio.
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "@waystation/contracts/log";
import { createMemoryFront, type MemoryFront } from "@waystation/nbd/memory-front";
import { startNbdServer, type NbdServer } from "@waystation/nbd/server";
import { runClient, succeed } from "../interop/nbd-clients.js";

const mebibyte = 1024 * 1024;
const sizeBytes = 64 * mebibyte;
let folder: string;
let front: MemoryFront;
let server: NbdServer;

const uri = (name: string): string => `nbd://127.0.0.1:${server.address.port}/${name}`;
const hashOf = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** An image with data, zeros and holes in pieces of uneven sizes, as a file system's has. */
function patchyImage(): Buffer {
  const image = Buffer.alloc(sizeBytes);
  for (let at = 0; at < sizeBytes - mebibyte; at += 777_216) randomBytes(300_000).copy(image, at);
  return image;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "waystation-nbd-"));
  const volumes = [
    { name: "vol-a", sizeBytes },
    { name: "vol-r", sizeBytes, readOnly: true },
  ];
  front = createMemoryFront({ volumes });
  server = await startNbdServer({ front, listen: { host: "127.0.0.1", port: 0 }, log: silentLog });
});
beforeEach(() => {
  front.contents("vol-a").fill(0);
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

interface ListedExport {
  readonly "export-name": string;
  readonly "description": string;
  readonly "export-size": number;
  readonly "is_read_only": boolean;
  readonly "can_fua": boolean;
  readonly "can_flush": boolean;
  readonly "can_trim": boolean;
  readonly "can_zero": boolean;
  readonly "can_multi_conn": boolean;
  readonly "block_size_minimum": number;
  readonly "block_size_preferred": number;
  readonly "block_size_maximum": number;
}

describe("libnbd", () => {
  it("F2: nbdinfo lists the exports with their sizes, limits and abilities", async () => {
    const printed = await succeed("nbdinfo", ["--json", "--list", uri("")]);
    const { exports } = JSON.parse(printed) as { exports: ListedExport[] };
    const blockSizes = { block_size_minimum: 1, block_size_preferred: 4096, block_size_maximum: 32 * mebibyte };
    const common = { "export-size": sizeBytes, "can_flush": true, "can_multi_conn": true, ...blockSizes };
    expect(exports).toMatchObject([
      { ...common, "export-name": "vol-a", "is_read_only": false, "can_fua": true, "can_trim": true, "can_zero": true },
      { ...common, "export-name": "vol-r", "is_read_only": true, "description": "read-only volume in memory" },
    ]);
  });

  it("F2: nbdinfo is told that an export does not exist", async () => {
    const { exitCode, stderr } = await runClient("nbdinfo", [uri("vol-x")]);
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain("vol-x");
  });

  it("F2: nbdcopy copies an image in and out, over several connections", async () => {
    const image = patchyImage();
    const [into, out] = [join(folder, "in.img"), join(folder, "out.img")];
    await writeFile(into, image);
    await succeed("nbdcopy", ["--flush", "--connections=4", into, uri("vol-a")]);
    expect(hashOf(front.contents("vol-a"))).toBe(hashOf(image));
    await writeFile(out, Buffer.alloc(0));
    await succeed("nbdcopy", ["--connections=4", uri("vol-a"), out]);
    expect(hashOf(await readFile(out))).toBe(hashOf(image));
  });

  it("F2: nbdsh gets the errno that the protocol has for each refusal, and the session goes on", async () => {
    const script = `
import errno
def refused(number, call):
    try:
        call()
    except nbd.Error as failure:
        assert failure.errnum == number, failure
    else:
        assert False, "was not refused"
end = h.get_size()
h.set_strict_mode(0)
refused(errno.EINVAL, lambda: h.pread(512, end))
refused(errno.ENOSPC, lambda: h.pwrite(b"x" * 512, end - 1))
refused(errno.ENOSPC, lambda: h.zero(512, end))
refused(errno.EINVAL, lambda: h.trim(512, end))
refused(errno.EINVAL, lambda: h.cache(512, 0))
refused(errno.EINVAL, lambda: h.zero(512, 0, nbd.CMD_FLAG_FAST_ZERO))
h.pwrite(b"durable!", 4093, nbd.CMD_FLAG_FUA)
h.zero(2, 4095, nbd.CMD_FLAG_NO_HOLE)
h.flush()
assert h.pread(8, 4093) == b"du\\0\\0ble!", h.pread(8, 4093)
h.shutdown()
`;
    await succeed("nbdsh", ["-u", uri("vol-a"), "-c", script]);
  });

  it("F2: nbdsh may not write to a read-only export, and reads it", async () => {
    const script = `
import errno
h.set_strict_mode(0)
for call in (lambda: h.pwrite(b"x", 0), lambda: h.trim(1, 0), lambda: h.zero(1, 0)):
    try:
        call()
        assert False, "was not refused"
    except nbd.Error as failure:
        assert failure.errnum == errno.EPERM, failure
assert h.is_read_only()
assert h.pread(512, 0) == bytearray(512)
`;
    await succeed("nbdsh", ["-u", uri("vol-r"), "-c", script]);
  });

  it("F2: nbdsh keeps hundreds of requests in flight on one connection", async () => {
    const script = `
pending = {}
for i in range(600):
    pending[h.aio_pwrite(bytes([i % 256]) * 4096, i * 4096)] = i
while h.aio_in_flight() > 0:
    h.poll(-1)
for cookie in pending:
    assert h.aio_command_completed(cookie)
buffers = [nbd.Buffer(4096) for i in range(600)]
cookies = [h.aio_pread(buffers[i], i * 4096) for i in range(600)]
while h.aio_in_flight() > 0:
    h.poll(-1)
for i in range(600):
    assert h.aio_command_completed(cookies[i])
    assert buffers[i].to_bytearray() == bytearray([i % 256]) * 4096, i
`;
    await succeed("nbdsh", ["-u", uri("vol-a"), "-c", script]);
  });

  it("F2: nbdsh opens an export by EXPORT_NAME, as clients before GO do", async () => {
    const script = `
h.set_handshake_flags(0)
h.set_opt_mode(False)
h.set_request_structured_replies(False)
h.set_export_name("vol-a")
h.connect_tcp("127.0.0.1", "${server.address.port}")
h.pwrite(b"old", 0)
assert h.pread(3, 0) == b"old"
`;
    await succeed("nbdsh", ["-c", script]);
  });
});

describe("QEMU", () => {
  it("F2: qemu-img converts an image in, compares it, and tells its size", async () => {
    const image = patchyImage();
    const into = join(folder, "qemu.img");
    await writeFile(into, image);
    await succeed("qemu-img", ["convert", "-n", "-f", "raw", "-O", "raw", into, uri("vol-a")]);
    expect(hashOf(front.contents("vol-a"))).toBe(hashOf(image));
    expect(await succeed("qemu-img", ["compare", "-f", "raw", "-F", "raw", into, uri("vol-a")])).toContain("identical");
    const info = JSON.parse(await succeed("qemu-img", ["info", "--output=json", uri("vol-a")])) as object;
    expect(info).toMatchObject({ "virtual-size": sizeBytes });
  });

  it("F2: qemu-io writes, zeroes, discards, flushes, with FUA and many at a time", async () => {
    const commands = [
      "write -f -P 0x11 0 1M",
      "aio_write -P 0x22 1M 4M",
      "aio_write -P 0x33 5M 64k",
      "aio_write -z 512k 8k",
      "aio_flush",
      "write -z -u 16k 4k",
      "discard 64k 64k",
      "flush",
      "read -P 0x11 0 16k",
      "read -P 0 16k 4k",
      "read -P 0 64k 64k",
      "read -P 0 512k 8k",
      "read -P 0x22 1M 4M",
      "read -P 0x33 5M 64k",
    ];
    const printed = await succeed("qemu-io", ["-f", "raw", ...commands.flatMap((c) => ["-c", c]), uri("vol-a")]);
    expect(printed).not.toMatch(/failed/i);
  });

  it("F2: qemu-io cannot open a read-only export for writing, and reads it as such", async () => {
    const writing = await runClient("qemu-io", ["-f", "raw", "-c", "write 0 4k", uri("vol-r")]);
    expect(writing.exitCode).not.toBe(0);
    expect(await succeed("qemu-io", ["-r", "-f", "raw", "-c", "read -P 0 0 1M", uri("vol-r")])).toContain(
      "read 1048576",
    );
  });

  it("F2: qemu-io is told the reason when an export does not exist", async () => {
    const { exitCode, stderr } = await runClient("qemu-io", ["-f", "raw", "-c", "read 0 512", uri("vol-x")]);
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('no volume is named "vol-x" here');
  });
});

describe("fio", () => {
  it("F2: fio verifies what it wrote, at mixed sizes and depth 64", async () => {
    const job = ["--name=verify", "--ioengine=nbd", `--uri=${uri("vol-a")}`, `--size=${sizeBytes}`, "--rw=randwrite"];
    const shape = ["--bssplit=512/10:4k/60:64k/20:1m/10", "--iodepth=64", "--randseed=7", "--verify=crc32c"];
    const checks = ["--verify_fatal=1", "--do_verify=1", "--verify_state_save=0", "--output-format=terse"];
    await succeed("fio", [...job, ...shape, ...checks]);
  });

  it("no client above has left a request, a connection or a broken session behind", async () => {
    while (server.stats().connections > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(server.stats()).toMatchObject({ inFlightRequests: 0, brokenSessions: 0 });
    expect(front.openHandles()).toBe(0);
  });
});

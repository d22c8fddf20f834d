/** Fronts, logs and cleaning up for the tests of this package and of its clients. Not part of the daemon. */
import type { BlockFront, VolumeDescription, VolumeHandle } from "@waystation/contracts/block-front";
import { Failure } from "@waystation/contracts/errors";
import type { VolumeName } from "@waystation/contracts/ids";
import type { Log, LogFields } from "@waystation/contracts/log";
import type { StorageFront } from "@waystation/contracts/storage-front";
import type { ConfigurationFront, ControlFront } from "@waystation/replication/control-front";
import type { NodeStatus, TakeoverProgress } from "@waystation/replication/status";
import { connect } from "./connection.js";
import { createGrpcTransport } from "./grpc-transport.js";
import { formatHostPort, startRpcServer, type RpcServerOptions } from "./server.js";

const actions: (() => unknown)[] = [];

/** Runs after the test, last first. */
export function onCleanUp(action: () => unknown): void {
  actions.push(action);
}

/** For `afterEach`. */
export async function cleanUp(): Promise<void> {
  for (let action = actions.pop(); action !== undefined; action = actions.pop()) await action();
}

export interface LogLine {
  readonly level: keyof Log;
  readonly fields: LogFields;
  readonly message: string;
}

export function recordingLog(): Log & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at = (level: keyof Log) => (fields: LogFields, message: string) => void lines.push({ level, fields, message });
  return { lines, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

export interface TestFront extends BlockFront {
  /** The content of `vol-a`. */
  readonly content: Buffer;
  /** Called before each write takes place; writes wait for what it returns. */
  beforeWrite: (offsetBytes: number) => Promise<void> | void;
  /** Called by each flush, which waits for what it returns. */
  onFlush: () => Promise<void> | void;
  revoke(reason: string): void;
  readonly opens: number;
}

/** One volume, `vol-a`, in memory. */
export function testFront(sizeBytes = 1024 * 1024, access: VolumeDescription["access"] = "read-write"): TestFront {
  const content = Buffer.alloc(sizeBytes);
  const revocations = new Set<(reason: string) => void>();
  const volume: VolumeDescription = { name: "vol-a" as VolumeName, sizeBytes, access, description: "a test volume" };
  let opens = 0;

  function check(offsetBytes: number, lengthBytes: number): void {
    if (offsetBytes + lengthBytes <= sizeBytes) return;
    throw new Failure("OUT_OF_RANGE", `${offsetBytes} + ${lengthBytes} is past the end`);
  }
  function checkWritable(): void {
    if (access === "read-only") throw new Failure("READ_ONLY", "read-only until takeover");
  }
  const handle: VolumeHandle = {
    volume,
    async read(offsetBytes, lengthBytes) {
      check(offsetBytes, lengthBytes);
      return Promise.resolve(Buffer.from(content.subarray(offsetBytes, offsetBytes + lengthBytes)));
    },
    readNow: () => false,
    async write(offsetBytes, data) {
      checkWritable();
      check(offsetBytes, data.length);
      await front.beforeWrite(offsetBytes);
      data.copy(content, offsetBytes);
    },
    async zero(offsetBytes, lengthBytes) {
      checkWritable();
      check(offsetBytes, lengthBytes);
      content.fill(0, offsetBytes, offsetBytes + lengthBytes);
      return Promise.resolve();
    },
    async flush() {
      await front.onFlush();
    },
    close() {},
  };
  const front: TestFront = {
    content,
    beforeWrite() {},
    onFlush() {},
    list: () => [volume],
    get opens() {
      return opens;
    },
    open(name, onRevoked) {
      if (name !== volume.name) return Promise.reject(new Failure("UNKNOWN_VOLUME", `no volume ${name} here`));
      opens += 1;
      revocations.add(onRevoked);
      return Promise.resolve(handle);
    },
    revoke(reason) {
      for (const onRevoked of revocations) onRevoked(reason);
      revocations.clear();
    },
  };
  return front;
}

export function testStatus(change: Partial<NodeStatus> = {}): NodeStatus {
  const nothing = { arrays: [], volumes: [], groups: [] };
  return { node: "alpha" as never, site: "east", version: "0.1.0", startedWallMs: 1, ...nothing, ...change };
}

export function testControl(
  status: () => NodeStatus = testStatus,
  change: Partial<Omit<ControlFront & ConfigurationFront, "status">> = {},
): ControlFront & ConfigurationFront {
  const commands = { takeover: noSteps, changeTerm: noSteps, command: () => Promise.resolve() };
  const attest: ControlFront["attest"] = () => ({
    ...{ node: "n" as never, role: "primary", point: null, oldest: 0 as never, detail: "" },
  });
  return { status, ...commands, attest, reload: () => Promise.resolve([]), ...change };
}

/** A node without arrays; `change` gives it what a test needs. */
export function testStorage(change: Partial<StorageFront> = {}): StorageFront {
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    arrays: () => [],
    scrub: () => Promise.resolve(1),
    rebuild: nothing,
    failDisk: nothing,
    replaceDisk: nothing,
    volumes: () => [],
    createVolume: nothing,
    deleteVolume: nothing,
    snapshotVolume: nothing,
    cloneVolume: nothing,
    pairs: () => [],
    createPair: nothing,
    splitPair: nothing,
    resyncPair: nothing,
    restorePair: nothing,
    deletePair: nothing,
    lendVolume: () => Promise.resolve({ sizeBytes: 0, stripeBytes: 0, sessionVolume: "" }),
    returnVolume: nothing,
    openLentVolume: nothing,
    closeLentVolume: () => Promise.resolve([]),
    ...change,
  };
}

async function* noSteps(): AsyncIterable<TakeoverProgress> {
  await Promise.resolve();
  yield { phase: "done", message: "", elapsedMs: 0, result: null };
}

/** Resolves once `condition` no longer throws or rejects. Generous, because the machine may be busy. */
export async function eventually<T>(condition: () => T | Promise<T>): Promise<T> {
  const deadlineMs = performance.now() + 20_000;
  for (;;) {
    try {
      return await condition();
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

/** A server on a free port of the loopback, and a connection to it; closed after the test. */
export async function startTestServer(change: Partial<RpcServerOptions> = {}) {
  const log = recordingLog();
  const directory = { cluster: "test", node: "alpha" as never, peers: new Map(), groups: new Map() };
  const options = {
    listen: { host: "127.0.0.1", port: 0 },
    front: testFront(),
    control: testControl(),
    storage: testStorage(),
    transport: createGrpcTransport({ directory, log }),
    log,
    ...change,
  };
  const server = await startRpcServer(options);
  onCleanUp(() => server.close());
  const target = formatHostPort(server.address);
  const connection = connect(target);
  onCleanUp(() => {
    connection.close();
  });
  return { server, target, connection, log, port: server.address.port };
}

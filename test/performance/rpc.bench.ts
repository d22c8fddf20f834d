// Ship batches over gRPC with the hand-written codec and with protobufjs, sender and receiver in processes of their own.
//
//   npx tsc -b test && node node_modules/.cache/test-build/performance/rpc.bench.js [--seconds 2] [--rounds 3]
//
// First the codecs alone (encode and decode in one process), then both over the loopback: batches of records one way,
// a watermark back for each, at most 8 batches on their way. Prints the median of the rounds, turn by turn.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
  noSequence as none,
  type GroupName,
  type NodeName,
  type Sequence,
  type VolumeName,
} from "@waystation/contracts/ids";
import type { JournalRecord } from "@waystation/contracts/journal";
import { silentLog } from "@waystation/contracts/log";
import type { PeerMessage } from "@waystation/replication/messages";
import { handWrittenCodec, type PeerCodec } from "@waystation/rpc/grpc-link";
import { createGrpcTransport, type GrpcTransport } from "@waystation/rpc/grpc-transport";
import { encodePeerMessage } from "@waystation/rpc/peer-encode";
import { replicationServiceDefinition } from "@waystation/rpc/proto";
import { startRpcServer } from "@waystation/rpc/server";
import { testControl, testFront, testStorage } from "@waystation/rpc/testing";

const { requestSerialize, requestDeserialize } = replicationServiceDefinition.Ship;
type ProtoMessage = ReturnType<typeof requestDeserialize>;

const group = "g1" as GroupName;
const sender = "sender" as NodeName;
const receiver = "receiver" as NodeName;
const epoch = { number: 1, takeoverId: "initial" };
const batchesInFlightMax = 8;

interface Shape {
  readonly name: string;
  readonly recordCount: number;
  readonly payloadBytes: number;
}

const shapes: readonly Shape[] = [
  { name: "4 KiB, batches of 1", recordCount: 1, payloadBytes: 4096 },
  { name: "4 KiB, batches of 32", recordCount: 32, payloadBytes: 4096 },
  { name: "64 KiB, batches of 8", recordCount: 8, payloadBytes: 65536 },
];

function batchOf({ recordCount, payloadBytes }: Shape): PeerMessage {
  const records = Array.from({ length: recordCount }, (_, index): JournalRecord => ({
    sequence: (1_000_000 + index) as Sequence,
    volume: "vol-a" as VolumeName,
    origin: { incarnation: 7, n: 500_000 + index },
    epoch: 1,
    kind: "write",
    offsetBytes: 2 ** 33 + index * payloadBytes,
    lengthBytes: payloadBytes,
    hostTimeMs: 1_700_000_000_000 + index,
    payload: Buffer.alloc(payloadBytes, index),
  }));
  const watermark = (1_000_000 + recordCount) as Sequence;
  return { epoch, term: 0, body: { kind: "ship-batch", after: 1_000_000 as Sequence, watermark, records } };
}

/** The same wire form by protobufjs. Its messages have another shape, which only this file sees. */
const protobufjsCodec: PeerCodec = {
  encode: (message) => requestSerialize(message as unknown as ProtoMessage),
  decode: (frame) => requestDeserialize(frame) as unknown as PeerMessage,
};

interface Contender {
  readonly codec: PeerCodec;
  readonly batch: (shape: Shape) => PeerMessage;
  /** The acknowledgement of a batch. */
  readonly reply: (batch: PeerMessage) => PeerMessage;
}

const byHand: Contender = {
  codec: handWrittenCodec,
  batch: batchOf,
  reply({ body }) {
    return {
      epoch,
      term: 0,
      body: { kind: "ship-received", watermark: body.kind === "ship-batch" ? body.watermark : none },
    };
  },
};

const byProtobufjs: Contender = {
  codec: protobufjsCodec,
  batch: (shape) => protobufjsCodec.decode(encodePeerMessage(batchOf(shape))),
  reply(batch) {
    const { shipBatch } = batch as unknown as ProtoMessage;
    return { epoch, shipReceived: { watermark: shipBatch?.watermark ?? 0 } } as unknown as PeerMessage;
  },
};

function transportAs(node: NodeName, peers: ReadonlyMap<NodeName, string>, codec: PeerCodec): GrpcTransport {
  const groups = new Map([[group, new Set([sender, receiver])]]);
  return createGrpcTransport({ directory: { cluster: "bench", node, peers, groups }, log: silentLog, codec });
}

// ---- the receiver -------------------------------------------------------------------------------------------------

async function receive({ codec, reply }: Contender): Promise<number> {
  const transport = transportAs(receiver, new Map([[sender, "unused"]]), codec);
  transport.transport.accept((link) => ({
    onMessage: (message) => {
      link.send(reply(message));
    },
    onClose() {},
  }));
  const listen = { host: "127.0.0.1", port: 0 };
  const fronts = { front: testFront(), control: testControl(), storage: testStorage() };
  const { address } = await startRpcServer({ listen, ...fronts, transport, log: silentLog });
  return address.port;
}

async function serve(): Promise<void> {
  process.stdout.write(`${JSON.stringify([await receive(byHand), await receive(byProtobufjs)])}\n`);
}

// ---- the sender ---------------------------------------------------------------------------------------------------

/** Sends batches for `seconds`, keeping some on their way. Resolves with batches per second. */
async function drive(seconds: number, send: () => void, onReply: (listener: () => void) => void): Promise<number> {
  const startedMs = performance.now();
  const endMs = startedMs + seconds * 1000;
  let inFlight = 0;
  let done = 0;
  return new Promise((resolve) => {
    onReply(() => {
      inFlight -= 1;
      done += 1;
      const nowMs = performance.now();
      if (nowMs >= endMs && inFlight === 0) resolve((done * 1000) / (nowMs - startedMs));
      else if (nowMs < endMs) fill();
    });
    function fill(): void {
      while (inFlight < batchesInFlightMax) {
        inFlight += 1;
        send();
      }
    }
    fill();
  });
}

async function sendTo(port: number, { codec, batch }: Contender, shape: Shape, seconds: number): Promise<number> {
  const transport = transportAs(sender, new Map([[receiver, `127.0.0.1:${port}`]]), codec);
  const message = batch(shape);
  let reply = () => {};
  const rate = await new Promise<number>((resolve, reject) => {
    const address = { peer: receiver, channel: "ship", group } as const;
    transport.transport.dial(address, {
      onOpen(link) {
        const send = () => {
          link.send(message);
        };
        drive(seconds, send, (listener) => (reply = listener)).then(resolve, reject);
      },
      onMessage: () => {
        reply();
      },
      onClose: (reason) => {
        reject(new Error(reason));
      },
    });
  });
  transport.close();
  return rate;
}

/** Encodes and decodes in turn; batches per second. */
function codecAlone({ codec, batch }: Contender, shape: Shape, seconds: number): number {
  const message = batch(shape);
  const startedMs = performance.now();
  let count = 0;
  let elapsedMs = 0;
  while (elapsedMs < seconds * 1000) {
    for (let index = 0; index < 50; index += 1) codec.decode(codec.encode(message));
    count += 50;
    elapsedMs = performance.now() - startedMs;
  }
  return (count * 1000) / elapsedMs;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

async function report(rounds: number, name: string, shape: Shape, [hand, protobufjs]: [Run, Run]): Promise<void> {
  const handRates: number[] = [];
  const protobufjsRates: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    handRates.push(await hand());
    protobufjsRates.push(await protobufjs());
  }
  const format = (rate: number) => {
    const writes = `${((rate * shape.recordCount) / 1000).toFixed(1)} k/s`;
    return `${writes.padStart(10)} ${((rate * shape.recordCount * shape.payloadBytes) / 1e6).toFixed(0).padStart(6)} MB/s`;
  };
  const [handRate, protobufjsRate] = [median(handRates), median(protobufjsRates)];
  const ratio = (handRate / protobufjsRate).toFixed(2);
  console.log(`${name.padEnd(30)} hand ${format(handRate)}   protobufjs ${format(protobufjsRate)}   ratio ${ratio}`);
}

type Run = () => number | Promise<number>;

async function main(seconds: number, rounds: number): Promise<void> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), "--serve"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const [handPort, protobufjsPort] = JSON.parse(line.toString()) as [number, number];
    for (const shape of shapes) {
      const run = (contender: Contender) => codecAlone(contender, shape, seconds);
      await report(rounds, `codec alone, ${shape.name}`, shape, [() => run(byHand), () => run(byProtobufjs)]);
    }
    for (const shape of shapes) {
      const hand = () => sendTo(handPort, byHand, shape, seconds);
      const protobufjs = () => sendTo(protobufjsPort, byProtobufjs, shape, seconds);
      await report(rounds, `stream, ${shape.name}`, shape, [hand, protobufjs]);
    }
  } finally {
    child.kill();
  }
}

const { values } = parseArgs({
  options: {
    serve: { type: "boolean", default: false },
    seconds: { type: "string", default: "2" },
    rounds: { type: "string", default: "3" },
  },
});
if (values.serve) await serve();
else await main(Number(values.seconds), Number(values.rounds));

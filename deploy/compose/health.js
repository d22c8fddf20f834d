// Asks the standard gRPC health service of a daemon: `node health.js HOST:PORT`. Exit code 0 when it is serving.
//
// It speaks the protocol itself, over node:http2: grpc-js takes ten times as long to load, and this runs every few
// seconds in every container. A gRPC message is a byte (0: not compressed), four bytes of length, and the protobuf:
//
//     request    00 00000000               HealthCheckRequest of the whole server: all defaults, so no bytes
//     answer     00 00000002 08 01         HealthCheckResponse { status: SERVING (1) }
import { connect } from "node:http2";

const timeoutMs = 4_000;
const serving = Buffer.from([0, 0, 0, 0, 2, 8, 1]);

const address = process.argv[2];
if (address === undefined) {
  console.error("usage: node health.js HOST:PORT");
  process.exit(2);
}

function fail(why) {
  console.error(`${address}: ${why}`);
  process.exit(1);
}

setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs);
const session = connect(`http://${address}`);
session.on("error", (error) => fail(error.message));
const call = session.request({
  ":method": "POST",
  ":path": "/grpc.health.v1.Health/Check",
  "content-type": "application/grpc",
  "te": "trailers",
});
const chunks = [];
call.on("error", (error) => fail(error.message));
call.on("data", (chunk) => chunks.push(chunk));
call.on("end", () => {
  const answer = Buffer.concat(chunks);
  if (!answer.equals(serving)) fail(`not serving (answer ${answer.toString("hex") || "empty"})`);
  console.log("serving");
  process.exit(0);
});
call.end(Buffer.alloc(5));

/**
 * A plain TCP stream as fast as it goes, in a process of its own: `serve` prints its port and takes what comes; `send PORT
 * SECONDS` fills a connection. What it pushes through a proxy is what any service on this machine could.
 */
import { connect, createServer, type AddressInfo } from "node:net";

const chunk = Buffer.alloc(64 * 1024, 1);

function serve(): void {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.resume();
  });
  server.listen({ port: 0, host: "127.0.0.1" }, () => {
    process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
  });
}

function send(port: number, seconds: number): void {
  const socket = connect({ port, host: "127.0.0.1" });
  const endMs = performance.now() + seconds * 1000;
  const fill = (): void => {
    while (performance.now() < endMs) if (!socket.write(chunk)) return;
    socket.destroy();
    process.exit(0);
  };
  socket.once("connect", fill);
  socket.on("drain", fill);
}

const [what = "", port = "", seconds = ""] = process.argv.slice(2);
// It ends with the bench, however that ends.
process.stdin.once("end", () => process.exit(0)).resume();
if (what === "serve") serve();
else send(Number(port), Number(seconds));

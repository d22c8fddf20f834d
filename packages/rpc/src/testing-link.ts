/** A link to a daemon for tests: counts what crosses it, and can be cut. */
import { connect, createServer, type Socket } from "node:net";
import { onCleanUp } from "./testing.js";

export interface TestLink {
  /** Of the loopback: leads to the daemon. */
  readonly port: number;
  /** Towards the daemon, and from it. */
  sentBytes: number;
  receivedBytes: number;
  /** Breaks what is connected, and refuses more. */
  cut(): void;
  mend(): void;
}

export async function linkTo(port: number): Promise<TestLink> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) return void near.destroy();
    const far = connect(port, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        near.destroy();
        far.destroy();
        sockets.delete(socket);
      });
    }
    near.on("data", (bytes: Buffer) => (link.sentBytes += bytes.length));
    far.on("data", (bytes: Buffer) => (link.receivedBytes += bytes.length));
    near.pipe(far);
    far.pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const link: TestLink = {
    port: (server.address() as { port: number }).port,
    sentBytes: 0,
    receivedBytes: 0,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    mend: () => (isCut = false),
  };
  onCleanUp(() => {
    link.cut();
    server.close();
  });
  return link;
}

/** A client that keeps to no protocol: sends the bytes it is given, and tells what came back. */
import { connect } from "node:net";
import { within } from "./wait.js";

export interface RawConversation {
  /** Everything that the server sent. */
  readonly received: Buffer;
}

const conversationMs = 15_000;

/**
 * Connects, sends each part as it stands, and waits until the server closes the connection. Rejects when it does not:
 * a client that breaks the protocol must be cut off.
 */
export async function sendUntilCutOff(port: number, parts: readonly Buffer[]): Promise<RawConversation> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  // The server may close while there is more to send.
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()).once("close", () => resolve()));
  for (const part of parts) socket.write(part);
  try {
    await within(`the end of a connection to port ${port}`, conversationMs, closed);
  } finally {
    socket.destroy();
  }
  return { received: Buffer.concat(chunks) };
}

/** Connects and leaves at once, without a word. */
export async function connectAndVanish(port: number): Promise<void> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.on("error", () => {});
  await new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
    socket.once("connect", () => socket.resetAndDestroy());
  });
}

/**
 * A long link between two daemons, as a TCP proxy: each direction delays what passes and lets only so much through per
 * second, and a drill can stall it, cut it and heal it. Invariants: bytes leave in the order in which they came; what a
 * direction holds is bounded, beyond it the sender is not read; a stalled link tells nobody, a cut one everybody.
 *
 *     socket -> read -> | wire: one chunk after the other, at its rate | flight: delay | -> write -> socket
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

export interface LinkShape {
  /** One way. */
  readonly delayMs: number;
  /** Each way; null for as much as the machine gives. */
  readonly bytesPerSecond: number | null;
}

/** Is shown the bytes of one connection, before they are delayed. */
export type Tap = (direction: "there" | "back", chunk: Buffer) => void;

export interface DelayingProxyOptions {
  readonly targetPort: number;
  /** A direct line when left out. */
  readonly shape?: LinkShape;
  /** Called for each new connection. */
  readonly tap?: () => Tap;
}

export interface DelayingProxy {
  readonly port: number;
  /** Breaks every connection, and each new one as soon as it is made. */
  cut(): void;
  /** Nothing passes any more, not even the end of a connection; whoever waits for an answer waits. */
  stall(): void;
  /** Takes back `cut` and `stall`: what was stalled goes on its way. */
  heal(): void;
  /** For what comes from now on. */
  reshape(shape: LinkShape): void;
  /** Bytes delivered so far, from the dialling end there, and back. */
  carried(): { readonly there: number; readonly back: number };
  close(): Promise<void>;
}

export const direct: LinkShape = { delayMs: 0, bytesPerSecond: null };

/** What may wait for the wire of a direction; beyond it senders are not read. */
const wireWaitMs = 20;
/** What one direction of a connection may hold when it has no rate, or its receiver takes nothing. */
const heldBytesMax = 32 * 1024 * 1024;

export async function startDelayingProxy({
  targetPort,
  shape = direct,
  tap,
}: DelayingProxyOptions): Promise<DelayingProxy> {
  const there = createWire(shape);
  const back = createWire(shape);
  const sockets = new Set<Socket>();
  let isCut = false;

  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  };
  const server = createServer({ allowHalfOpen: true }, (near) => {
    keep(near);
    if (isCut) return void near.resetAndDestroy();
    const far = connect({ host: "127.0.0.1", port: targetPort, allowHalfOpen: true });
    keep(far);
    const look = tap?.();
    there.carry({ source: near, target: far, look: (chunk) => look?.("there", chunk) });
    back.carry({ source: far, target: near, look: (chunk) => look?.("back", chunk) });
  });
  const port = await listen(server);

  const breakAll = (): void => {
    for (const socket of [...sockets]) socket.resetAndDestroy();
  };
  return {
    port,
    cut() {
      isCut = true;
      breakAll();
    },
    stall() {
      for (const wire of [there, back]) wire.hold(true);
    },
    heal() {
      isCut = false;
      for (const wire of [there, back]) wire.hold(false);
    },
    reshape(next) {
      for (const wire of [there, back]) wire.reshape(next);
    },
    carried: () => ({ there: there.deliveredBytes(), back: back.deliveredBytes() }),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      isCut = true;
      breakAll();
      await closed;
    },
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port: 0, host: "127.0.0.1" }, resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** One direction of a connection. */
interface LaneEnds {
  readonly source: Socket;
  readonly target: Socket;
  readonly look: (chunk: Buffer) => void;
}

interface InFlight {
  readonly dueMs: number;
  /** Null: the connection has ended at its source, well or badly. */
  readonly chunk: Buffer | null;
}

interface Wire {
  carry(ends: LaneEnds): void;
  hold(stalled: boolean): void;
  reshape(shape: LinkShape): void;
  deliveredBytes(): number;
}

/** One direction of all connections of a link: they share its rate, and nothing else. */
function createWire(initial: LinkShape): Wire {
  let shape = initial;
  let stalled = false;
  /** Taken until then by what was read so far. */
  let freeMs = 0;
  let deliveredBytes = 0;
  const lanes = new Set<() => void>();

  const waitMs = (): number => freeMs - performance.now();
  /** When the last byte of a chunk that is read now comes out at the far end. */
  const send = (lengthBytes: number): number => {
    const { delayMs, bytesPerSecond } = shape;
    freeMs = Math.max(freeMs, performance.now());
    if (bytesPerSecond !== null) freeMs += (lengthBytes * 1000) / bytesPerSecond;
    return freeMs + delayMs;
  };

  const carry = ({ source, target, look }: LaneEnds): void => {
    let flight: InFlight[] = [];
    let heldBytes = 0;
    let isFull = false;
    let isGone = false;
    let timer: NodeJS.Timeout | null = null;

    const take = (chunk: Buffer | null): void => {
      if (isGone) return;
      heldBytes += chunk?.length ?? 0;
      flight.push({ dueMs: send(chunk?.length ?? 0), chunk });
      move();
    };
    /** Hands over what has arrived, reads on or stops reading, and comes back when there is more to do. */
    const move = (): void => {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      if (stalled) return void source.pause();
      if (isGone) return leave();
      const nowMs = performance.now();
      const later = flight.findIndex(({ dueMs }) => isFull || dueMs > nowMs);
      const arrived = later < 0 ? flight : flight.slice(0, later);
      flight = later < 0 ? [] : flight.slice(later);
      for (const { chunk } of arrived) handOver(chunk);
      const isCrowded = waitMs() > wireWaitMs;
      if (isCrowded || heldBytes > heldBytesMax) source.pause();
      else source.resume();
      const first = isFull ? undefined : flight[0];
      const backMs = Math.min(first === undefined ? Infinity : first.dueMs - nowMs, isCrowded ? waitMs() : Infinity);
      if (backMs < Infinity) timer = setTimeout(move, Math.max(0, backMs));
    };
    const handOver = (chunk: Buffer | null): void => {
      heldBytes -= chunk?.length ?? 0;
      if (chunk === null) {
        if (source.readableEnded) target.end();
        else target.destroy();
        return;
      }
      deliveredBytes += chunk.length;
      if (!target.write(chunk)) isFull = true;
    };

    /** Nobody is there to take anything; the lane the other way says so to whoever sends. */
    const leave = (): void => {
      lanes.delete(move);
      flight = [];
      source.resume();
    };

    lanes.add(move);
    source.on("data", (chunk: Buffer) => {
      look(chunk);
      take(chunk);
    });
    source.once("end", () => take(null));
    source.once("close", () => {
      if (!source.readableEnded) take(null);
    });
    target.on("drain", () => {
      isFull = false;
      move();
    });
    target.once("close", () => {
      isGone = true;
      move();
    });
    move();
  };

  const moveAll = (): void => {
    for (const move of [...lanes]) move();
  };
  return {
    carry,
    hold(next) {
      stalled = next;
      moveAll();
    },
    reshape(next) {
      shape = next;
      moveAll();
    },
    deliveredBytes: () => deliveredBytes,
  };
}

/**
 * Answers what a range of this node's volumes holds, by digests (DESIGN: what is equal need not travel). A digest that
 * equals the primary's is proof enough whenever it was made: what the stream brings later lands on top, in order. Asks are
 * answered one after the other and read in pieces, so that they never hold more than one piece in memory.
 */
import { within } from "@waystation/contracts/byte-range";
import { Failure } from "@waystation/contracts/errors";
import type { Desk } from "./effects.js";
import { limits } from "./limits.js";
import type { GroupVolume } from "./membership.js";
import type { DigestAsk, DigestReply } from "./messages.js";
import { digestBytes, digestOf } from "./provable/digest.js";

export interface DigestDesk {
  /** Returns what is wrong with the ask, and does not answer it then; empty when it will be answered. */
  ask(question: DigestAsk, reply: (answer: DigestReply) => void): string;
  /** Whoever asked is gone: nothing more is answered. */
  forget(): void;
}

interface OpenAsk {
  readonly question: DigestAsk;
  readonly reply: (answer: DigestReply) => void;
}

export function createDigestDesk(desk: Desk, volumes: readonly GroupVolume[]): DigestDesk {
  const sizes = new Map(volumes.map(({ name, sizeBytes }) => [name, sizeBytes]));
  let open: OpenAsk[] = [];

  const answerNext = (): void => {
    const next = open[0];
    if (next === undefined) return;
    const { id, lengthBytes, unitBytes } = next.question;
    const digests = Buffer.alloc(Math.ceil(lengthBytes / unitBytes) * digestBytes);
    readPiece(next, digests, 0, () => {
      next.reply({ kind: "digest-reply", id, digests });
      open.shift();
      answerNext();
    });
  };

  const readPiece = (ask: OpenAsk, digests: Buffer, fromBytes: number, then: () => void): void => {
    const { volume, offsetBytes, lengthBytes, unitBytes } = ask.question;
    if (fromBytes >= lengthBytes) return then();
    const wholeUnits = Math.max(1, Math.floor(limits.digestReadBytes / unitBytes)) * unitBytes;
    const pieceBytes = Math.min(wholeUnits, lengthBytes - fromBytes);
    desk.load(volume, { offsetBytes: offsetBytes + fromBytes, lengthBytes: pieceBytes }, (data) => {
      if (open[0] !== ask) return;
      // What cannot be read has no digest: it stays zeros, and is copied.
      if (!(data instanceof Failure))
        writeDigests(data, unitBytes, digests.subarray((fromBytes / unitBytes) * digestBytes));
      readPiece(ask, digests, fromBytes + pieceBytes, then);
    });
  };

  return {
    ask(question, reply) {
      const { volume, offsetBytes, lengthBytes, unitBytes } = question;
      const isLegal =
        within({ offsetBytes, lengthBytes }, sizes.get(volume) ?? 0) &&
        Number.isSafeInteger(unitBytes) &&
        unitBytes > 0 &&
        unitBytes <= limits.digestUnitBytesMax &&
        lengthBytes <= limits.digestUnitsMax * unitBytes;
      if (!isLegal) return `digest-ask of ${offsetBytes}+${lengthBytes} in units of ${unitBytes} of ${volume}`;
      if (open.length >= limits.digestAsksMax) return `more than ${limits.digestAsksMax} digest-asks at once`;
      open.push({ question, reply });
      if (open.length === 1) answerNext();
      return "";
    },
    forget() {
      open = [];
    },
  };
}

/** The digest of each unit, one after the other. */
function writeDigests(data: Uint8Array, unitBytes: number, into: Uint8Array): void {
  for (let unit = 0; unit * unitBytes < data.length; unit++)
    into.set(digestOf(data.subarray(unit * unitBytes, (unit + 1) * unitBytes)), unit * digestBytes);
}

/**
 * The far side as a primary sees it: a relay that stamps what comes, in order and once, and volumes that hold what was
 * stamped. Driven by hand; it asserts what a relay refuses (gaps, writes while suspended or before a welcome).
 */
import assert from "node:assert/strict";
import { compareOrigin, noOrigin } from "@waystation/contracts/ids";
import { limits } from "../limits.js";
import type { DigestAsk, IngressBody, RegionRuns, SuspendedState } from "../messages.js";
import { orderAfter } from "../origin-ledger.js";
import { digestOf } from "../provable/digest.js";
import type { OriginNumber, VolumeName } from "../vocabulary.js";
import { ampleCredit, type PrimaryBench } from "./primary-bench.js";

export interface FarSide {
  /** The content of its volumes once all that was stamped is applied. */
  readonly images: ReadonlyMap<VolumeName, Buffer>;
  /** Takes in what the primary has sent; returns how many messages that were. */
  take(): number;
  acknowledge(creditBytes?: number): void;
  answerDigests(): number;
  /** Everything that can happen without the test's doing happens; hosts' writes are acknowledged. */
  settle(): void;
  suspend(state?: SuspendedState): void;
  /** Welcomes the primary, into the copy run if there is one; it must have greeted since its link was opened. */
  welcome(creditBytes?: number): void;
  beginRun(copyId: string, regions?: readonly RegionRuns[], full?: readonly VolumeName[]): void;
  /** Tells the primary to start, in the run begun last. */
  startCopy(): void;
  /** The primary has said that it has nothing left to copy. */
  isCopied(): boolean;
  endRun(): void;
  /** What every secondary has validated: everything stamped so far. */
  farValidated(): void;
  /** Another life of the primary. */
  follow(primary: PrimaryBench): void;
  readonly hellos: Extract<IngressBody, { kind: "origin-hello" }>[];
  /** Bytes of copies that were sent, and of digests asked for. */
  copiedBytes(): number;
  askedBytes(): number;
}

export function createFarSide(first: PrimaryBench, volumes: readonly VolumeName[], sizeBytes: number): FarSide {
  let primary = first;
  const images = new Map(volumes.map((volume) => [volume, Buffer.alloc(sizeBytes)]));
  const stamped = new Map<VolumeName, OriginNumber>(volumes.map((volume) => [volume, noOrigin]));
  const hellos: Extract<IngressBody, { kind: "origin-hello" }>[] = [];
  let asks: DigestAsk[] = [];
  let stamping = true;
  let run: {
    readonly copyId: string;
    regions: readonly RegionRuns[];
    full: readonly VolumeName[];
    done: boolean;
  } | null = null;
  let copiedBytes = 0;
  let askedBytes = 0;

  const receive = (body: IngressBody): void => primary.receive(primary.link(), body);
  const marks = () => [...stamped].map(([volume, origin]) => ({ volume, origin }));

  const stamp = ({ writes }: Extract<IngressBody, { kind: "origin-batch" }>): void => {
    if (!stamping) return;
    for (const { volume, origin, kind, offsetBytes, lengthBytes, payload } of writes) {
      const last = stamped.get(volume);
      const image = images.get(volume);
      assert(last !== undefined && image !== undefined, `a write of ${volume}`);
      const order = orderAfter(last, origin);
      if (order === "duplicate") continue;
      assert.equal(order, "next", `${volume}: ${origin.incarnation}.${origin.n} after ${last.incarnation}.${last.n}`);
      stamped.set(volume, origin);
      if (payload.length > 0) image.set(payload, offsetBytes);
      else image.fill(0, offsetBytes, offsetBytes + lengthBytes);
      if (kind === "copy") copiedBytes += payload.length;
    }
  };

  const take = (): number => {
    const sent = primary.takeSent();
    for (const { body } of sent)
      switch (body.kind) {
        case "origin-hello":
          hellos.push(body);
          break;
        case "origin-batch":
          stamp(body);
          break;
        case "digest-ask":
          asks.push(body);
          break;
        case "copy-done":
          if (run?.copyId === body.copyId) run.done = true;
          break;
        default:
          break;
      }
    return sent.length;
  };

  const answerDigests = (): number => {
    const answered = asks;
    asks = [];
    for (const { id, volume, offsetBytes, lengthBytes, unitBytes } of answered) {
      const image = images.get(volume);
      assert(image !== undefined && lengthBytes <= limits.digestUnitsMax * unitBytes);
      askedBytes += lengthBytes;
      const digests: Buffer[] = [];
      for (let at = 0; at < lengthBytes; at += unitBytes) {
        const unit = image.subarray(offsetBytes + at, offsetBytes + Math.min(at + unitBytes, lengthBytes));
        digests.push(digestOf(unit));
      }
      receive({ kind: "digest-reply", id, digests: Buffer.concat(digests) });
    }
    return answered.length;
  };

  const acknowledge = (creditBytes = 1000 * ampleCredit): void =>
    receive({ kind: "relay-ack", marks: marks(), creditBytes });

  return {
    images,
    hellos,
    take,
    acknowledge,
    answerDigests,
    settle() {
      for (let quiet = 0; quiet < 2;) {
        primary.settle();
        const taken = take();
        if (stamping && taken > 0) acknowledge();
        quiet = taken + answerDigests() === 0 ? quiet + 1 : 0;
      }
    },
    suspend(state = "PSUE") {
      stamping = false;
      run = null;
      primary.suspended(state);
    },
    welcome(creditBytes = ampleCredit) {
      stamping = true;
      primary.welcome(marks(), creditBytes, run?.copyId ?? "");
    },
    beginRun(copyId, regions = [], full = []) {
      run = { copyId, regions, full, done: false };
    },
    startCopy() {
      assert(run !== null);
      run.done = false;
      receive({ kind: "copy-start", copyId: run.copyId, regions: run.regions, full: run.full });
    },
    isCopied: () => run?.done === true,
    endRun() {
      assert(run?.done === true, "the primary has not copied everything");
      receive({ kind: "copy-ended", copyId: run.copyId });
      run = null;
    },
    farValidated: () =>
      receive({ kind: "far-validated", marks: marks().filter(({ origin }) => compareOrigin(origin, noOrigin) > 0) }),
    follow(next) {
      primary = next;
      asks = [];
    },
    copiedBytes: () => copiedBytes,
    askedBytes: () => askedBytes,
  };
}

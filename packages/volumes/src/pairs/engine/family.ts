/**
 * A primary volume with the pairs that copy it: what becomes of each host request to the primary or to one of the
 * secondaries (SPEC A5, A6, A10). The table of phases (core/pair-phase.ts) says what; this does it.
 *
 * A write holds its range alone until every side has it, so whoever reads either side later sees all of it. What a side
 * is owed is copied under the same lock before the write, so the lock then spans whole regions.
 *
 * Crashes during a write to both sides: before the mark is durable nothing was written; after it, either side may have
 * the write or not, and the marked region is copied again from P. Recorded writes: the mark is durable before the write
 * starts, because a write that was never acknowledged changes the volume too.
 */
import type { BlockWrite, DurableBlockStore } from "@waystation/contracts/block-device";
import { endOf, type ByteRange } from "@waystation/contracts/byte-range";
import { Failure, reasonOf } from "@waystation/contracts/errors";
import { partsWhere, regionPieces, widen } from "../core/copy-plan.js";
import { describePhase, towardsSplit, type CopyDirection, type HostAccess } from "../core/pair-phase.js";
import { createRangeLocks, type RangeLocks } from "./range-locks.js";
import { regionsOf, type RegionRun } from "../core/region-marks.js";
import { copyRegions, spaceOf } from "./copy-regions.js";
import type { IntentTicket, Mirror } from "./mirror.js";

/** A host's write, to be applied to one side or both alike. */
export interface HostWrite {
  readonly ranges: readonly ByteRange[];
  readonly apply: (store: DurableBlockStore) => Promise<void>;
}

export interface Family {
  readonly primaryName: string;
  readonly primary: DurableBlockStore;
  readonly locks: RangeLocks;
  mirrors(): readonly Mirror[];
  /** How many requests of hosts there were. */
  readonly requests: () => number;
  attach(mirror: Mirror): void;
  detach(mirror: Mirror): void;
  /** Null when `isHere` says no once it has its turn: the volume went to another family while it waited. */
  read(side: Mirror | "primary", range: ByteRange, isHere: () => boolean): Promise<Buffer | null>;
  readNow(side: Mirror | "primary", offsetBytes: number, into: Uint8Array): boolean;
  /** False, with nothing done, when `isHere` says no once it has its turn. */
  write(side: Mirror | "primary", write: HostWrite, isHere: () => boolean): Promise<boolean>;
  flush(side: Mirror | "primary"): Promise<void>;
  /** Waits until nothing is under way on either side of any pair, and lets nothing begin until the release. */
  quiesce(): Promise<() => void>;
}

export function createFamily(primaryName: string, primary: DurableBlockStore): Family {
  const mirrors: Mirror[] = [];
  let requests = 0;
  const locks = createRangeLocks();

  /** The store that holds the bytes of a region for a reader of this side; a failure when there is none. */
  const holderOf = (side: Mirror | "primary"): ((region: number) => DurableBlockStore) => {
    if (side !== "primary") return secondaryHolder(side, primary);
    const restoring = mirrors.find((mirror) => mirror.rules().host.primaryRead !== "primary");
    if (restoring === undefined) return () => primary;
    const isReachable = restoring.rules().host.primaryRead === "secondary-where-owed";
    return (region) => {
      if (!restoring.owed(region)) return primary;
      if (isReachable) return restoring.secondary;
      throw owedFailure(restoring, primaryName);
    };
  };
  /** One store for all of a range that is not cut by regions; the common case. */
  const soleHolder = (side: Mirror | "primary"): DurableBlockStore | null => {
    if (side === "primary")
      return mirrors.every((mirror) => mirror.rules().host.primaryRead === "primary") ? primary : null;
    return side.rules().host.secondaryRead === "secondary" ? side.secondary : null;
  };
  const piecesOf = (side: Mirror | "primary", range: ByteRange): { store: DurableBlockStore; range: ByteRange }[] => {
    const sole = soleHolder(side);
    if (sole !== null) return [{ store: sole, range }];
    const holder = holderOf(side);
    const regionBytes = regionBytesOf(side, mirrors);
    const pieces: { store: DurableBlockStore; range: { offsetBytes: number; lengthBytes: number } }[] = [];
    for (const { region, offsetBytes, lengthBytes } of regionPieces({ regionBytes }, range)) {
      const store = holder(region);
      const last = pieces.at(-1);
      if (last?.store === store) last.range.lengthBytes += lengthBytes;
      else pieces.push({ store, range: { offsetBytes, lengthBytes } });
    }
    return pieces;
  };

  const read: Family["read"] = async (side, range, isHere) => {
    const release = await locks.acquire({ ranges: [range], exclusive: false });
    try {
      if (!isHere()) return null;
      requests++;
      if (side !== "primary") checkSecondary(side, "secondaryRead");
      const parts = piecesOf(side, range).map((piece) =>
        piece.store.read(piece.range.offsetBytes, piece.range.lengthBytes),
      );
      const buffers = await Promise.all(parts);
      return buffers.length === 1 ? (buffers[0] as Buffer) : Buffer.concat(buffers);
    } finally {
      release();
    }
  };
  const readNow = (side: Mirror | "primary", offsetBytes: number, into: Uint8Array): boolean => {
    if (side !== "primary" && side.rules().host.secondaryRead === "refused") return false;
    if (!locks.mayRead({ offsetBytes, lengthBytes: into.length })) return false;
    requests++;
    return soleHolder(side)?.readNow(offsetBytes, into) ?? false;
  };

  /** What must be locked for a write: its ranges, and whole stripes around what must be copied before it. */
  const reachOf = (side: Mirror | "primary", ranges: readonly ByteRange[]): ByteRange[] => {
    const reach = [...ranges];
    for (const mirror of side === "primary" ? mirrors : [side]) {
      const direction = owedDirection(mirror.rules().host, side === "primary" ? "primaryWrite" : "secondaryWrite");
      if (direction !== null) reach.push(...owedRanges(mirror, direction, ranges));
    }
    return reach;
  };
  const owedRanges = (mirror: Mirror, direction: CopyDirection, ranges: readonly ByteRange[]): ByteRange[] => {
    const space = spaceOf({ primary, mirror }, direction);
    return ranges.flatMap((range) => {
      const whole = wholeRegions(range, space.regionBytes, space.sizeBytes);
      return partsWhere(space, whole, mirror.owed).map((part) => widen(space, part));
    });
  };
  const lockForWrite = async (side: Mirror | "primary", ranges: readonly ByteRange[]): Promise<() => void> => {
    let reach = reachOf(side, ranges);
    for (;;) {
      const release = await locks.acquire({ ranges: reach, exclusive: true });
      const needed = reachOf(side, ranges);
      if (needed.every((range) => reach.some((held) => contains(held, range)))) return release;
      // While it waited, a command made it need more.
      release();
      reach = needed;
    }
  };

  /** Brings what is owed where the write goes. A failure suspends the pair; the phase then says what follows. */
  const copyOwed = async (mirror: Mirror, direction: CopyDirection, ranges: readonly ByteRange[]): Promise<void> => {
    const sides = { primary, mirror };
    const { regionBytes } = mirror.record();
    for (const range of owedRanges(mirror, direction, ranges)) {
      const regions = insideRegions(range, regionBytes, mirror.record().sizeBytes);
      try {
        await copyRegions(sides, { direction, wants: mirror.owed }, { regions, range });
      } catch (error) {
        return mirror.suspend(`copying before a write failed: ${reasonOf(error)}`);
      }
    }
  };
  /** Makes a pair ready for a write to P. Returns the ticket if S is to have the write too. */
  const prepare = async (mirror: Mirror, ranges: readonly ByteRange[]): Promise<IntentTicket | null> => {
    for (;;) {
      const began = mirror.turn();
      const runs = ranges.map((range) => regionsOf(range, mirror.record().regionBytes));
      const access = mirror.rules().host.primaryWrite;
      const direction = owedDirection(mirror.rules().host, "primaryWrite");
      if (direction !== null) await copyOwed(mirror, direction, ranges);
      if (mirror.turn() !== began) continue;
      if (access === "primary") return null;
      if (access === "both" || access === "restored-then-both") {
        const ticket = await mirror.enter(runs);
        if (mirror.turn() === began) return ticket;
        if (ticket !== null) mirror.exit(ticket, false);
        continue;
      }
      if (access === "recorded-unless-owed" && anyOwed(mirror, runs)) throw owedFailure(mirror, primaryName);
      await mirror.ensureSaved();
      await mirror.recordWrite(runs, "primary");
      if (mirror.turn() === began) return null;
    }
  };

  const writePrimary = async ({ ranges, apply }: HostWrite): Promise<void> => {
    const legs: { mirror: Mirror; ticket: IntentTicket }[] = [];
    let primaryFailed = false;
    try {
      for (const mirror of mirrors) {
        const ticket = await prepare(mirror, ranges);
        if (ticket !== null) legs.push({ mirror, ticket });
      }
      const [own, ...others] = await Promise.allSettled([
        apply(primary),
        ...legs.map(({ mirror }) => apply(mirror.secondary)),
      ]);
      primaryFailed = own.status === "rejected";
      for (const [index, { mirror }] of legs.entries()) await suspendIfFailed(mirror, others[index]);
      if (own.status === "rejected") throw own.reason;
    } finally {
      for (const { mirror, ticket } of legs) mirror.exit(ticket, primaryFailed);
    }
  };
  const writeSecondary = async (mirror: Mirror, { ranges, apply }: HostWrite): Promise<void> => {
    for (;;) {
      checkSecondary(mirror, "secondaryWrite");
      const began = mirror.turn();
      const direction = owedDirection(mirror.rules().host, "secondaryWrite");
      if (direction !== null) await copyOwed(mirror, direction, ranges);
      if (mirror.turn() !== began) continue;
      if (mirror.rules().host.secondaryWrite === "secondary") break;
      await mirror.recordWrite(
        ranges.map((range) => regionsOf(range, mirror.record().regionBytes)),
        "secondary",
      );
      if (mirror.turn() === began) break;
    }
    await apply(mirror.secondary);
  };

  return {
    primaryName,
    primary,
    locks,
    mirrors: () => mirrors,
    requests: () => requests,
    attach: (mirror) => void mirrors.push(mirror),
    detach: (mirror) => void mirrors.splice(mirrors.indexOf(mirror), 1),
    read,
    readNow,
    async write(side, write, isHere) {
      const release = await lockForWrite(side, write.ranges);
      try {
        if (!isHere()) return false;
        requests++;
        await (side === "primary" ? writePrimary(write) : writeSecondary(side, write));
        return true;
      } finally {
        release();
      }
    },
    async flush(side) {
      if (side !== "primary") return side.secondary.flush();
      const both = mirrors.filter(({ rules }) => rules().host.primaryWrite.endsWith("both"));
      const [own, ...others] = await Promise.allSettled([
        primary.flush(),
        ...both.map(({ secondary }) => secondary.flush()),
      ]);
      for (const [index, mirror] of both.entries()) await suspendIfFailed(mirror, others[index]);
      if (own.status === "rejected") throw own.reason;
    },
    quiesce: () =>
      locks.acquire({ ranges: [{ offsetBytes: 0, lengthBytes: Number.MAX_SAFE_INTEGER }], exclusive: true }),
  };
}

async function suspendIfFailed(mirror: Mirror, leg: PromiseSettledResult<void> | undefined): Promise<void> {
  if (leg?.status !== "rejected") return;
  await mirror.suspend(`the secondary volume failed: ${reasonOf(leg.reason)}`);
}

function secondaryHolder(mirror: Mirror, primary: DurableBlockStore): (region: number) => DurableBlockStore {
  const { secondaryRead } = mirror.rules().host;
  if (secondaryRead === "primary-where-pending") {
    return (region) => (mirror.pending(region) ? primary : mirror.secondary);
  }
  return (region) => (mirror.owed(region) ? primary : mirror.secondary);
}

/** Refuses what the phase of the pair does not allow the hosts of its secondary. */
function checkSecondary(mirror: Mirror, access: "secondaryRead" | "secondaryWrite"): void {
  if (mirror.rules().host[access] !== "refused") return;
  const { name, secondaryName, volumes } = mirror;
  const isRead = access === "secondaryRead";
  const text =
    `Volume ${secondaryName} is the secondary of pair ${name}, which is in ${describePhase(mirror.phase())}: ` +
    `it cannot be ${isRead ? "read" : "written"}; ${towardsSplit(volumes, mirror.phase())}.`;
  throw new Failure(isRead ? "VOLUME_NOT_OPEN" : "READ_ONLY", text);
}

function owedFailure(mirror: Mirror, primaryName: string): Failure {
  const text =
    `Part of volume ${primaryName} is still on ${mirror.secondaryName} alone: pair ${mirror.name} is in ` +
    `${describePhase(mirror.phase())}; wayctl pair restore ${mirror.volumes} when ${mirror.secondaryName} is back.`;
  return new Failure("IO_ERROR", text);
}

function owedDirection(host: HostAccess, access: "primaryWrite" | "secondaryWrite"): CopyDirection | null {
  if (host[access] === "copied-then-recorded") return "to-secondary";
  return host[access] === "restored-then-both" ? "to-primary" : null;
}

function anyOwed(mirror: Mirror, runs: readonly RegionRun[]): boolean {
  return runs.some(({ first, end }) => {
    for (let region = first; region < end; region++) if (mirror.owed(region)) return true;
    return false;
  });
}

function regionBytesOf(side: Mirror | "primary", mirrors: readonly Mirror[]): number {
  const mirror = side === "primary" ? mirrors.find(({ rules }) => rules().host.primaryRead !== "primary") : side;
  return mirror?.record().regionBytes ?? Number.MAX_SAFE_INTEGER;
}

function wholeRegions(range: ByteRange, regionBytes: number, sizeBytes: number): ByteRange {
  const { first, end } = regionsOf(range, regionBytes);
  return {
    offsetBytes: first * regionBytes,
    lengthBytes: Math.min(sizeBytes, end * regionBytes) - first * regionBytes,
  };
}

/** The regions that lie wholly in a range. */
function insideRegions(range: ByteRange, regionBytes: number, sizeBytes: number): RegionRun {
  const first = Math.ceil(range.offsetBytes / regionBytes);
  const reaches = endOf(range) >= sizeBytes;
  return { first, end: reaches ? Math.ceil(sizeBytes / regionBytes) : Math.floor(endOf(range) / regionBytes) };
}

function contains(outer: ByteRange, inner: ByteRange): boolean {
  return outer.offsetBytes <= inner.offsetBytes && endOf(inner) <= endOf(outer);
}

/** The write of a batch, as every side is to have it. */
export function batchWrite(writes: readonly BlockWrite[]): HostWrite {
  return { ranges: writes, apply: (store) => store.writeBatch(writes) };
}

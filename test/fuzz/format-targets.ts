/**
 * The formats on disks, each by itself: a sound example, changed, its checksum mostly made right again, so that what lies
 * behind the checksum is reached. What a reader accepts must be something that the encoder may have written.
 */
import assert from "node:assert/strict";
import type { VolumeName } from "@waystation/contracts/ids";
import type { Random } from "@waystation/contracts/random";
import { decodeBatchIndex, encodeBatchIndex, seal, unseal } from "@waystation/journal/level-layout";
import { decodeState, freshState } from "@waystation/journal/level-state";
import { decodeRecord, encodeRecords } from "@waystation/journal/record-format";
import { decodeRingHeader, encodeRingHeader } from "@waystation/journal/ring-layout";
import { checksumOf, sealBlock } from "@waystation/raid/core/checksum";
import { createGeometry } from "@waystation/raid/core/geometry";
import { isReplayable } from "@waystation/raid/core/log-check";
import { peekRecord, readRecord, sealRecord, type LogEntry } from "@waystation/raid/core/log-record";
import { decodeTail, encodeTail } from "@waystation/raid/core/log-tail";
import { encodeSuperblock, readSuperblock } from "@waystation/raid/core/superblock";
import { encodeTable, readTable } from "@waystation/volumes/volume-table";
import { makeRecord } from "./journal-media.js";
import { damage, setWord } from "./mutate.js";
import { mutateJson } from "./mutate-json.js";
import type { FuzzTarget } from "./target.js";

const sealChance = 0.9;

interface Format {
  readonly name: string;
  readonly samples: readonly Buffer[];
  /** Makes the checksum right. */
  readonly fix: (bytes: Buffer) => void;
  readonly read: (bytes: Buffer) => void;
  /** Besides damage to the bytes. */
  readonly mutate?: (bytes: Buffer, random: Random) => Buffer;
}

function formatTarget({ name, samples, fix, read, mutate }: Format): FuzzTarget {
  return {
    name,
    samples,
    read,
    mutate(random) {
      const sample = random.pick(samples);
      const isOther = mutate !== undefined && random.chance(0.7);
      const bytes = isOther ? mutate(Buffer.from(sample), random) : damage(sample, random);
      if (random.chance(sealChance)) fix(bytes);
      return bytes;
    },
  };
}

/** CRC32C of all behind it, in front. */
export function sealFront(bytes: Buffer): void {
  if (bytes.length >= 4) bytes.writeUInt32LE(checksumOf([bytes.subarray(4)]), 0);
}

const arrayId = "0123456789abcdef0123456789abcdef";
const place = { arrayId, session: 7, position: 4096 * 5 };

/** JSON text in a block, its length before it. */
export function mutateText(
  block: Buffer,
  random: Random,
  at: { readonly length: number; readonly text: number },
): Buffer {
  const textBytes = Math.min(block.readUInt32LE(at.length), block.length - at.text);
  const text = Buffer.from(mutateJson(block.toString("utf8", at.text, at.text + textBytes), random));
  if (at.text + text.length > block.length) return block;
  block.fill(0, at.text, at.text + textBytes);
  text.copy(block, at.text);
  block.writeUInt32LE(text.length, at.length);
  return block;
}

function superblockFormat(): Format {
  const shape = {
    level: "raid5",
    diskCount: 3,
    unitBytes: 4096,
    dataBytesPerDisk: 40_960,
    logBytes: 393_216,
    checksums: false,
  } as const;
  const members = (["active", "ejected", "rebuilding"] as const).map((state, slot) => {
    return { state, diskId: `${slot}`.repeat(16), joined: 1 + slot, rebuiltStripes: state === "rebuilding" ? 7 : 0 };
  });
  const identity = { arrayId, arrayName: "a1", shape, diskId: "1".repeat(16), slot: 1 } as const;
  const sound = { ...identity, generation: 10, phase: "ready", members } as const;
  return {
    name: "superblock",
    samples: [encodeSuperblock(sound)],
    fix: (block) => sealBlock(block, 16),
    mutate: (block, random) => mutateText(block, random, { length: 12, text: 20 }),
    read(block) {
      const reading = readSuperblock([block]);
      if (reading.kind !== "valid") return;
      const { superblock } = reading;
      assert.equal(superblock.members.length, createGeometry(superblock.shape).diskCount);
      assert(superblock.slot === null || superblock.slot < superblock.shape.diskCount);
      assert(superblock.generation >= 0 && /^[0-9a-f]{16}$/.test(superblock.diskId));
      assert(new Set(superblock.members.map(({ diskId }) => diskId)).size === superblock.members.length);
      assert(/^[0-9a-f]{32}$/.test(superblock.arrayId));
    },
  };
}

function logTailFormat(): Format {
  return {
    name: "log-tail",
    samples: [encodeTail(place)],
    fix: (block) => sealBlock(block, 40),
    read(block) {
      const tail = decodeTail(block, arrayId);
      if (tail !== null) assert(encodeTail(tail).subarray(0, 44).length === 44 && tail.position % 4096 === 0);
    },
  };
}

const logEntries: readonly LogEntry[] = [
  { kind: "redo", slotMask: 5, diskOffsetBytes: 2 ** 25 + 2 ** 22, lengthBytes: 100, payloadOffsetBytes: 64 },
  { kind: "intent", diskOffsetBytes: 2 ** 25 + 2 ** 20, lengthBytes: 65_536, checksums: [1, 0xffffffff, 3] },
  { kind: "lost", ranges: [{ offsetBytes: 4096, lengthBytes: 512 }] },
];

const geometry = createGeometry({
  ...{ level: "raid5", diskCount: 3, unitBytes: 65_536 },
  ...{ dataBytesPerDisk: 2 ** 24, logBytes: 2 ** 25, checksums: false },
});

/** Replay writes and reads where data is, and makes memory for no more than a cell. */
function assertReplayable(entry: LogEntry): void {
  if (entry.kind === "lost") {
    for (const range of entry.ranges) assert(range.offsetBytes + range.lengthBytes <= geometry.sizeBytes);
    return;
  }
  const { diskOffsetBytes, lengthBytes } = entry;
  const inDataBytes = diskOffsetBytes - geometry.dataOffsetBytes;
  assert(inDataBytes >= 0 && inDataBytes + lengthBytes <= geometry.dataBytesPerDisk, "an entry outside of the data");
  assert(entry.kind === "redo" || lengthBytes <= geometry.windowBytes, "an intent longer than a cell");
}

function logRecordFormat(): Format {
  const record = Buffer.alloc(8192, 0xaa);
  const lengthBytes = sealRecord(record, place, { payloadEndBytes: 64 + 101, entries: logEntries });
  return {
    name: "log-record",
    samples: [record.subarray(0, lengthBytes)],
    fix(bytes) {
      const usedBytes = bytes.readUInt32LE(52);
      if (usedBytes >= 64 && usedBytes <= bytes.length) sealBlock(bytes.subarray(0, usedBytes), 56);
    },
    mutate(bytes, random) {
      const parts = [bytes.subarray(40, 56), bytes.subarray(bytes.readUInt32LE(44), bytes.readUInt32LE(52))];
      setWord(random.pick(parts), random);
      return bytes;
    },
    read(bytes) {
      const claim = peekRecord(bytes, place);
      if (claim === null || claim.usedBytes > bytes.length) return;
      const entries = readRecord(bytes.subarray(0, claim.usedBytes));
      if (entries === null || entries === "senseless") return;
      for (const entry of entries) if (isReplayable(entry, geometry, claim.usedBytes)) assertReplayable(entry);
      // What was read takes no more than there was: it can be written once more.
      sealRecord(Buffer.alloc(claim.usedBytes * 2 + 4096), place, { payloadEndBytes: 64, entries });
    },
  };
}

function volumeTableFormat(): Format {
  const grainBytes = 2 ** 20;
  const common = { sizeBytes: grainBytes, isHidden: false };
  const nameOf = (n: number) => `vol-${n}` as VolumeName;
  const thick = [1, 2].map((n) => ({
    ...common,
    kind: "thick" as const,
    name: nameOf(n),
    offsetBytes: n * grainBytes,
  }));
  const slotted = { ...common, isDeleting: false };
  const mapped = { ...slotted, kind: "mapped", isReserved: false, origin: null, originBirth: 0 } as const;
  const sound = encodeTable({
    generation: 3,
    arrayBytes: 2 ** 24,
    grainBytes,
    unusedFromBytes: 2 ** 22,
    birth: 2,
    pool: [{ offsetBytes: 3 * grainBytes, lengthBytes: grainBytes }],
    volumes: [
      ...thick,
      { ...mapped, name: nameOf(3), slot: 0 },
      { ...slotted, kind: "snapshot", name: nameOf(4), slot: 1, of: nameOf(3), birth: 1 },
      { ...mapped, name: nameOf(5), slot: 2, origin: nameOf(4), originBirth: 1 },
    ],
    documents: { "pair/p1": { state: "PAIR" } },
  });
  assert(sound !== null);
  return {
    name: "volume-table",
    samples: [Buffer.concat([sound, Buffer.alloc(512)])],
    fix(copy) {
      const end = 20 + copy.readUInt32LE(12);
      if (end <= copy.length) sealBlock(copy.subarray(0, end), 16);
    },
    mutate: (copy, random) => mutateText(copy, random, { length: 12, text: 20 }),
    read(copy) {
      const reading = readTable([copy]);
      if (reading.kind !== "valid") return;
      for (const entry of reading.table.volumes) {
        assert(entry.name.length <= 63);
        if (entry.kind !== "thick") continue;
        assert(entry.offsetBytes + entry.sizeBytes <= reading.table.unusedFromBytes);
      }
      assert(encodeTable(reading.table) !== null);
    },
  };
}

function batchFormat(): Format {
  const entries = [5, 6, 9].map((sequence) => ({ sequence, bytes: 608, crc: 77 }));
  const batch = { number: 4, previousCrc: 5, cutAfter: 2, inRing: true, ringStart: 8192, entries };
  return {
    name: "journal-batch",
    samples: [encodeBatchIndex(batch), encodeBatchIndex({ ...batch, cutAfter: null, inRing: false, entries: [] })],
    fix: sealFront,
    mutate: (value, random) =>
      random.chance(0.5) ? value.subarray(0, random.below(value.length)) : damage(value, random),
    read(value) {
      const decoded = decodeBatchIndex(value);
      if (decoded !== null) assert(encodeBatchIndex(decoded).equals(value), "a batch index that was never written");
    },
  };
}

function recordFormat(): Format {
  const zero = { ...makeRecord(4), kind: "zero", lengthBytes: 4096, payload: Buffer.alloc(0) } as const;
  return {
    name: "journal-record",
    samples: encodeRecords([makeRecord(3), zero]),
    fix: sealFront,
    mutate: (value, random) =>
      random.chance(0.3) ? value.subarray(0, random.below(value.length)) : damage(value, random),
    read(value) {
      const record = decodeRecord(value);
      if (record === null || Number.isNaN(record.hostTimeMs)) return;
      assert(encodeRecords([record])[0]?.equals(value), "a record that was never written");
    },
  };
}

function stateFormat(): Format {
  const ring = {
    id: "0011223344556677",
    lies: "on-volume" as const,
    sizeBytes: 2 ** 20,
    head: 8192,
    preparedThrough: 16_384,
  };
  const states = [
    freshState("g1", { ...ring, lies: "in-files" }),
    { ...freshState("g1", ring), lastBatch: 9, firstBatch: 4, markCount: 2 },
  ];
  return {
    name: "journal-state",
    samples: states.map(seal),
    fix: sealFront,
    mutate: (value, random) => Buffer.from(`    ${mutateJson(value.toString("utf8", 4), random)}`),
    read(value) {
      unseal(value);
      const reading = decodeState(value);
      if (reading.kind !== "state") return;
      const { lastBatch, firstBatch, trimmedThrough, markCount, ring: found } = reading.state;
      const counts = [lastBatch, firstBatch, trimmedThrough, markCount, found.sizeBytes, found.head];
      assert(counts.every((count) => Number.isSafeInteger(count) && count >= 0) && firstBatch <= lastBatch + 1);
    },
  };
}

function volumeHeaderFormat(): Format {
  return {
    name: "ring-header",
    samples: [encodeRingHeader({ id: "0011223344556677", ringBytes: 2 ** 20, group: "g1" })],
    fix: sealFront,
    read(block) {
      const header = decodeRingHeader(block);
      if (header === null || header === "blank") return;
      assert(Number.isSafeInteger(header.ringBytes) && header.ringBytes > 0 && header.ringBytes % 4096 === 0);
      assert(Buffer.byteLength(header.group) <= 2 * 4096);
    },
  };
}

export const formatTargets = (): FuzzTarget[] =>
  [
    superblockFormat(),
    logTailFormat(),
    logRecordFormat(),
    volumeTableFormat(),
    batchFormat(),
    recordFormat(),
    stateFormat(),
    volumeHeaderFormat(),
  ].map(formatTarget);

/**
 * The little that the journal needs of LevelDB, as a port, so that tests can watch and break it: atomic batches, synced
 * when asked for, and reads of a range as it is at the moment of the call.
 */
import { AssertionError } from "node:assert/strict";
import { mkdir, readdir } from "node:fs/promises";
import { dirname } from "node:path";
import { reasonOf, type Failure } from "@waystation/contracts/errors";
import { Level } from "level";
import { journalFailure } from "./errors.js";
import { syncFolder } from "./sync-folder.js";

export type DatabaseOperation =
  | { readonly type: "put"; readonly key: Buffer; readonly value: Buffer }
  | { readonly type: "del"; readonly key: Buffer };
export type DatabaseEntry = readonly [key: Buffer, value: Buffer];

export interface KeyRange {
  /** Inclusive. */
  readonly first: Buffer;
  /** Inclusive. */
  readonly last: Buffer;
  readonly countMax: number;
}

export interface JournalDatabase {
  /** Writes all operations or none. With `sync`, resolves only when they survive power loss. */
  write(operations: Iterable<DatabaseOperation>, options: { readonly sync: boolean }): Promise<void>;
  /** The first entries of a range, in order of keys, as of the call: later writes do not show. */
  readRange(range: KeyRange): Promise<DatabaseEntry[]>;
  close(): Promise<void>;
}

/** It holds the index, no payloads: small buffers and tables are enough, and keep it from growing the process. */
const tuning = {
  /** Bytes of LevelDB's log before it becomes a table file. Up to two of these are held in memory. */
  writeBufferSize: 4 * 2 ** 20,
  maxFileSize: 2 ** 20,
  /** Tables that may be open at once. LevelDB maps them whole: they count as memory of the process. */
  maxOpenFiles: 64,
  cacheSize: 2 ** 20,
};

/** Opens or creates a database. Rejects with the codes of `errors.ts`. */
export async function openLevelDatabase(directory: string): Promise<JournalDatabase> {
  const level = await openLevel(directory).catch((error: unknown) => {
    throw openFailure(directory, error);
  });
  return {
    async write(operations, { sync }) {
      const batch = level.batch();
      for (const operation of operations) {
        if (operation.type === "put") batch.put(operation.key, operation.value);
        else batch.del(operation.key);
      }
      await batch.write({ sync });
    },
    // The iterator sees the database as it is when it is created: in this very call, before anything is awaited.
    readRange: ({ first, last, countMax }) =>
      level.iterator({ gte: first, lte: last, limit: countMax, highWaterMarkBytes: 2 ** 23, fillCache: false }).all(),
    close: () => level.close(),
  };
}

async function openLevel(directory: string): Promise<Level<Buffer, Buffer>> {
  // Before the constructor, which starts to open by itself.
  await prepareDirectory(directory);
  const level = new Level<Buffer, Buffer>(directory, {
    keyEncoding: "buffer",
    valueEncoding: "buffer",
    compression: false,
    ...tuning,
  });
  await level.open();
  return level;
}

/**
 * A directory with LevelDB's files but without its `CURRENT` would be taken for a new database, and what it holds would
 * be forgotten without a word. A new directory is synced into its parent, or power loss could take it as a whole.
 */
async function prepareDirectory(directory: string): Promise<void> {
  const made = await mkdir(directory, { recursive: true });
  const files = await readdir(directory);
  if (!files.includes("CURRENT") && files.some((name) => /\.(ldb|log|sst)$/.test(name))) {
    throw damaged(directory, "its CURRENT file is missing", undefined);
  }
  if (made !== undefined) await syncFolder(dirname(made));
}

function openFailure(directory: string, error: unknown): Failure {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = codeOf(cause);
  if (code.startsWith("JOURNAL_")) return cause as Failure;
  if (code === "LEVEL_LOCKED") {
    const message = `another daemon uses the journal in ${directory}: stop it, or give this node its own data directory`;
    return journalFailure("JOURNAL_LOCKED", message, { cause });
  }
  if (code === "LEVEL_CORRUPTION") return damaged(directory, reasonOf(cause), cause);
  return journalFailure("JOURNAL_FAILED", `cannot open the journal in ${directory}: ${reasonOf(cause)}`, { cause });
}

/** A failure of a read or a write of an open database. A broken assertion is none: it is thrown on. */
export function databaseFailure(place: string, error: unknown): Failure {
  if (error instanceof AssertionError) throw error;
  const code = codeOf(error);
  if (code.startsWith("JOURNAL_")) return error as Failure;
  if (code === "LEVEL_CORRUPTION") return damaged(place, reasonOf(error), error);
  const full = /no space left|ENOSPC/i.test(reasonOf(error));
  const right = full ? "the disk is full: make room" : "mend its medium";
  const message = `the journal in ${place} failed: ${reasonOf(error)}; ${right}, then start this node again`;
  return journalFailure("JOURNAL_FAILED", message, { cause: error });
}

export function damaged(place: string, reason: string, cause?: unknown): Failure {
  const right =
    "check its disk; then set this directory aside and let the node be resynchronised, since acknowledged writes may be missing";
  return journalFailure("JOURNAL_DAMAGED", `the journal in ${place} is damaged: ${reason}; ${right}`, { cause });
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "";
}

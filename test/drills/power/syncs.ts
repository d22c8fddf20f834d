/**
 * Every place in the product that makes something durable, as `syncing` finds them, and what shows that it is needed: a
 * mutant without it, which power cuts must catch, or the reason why another row covers it. The patches are in `mutants/`
 * beside this file, or with those of `npm run mutants`. test/repository/durable-syncs.test.ts fails when the product has
 * a sync that is not here.
 */
import type { PowerCourse } from "./power-drill.js";

/** A line of a source file that makes something durable, or lets others do it. */
export const syncing =
  /(?:fsync|fdatasync)\w*\(|^\s*await \w+\.(?:data)?sync\(\)|O_DSYNC[);]|sync: (?:true|taken)|\{ kind: "sync" }|durable: true/;

export interface DurableSync {
  readonly file: string;
  readonly place: string;
  readonly makesDurable: string;
  readonly shownBy: Shown;
}

type Shown =
  | { readonly mutant: string; readonly course: PowerCourse }
  /** Not by the power alone, or not by itself. */
  | { readonly covered: string };

const anyCourse: PowerCourse = { emphasis: "none" };
const firstStart: PowerCourse = { emphasis: "first start" };
const muchLoad: PowerCourse = { emphasis: "load" };
const onVolume: PowerCourse = { journals: "relay on a volume", emphasis: "none" };
const onLevel: PowerCourse = { journals: "LevelDB", emphasis: "none" };

function caught(mutant: string, course: PowerCourse): Shown {
  return { mutant, course };
}

const rows: readonly (readonly [file: string, place: string, makesDurable: string, shownBy: Shown])[] = [
  // Disks
  [
    "packages/raid/src/io/file-disk.ts",
    "openFile, O_DSYNC",
    "a durable write",
    caught("file-disk-write-not-synced", anyCourse),
  ],
  [
    "packages/raid/src/io/file-disk.ts",
    "createGroupedSync",
    "what was written plainly",
    caught("file-disk-sync-not-done", muchLoad),
  ],
  [
    "packages/raid/src/io/file-disk.ts",
    "syncNames",
    "the names of a new disk",
    caught("file-disk-name-not-synced", firstStart),
  ],
  [
    "packages/raid/src/io/file-disk.ts",
    "createFile, fsync",
    "the size of a new disk",
    { covered: "prepareDisk syncs the same file before anything counts on it: array-preparation-not-synced" },
  ],
  // Arrays
  [
    "packages/raid/src/io/create-array.ts",
    "prepareDisk",
    "an empty log, with its tail",
    caught("array-preparation-not-synced", firstStart),
  ],
  [
    "packages/raid/src/io/create-array.ts",
    "writeSuperblocks",
    "that it is an array",
    caught("new-superblock-not-synced", firstStart),
  ],
  [
    "packages/raid/src/io/members.ts",
    "writeGenerations",
    "who is present, before anybody counts on it",
    {
      covered:
        "when an array opens, recoverLog syncs all disks soon after; disks fail in npm run mutants: superblock-not-synced",
    },
  ],
  [
    "packages/raid/src/io/members.ts",
    "makeEven",
    "that a disk which a crash left behind is not",
    { covered: "two cuts in the same few writes are rare; open-crash.test.ts makes all pairs of them" },
  ],
  [
    "packages/raid/src/io/members.ts",
    "enlist",
    "that a disk is a spare of this array",
    { covered: "nothing is stored on a spare: without its superblock it is an empty place, and made a spare again" },
  ],
  [
    "packages/raid/src/io/spares.ts",
    "takeDisk",
    "a clear metadata area, before a superblock calls the disk ours",
    { covered: "power cuts alone take no disk: rebuild-crash.test.ts cuts at every I/O of taking one" },
  ],
  [
    "packages/raid/src/io/spares.ts",
    "prepareForSlot",
    "an empty log on a disk that is to carry it",
    { covered: "power cuts alone take no disk: rebuild-crash.test.ts cuts at every I/O of taking one" },
  ],
  [
    "packages/raid/src/io/rebuilder.ts",
    "flushBehind",
    "nothing that anybody counts on: it makes the next sync short",
    { covered: "makeDurable syncs before the cursor moves" },
  ],
  [
    "packages/raid/src/io/rebuilder.ts",
    "makeDurable",
    "what lies below the cursor of a rebuild, and its checksums",
    { covered: "power cuts alone take no disk; npm run mutants: rebuild-cursor-before-its-disk-is-synced" },
  ],
  [
    "packages/raid/src/io/doubt-settler.ts",
    "repairRange",
    "blocks that were put right from redundancy",
    { covered: "a cut brings back the read error, which is put right again" },
  ],
  [
    "packages/raid/src/io/stripe-log.ts",
    "append",
    "a write, before its stripe",
    caught("stripe-log-record-not-synced", anyCourse),
  ],
  [
    "packages/raid/src/io/stripe-log.ts",
    "runCheckpoint",
    "what the log forgets",
    caught("stripe-log-tail-before-disks-synced", muchLoad),
  ],
  [
    "packages/raid/src/io/stripe-log.ts",
    "moveTail",
    "where the log begins",
    caught("stripe-log-tail-not-synced", muchLoad),
  ],
  [
    "packages/raid/src/io/recovery.ts",
    "recoverLog",
    "what was replayed",
    caught("stripe-log-replay-not-synced", anyCourse),
  ],
  [
    "packages/raid/src/io/recovery.ts",
    "startSession, tail",
    "the new session",
    caught("stripe-log-session-not-synced", anyCourse),
  ],
  [
    "packages/raid/src/io/recovery.ts",
    "startSession, record",
    "the list of blocks that a double fault lost",
    { covered: "power cuts alone lose no disk; npm run mutants: lost-blocks-not-synced" },
  ],
  [
    "packages/raid/src/io/committer.ts",
    "sync",
    "what hosts flush, where it went past the log without a sync",
    { covered: "volumes of groups are written durably; npm run mutants: flush-does-not-sync" },
  ],
  [
    "packages/raid/src/io/stage-in-place.ts",
    "stageInPlace, data",
    "a whole stripe that the log does not hold",
    caught("whole-stripe-write-not-synced", anyCourse),
  ],
  [
    "packages/raid/src/io/stage-in-place.ts",
    "stageInPlace, parity",
    "its parity",
    {
      covered:
        "with all disks there recovery forms it anew; without one: npm run mutants, whole-stripe-parity-not-synced",
    },
  ],
  // Journals
  [
    "packages/journal/src/segment-files.ts",
    "createFileCache",
    "a group in a segment, and the header",
    caught("segment-write-not-synced", onLevel),
  ],
  [
    "packages/journal/src/segment-files.ts",
    "makeSegment",
    "the name of a segment",
    caught("segment-name-not-synced", onLevel),
  ],
  [
    "packages/journal/src/segment-files.ts",
    "openSegmentFiles",
    "the name of the folder of segments",
    { covered: "the first segment's name is synced by its own folder, which is new: a file system commits both" },
  ],
  [
    "packages/journal/src/level-recovery.ts",
    "createState",
    "which ring it has",
    caught("journal-state-not-synced", { ...onVolume, ...firstStart }),
  ],
  [
    "packages/journal/src/sync-folder.ts",
    "prepareDirectory",
    "the name of its folder",
    { covered: "the daemon has made the folder durably before: folder-name-not-synced" },
  ],
  ["packages/journal/src/ring-writer.ts", "append", "a group in the ring", caught("ring-commit-not-awaited", onVolume)],
  [
    "packages/journal/src/ring-recovery.ts",
    "createVolume",
    "the ring's header",
    caught("ring-header-not-awaited", { ...onVolume, ...firstStart }),
  ],
  [
    "packages/journal/src/ring-writer.ts",
    "checkpoint",
    "the index of groups that may be written over",
    caught("ring-checkpoint-not-synced", { ...onVolume, ...muchLoad }),
  ],
  [
    "packages/journal/src/ring-recovery.ts",
    "takeGroups",
    "the index of groups found in the ring",
    { covered: "they stay in the ring until a checkpoint, later in the same log of LevelDB, is synced" },
  ],
  // Daemons
  [
    "packages/daemon/src/durable-file.ts",
    "writeFileDurably, datasync",
    "the content of a small file",
    caught("durable-file-content-not-synced", firstStart),
  ],
  [
    "packages/daemon/src/durable-file.ts",
    "writeFileDurably, folder",
    "that an array or a journal existed once",
    caught("durable-file-name-not-synced", firstStart),
  ],
  [
    "packages/daemon/src/durable-file.ts",
    "makeFolderDurably",
    "the name of a folder",
    caught("folder-name-not-synced", firstStart),
  ],
];

export const durableSyncs: readonly DurableSync[] = rows.map(([file, place, makesDurable, shownBy]) => ({
  file,
  place,
  makesDurable,
  shownBy,
}));

/**
 * Runs inside a daemon, before anything of it is loaded, and watches its calls to `node:fs`. (LevelDB's own files are not
 * seen.) Two things come of it:
 *
 * - Names that were made or renamed but whose folder was not synced since are told to the drill, which takes some of them
 *   away with the power. Linux file systems keep more than they promise here: fsync(2) of a new file does "not necessarily
 *   ensure that the entry in the directory containing the file has also reached disk", and yet on all of them it does.
 * - The daemon can be made to die right after its n-th step, be it a name or a sync: power cuts by the clock rarely fall
 *   between two steps of a creation.
 *
 * The journal of names: a line `made PATH`, `moved FROM\tTO`, or `synced FOLDER`. A name is written down before it is made
 * and a sync after it was done, so that no name is ever missed.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { dirname } from "node:path";

export interface WatchedFiles {
  /** Names in this folder and below it are watched. */
  readonly root: string;
  /** Where the journal of names goes: not on the storage whose power is cut. */
  readonly namesFile: string;
  /** When it dies; null: never. */
  readonly death: Death | null;
}

export type Death =
  /** After so many steps, counted once so many names were moved: what is moved into place says that something is there. */
  | { readonly steps: number; readonly afterMoves: number }
  /** When it is about to sync one open file for the n-th time: all that it has written there since is at stake. */
  | { readonly syncsOfOneFile: number };

type Path = string;
type Done = (error: Error | null, ...rest: unknown[]) => void;

export function watchFiles({ root, namesFile, death }: WatchedFiles): void {
  const original = { ...fs };
  const promises = { ...fs.promises };
  const journal = original.openSync(namesFile, "a");
  const folders = new Map<number, Path>();
  const syncs = new Map<number, number>();
  let [steps, moves] = [0, 0];

  const isWatched = (path: unknown): path is Path => typeof path === "string" && `${path}/`.startsWith(`${root}/`);
  const isThere = (path: Path): boolean => original.statSync(path, { throwIfNoEntry: false }) !== undefined;
  const isFolder = (path: Path): boolean => original.statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const step = (): void => {
    if (death === null || !("steps" in death) || moves < death.afterMoves) return;
    steps += 1;
    if (steps === death.steps) die();
  };
  // Unlike an exit, this leaves nothing to be done on the way out.
  const die = (): void => void process.kill(process.pid, "SIGKILL");
  const noteSyncAhead = (fd: number): void => {
    const count = (syncs.get(fd) ?? 0) + 1;
    syncs.set(fd, count);
    if (death !== null && "syncsOfOneFile" in death && count >= death.syncsOfOneFile) die();
  };
  const write = (line: string): void => void original.writeSync(journal, `${line}\n`);
  const noteSynced = (folder: Path | undefined): void => {
    if (folder !== undefined) write(`synced ${folder}`);
    step();
  };
  const noteMissing = (path: Path): void => {
    const missing: Path[] = [];
    for (let at = path; isWatched(at) && !isThere(at); at = dirname(at)) missing.unshift(at);
    for (const name of missing) write(`made ${name}`);
  };
  /** Calls back after the step, so that nothing of the daemon comes between. */
  const stepping = (call: (...args: unknown[]) => void) => {
    return (...args: unknown[]): void => {
      const done = args.at(-1) as Done;
      call(...args.slice(0, -1), (error: Error | null, ...rest: unknown[]) => {
        step();
        done(error, ...rest);
      });
    };
  };

  Object.assign(fs, {
    mkdirSync(path: Path, options: fs.MakeDirectoryOptions) {
      if (isWatched(path)) noteMissing(path);
      const made = original.mkdirSync(path, options);
      step();
      return made;
    },
    openSync(path: Path, flags: fs.OpenMode, mode?: fs.Mode) {
      const mayMake = typeof flags === "string" && /^[wa]/.test(flags);
      if (mayMake && isWatched(path)) noteMissing(path);
      const fd = original.openSync(path, flags, mode);
      if (isWatched(path) && isFolder(path)) folders.set(fd, path);
      if (mayMake) step();
      return fd;
    },
    closeSync(fd: number) {
      folders.delete(fd);
      syncs.delete(fd);
      original.closeSync(fd);
    },
    fsyncSync(fd: number) {
      original.fsyncSync(fd);
      noteSynced(folders.get(fd));
    },
    fdatasync(fd: number, done: fs.NoParamCallback) {
      noteSyncAhead(fd);
      stepping(original.fdatasync as (...args: unknown[]) => void)(fd, done);
    },
    writev: stepping(original.writev as (...args: unknown[]) => void),
  });
  Object.assign(fs.promises, {
    async mkdir(path: Path, options: fs.MakeDirectoryOptions) {
      if (isWatched(path)) noteMissing(path);
      const made = await promises.mkdir(path, options);
      step();
      return made;
    },
    async open(path: Path, flags?: string, mode?: fs.Mode) {
      if (isWatched(path) && /^[wa]/.test(flags ?? "r")) noteMissing(path);
      const handle = await promises.open(path, flags, mode);
      return isWatched(path) ? watchHandle(handle, isFolder(path) ? path : undefined) : handle;
    },
    async rename(from: Path, to: Path) {
      if (isWatched(to)) write(`moved ${from}\t${to}`);
      await promises.rename(from, to);
      moves += 1;
      step();
    },
  });
  syncBuiltinESMExports();

  const watchHandle = (handle: fs.promises.FileHandle, folder: Path | undefined): fs.promises.FileHandle => {
    const [sync, datasync] = [handle.sync.bind(handle), handle.datasync.bind(handle)];
    return Object.assign(handle, {
      sync: async () => {
        await sync();
        noteSynced(folder);
      },
      datasync: async () => {
        await datasync();
        noteSynced(undefined);
      },
    });
  };
}

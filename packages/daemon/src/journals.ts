/**
 * The journals of a node's groups, with the adapter that the node has chosen. Their databases are opened first, before any
 * array is touched: their locks keep a second daemon off the data directory. What lies on journal volumes follows once the
 * arrays are open. Closing goes the other way, so that no lock is given back while an array is still open.
 *
 *     journals/GROUP              records and marks, or the index of those on a volume
 *     journals/GROUP.pre-images   what a copy run overwrites (PROTOCOL 9), in files always; small while there is no run
 */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { DurableBlockStore } from "@waystation/contracts/block-device";
import type { Failure } from "@waystation/contracts/errors";
import type { GroupName, NodeName } from "@waystation/contracts/ids";
import type { Journal } from "@waystation/contracts/journal";
import type { Cluster, GroupConfig } from "@waystation/config/cluster";
import { placesOf } from "@waystation/config/journal-volumes";
import { groupsOf, nodeOf } from "@waystation/config/load";
import type { JournalDatabase } from "@waystation/journal/level-database";
import { openLevelJournal } from "@waystation/journal/level-journal";
import { openJournalIndex } from "@waystation/journal/ring-journal";
import { openVolumeJournal } from "@waystation/journal/volume-journal";
import { makeFolderDurably, readFileIfThere, writeFileDurably } from "./durable-file.js";
import { daemonFailure } from "./errors.js";
import { journalCapacityOf } from "./memberships.js";

/** What is opened before the arrays: whole journals, and the indexes of those that lie on volumes. */
export interface JournalFiles {
  readonly journals: ReadonlyMap<GroupName, Journal>;
  readonly indexes: ReadonlyMap<GroupName, VolumeIndex>;
  /** Of the groups that this node keeps volumes of: any of them may become a secondary. */
  readonly preImages: ReadonlyMap<GroupName, Journal>;
  close(): Promise<void>;
}

interface VolumeIndex {
  readonly directory: string;
  readonly database: JournalDatabase;
}

export interface JournalFilesOptions {
  readonly cluster: Cluster;
  readonly node: NodeName;
  readonly directory: string;
}

export async function openJournalFiles({ cluster, node, directory }: JournalFilesOptions): Promise<JournalFiles> {
  const isOnVolume = nodeOf(cluster, node).journalArray !== null;
  const journals = new Map<GroupName, Journal>();
  const indexes = new Map<GroupName, VolumeIndex>();
  const preImages = new Map<GroupName, Journal>();
  const close = async (): Promise<void> => {
    for (const journal of [...journals.values(), ...preImages.values()]) await journal.close();
    for (const { database } of indexes.values()) await database.close();
  };
  try {
    for (const group of groupsOf(cluster, node)) {
      const { name } = group;
      const path = join(directory, "journals", name);
      const marker = join(directory, `journal-${name}.json`);
      await makeFolderDurably(path);
      const existed = (await readFileIfThere(marker)) !== null;
      if (existed && (await readdir(path)).length === 0) throw journalGone(name, path);
      if (isOnVolume) {
        indexes.set(name, { directory: path, database: await openJournalIndex(path) });
      } else {
        const capacityBytes = journalCapacityOf(cluster, name, node);
        journals.set(name, await openLevelJournal({ group: name, directory: path, capacityBytes }));
      }
      if (!existed) await writeFileDurably(marker, `${JSON.stringify({ format: 1, group: name })}\n`);
      if (keepsVolumeOf(cluster, name, node)) preImages.set(name, await openPreImages(`${path}.pre-images`, group));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { journals, indexes, preImages, close };
}

/** One that was lost is begun anew: a secondary that needed it finds out, and says that it has no image to go back to. */
async function openPreImages(directory: string, group: GroupConfig): Promise<Journal> {
  await makeFolderDurably(directory);
  return openLevelJournal({
    group: group.name,
    directory,
    capacityBytes: group.preImageJournalBytes,
    preparesWhenOpened: false,
  });
}

function keepsVolumeOf(cluster: Cluster, group: GroupName, node: NodeName): boolean {
  return cluster.volumes.some(
    (volume) => volume.group === group && placesOf(volume).some((place) => place.node === node),
  );
}

/** A journal that is created again would forget what this node acknowledged and promised, and the others count on. */
function journalGone(group: GroupName, path: string): Failure {
  return daemonFailure(
    "JOURNAL_GONE",
    `the journal of ${group} was created here, but ${path} is empty: is its disk mounted? Put it back; if it is lost for good, go on without this node (wayctl group takeover ${group})`,
  );
}

/** The journals that lie on volumes. Each is to be closed before its store and its index. */
export async function openVolumeJournals(
  { indexes }: JournalFiles,
  stores: ReadonlyMap<GroupName, DurableBlockStore>,
): Promise<Map<GroupName, Journal>> {
  const journals = new Map<GroupName, Journal>();
  try {
    for (const [group, { directory, database }] of indexes) {
      const store = stores.get(group);
      assert(store !== undefined, `no journal volume for ${group}`);
      // Its lock outlives the journal.
      const lent: JournalDatabase = { ...database, close: () => Promise.resolve() };
      journals.set(group, await openVolumeJournal({ database: lent, store }, { group, place: directory }));
    }
  } catch (error) {
    for (const journal of journals.values()) await journal.close();
    throw error;
  }
  return journals;
}

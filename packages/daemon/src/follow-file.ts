/**
 * What a running daemon opens when the cluster file was read again, in the order of dependence: volumes, journals of groups
 * that are new here, peers; then the node is told, and at last hosts get what no group has.
 *
 * Dying in between leaves volumes and journals that the next start opens, and the members that a new group has at first.
 */
import type { GroupName, NodeName } from "@waystation/contracts/ids";
import type { Journal } from "@waystation/contracts/journal";
import type { Cluster } from "@waystation/config/cluster";
import { groupsOf } from "@waystation/config/load";
import type { Node } from "@waystation/node/node";
import { firstMemberships } from "./first-memberships.js";
import { openJournalFiles, openVolumeJournals } from "./journals.js";
import { extendDirectory, membershipsOf, type GrowingDirectory } from "./memberships.js";
import type { Storage } from "./storage/open-storage.js";

export interface RunningParts {
  readonly name: NodeName;
  /** Its data directory. */
  readonly directory: string;
  readonly storage: Storage;
  readonly node: Node;
  readonly links: GrowingDirectory;
  readonly journals: Map<GroupName, Journal>;
  readonly preImages: Map<GroupName, Journal>;
  /** Closed after the node and before the storage, the last first. */
  readonly closers: (() => Promise<void>)[];
}

export async function followFile(parts: RunningParts, next: Cluster): Promise<void> {
  const { name, storage, node, links } = parts;
  await storage.follow(next);
  await openNewJournals(parts, next);
  const memberships = membershipsOf(next, name);
  await firstMemberships(parts.directory, memberships);
  extendDirectory(links, next, memberships);
  await storage.groupVolumes.hideJoined(next);
  node.configure(memberships);
  storage.groupVolumes.showSingles(next, (volume) => node.isReplicated(volume));
}

async function openNewJournals(parts: RunningParts, next: Cluster): Promise<void> {
  const { name, directory, storage, journals, preImages, closers } = parts;
  const groups = groupsOf(next, name).filter((group) => !journals.has(group.name));
  const files = await openJournalFiles({ cluster: { ...next, groups }, node: name, directory });
  try {
    const onVolumes = await openVolumeJournals(files, storage.groupVolumes.journalStores);
    closers.push(() => files.close());
    for (const journal of onVolumes.values()) closers.push(() => journal.close());
    for (const [group, journal] of [...files.journals, ...onVolumes]) journals.set(group, journal);
    for (const [group, journal] of files.preImages) preImages.set(group, journal);
  } catch (error) {
    await files.close();
    throw error;
  }
}

/** What the groups of a file say: members that can be replicated, a relay, and times that make sense together. */
import type { GroupName, NodeName, VolumeName } from "@waystation/contracts/ids";
import type { GroupConfig, NodeConfig } from "./cluster.js";
import { suggestName, type Path } from "./problems.js";
import { formatSize, readShare } from "./quantities.js";
import { checkName, checkUnique, listed, quote, readDuration, readSize, type Note } from "./readers.js";
import { defaults, type ClusterFile } from "./schema.js";
import type { FileVolumes } from "./volume-semantics.js";

const leaseMsMin = 100;
/** Less would hold a few large writes only, and stall at once. */
const journalBytesMin = 64 * 2 ** 20;
/** Regions are marked by units of the write intent, which a region must hold whole. */
const regionBytesMin = 64 * 2 ** 10;
const regionBytesMax = 64 * 2 ** 20;

export function buildGroups(
  note: Note,
  file: ClusterFile,
  nodes: readonly NodeConfig[],
  volumes: FileVolumes,
): GroupConfig[] {
  checkUnique(
    note,
    file.groups.map((group, index) => ({ key: group.name, path: ["groups", index, "name"] })),
  );
  checkGroupVolumes(note, file, volumes);
  return file.groups.map((group, index) => {
    const path = ["groups", index];
    checkName(note, [...path, "name"], group.name);
    checkRelay(note, [...path, "relay"], group.relay, nodes);
    const holdMs = readDuration(note, [...path, "hold"], group.hold ?? defaults.hold);
    const leaseMs = readDuration(note, [...path, "lease"], group.lease ?? defaults.lease);
    if (holdMs === 0) note([...path, "hold"], "host writes must be held for some time; expected more than 0s");
    if (leaseMs !== null && leaseMs < leaseMsMin)
      note([...path, "lease"], `${leaseMs}ms is too short; expected at least 100ms`);
    if (leaseMs !== null && holdMs !== null && holdMs > 0 && leaseMs >= holdMs) {
      note([...path, "lease"], `a lease of ${leaseMs}ms must be shorter than hold (${holdMs}ms)`);
    }
    const capacity = (key: "capacity" | "secondaryCapacity" | "preImages"): number => {
      const at = [...path, "journal", key];
      const bytes = readSize(note, at, group.journal?.[key] ?? defaults.journalCapacity);
      if (bytes !== null && bytes < journalBytesMin)
        note(at, `${formatSize(bytes)} is too little; expected at least 64MiB`);
      return bytes ?? journalBytesMin;
    };
    return {
      name: group.name as GroupName,
      relay: group.relay as NodeName,
      volumes: group.volumes as VolumeName[],
      fence: group.fence ?? defaults.fence,
      holdMs: holdMs ?? 0,
      leaseMs: leaseMs ?? 0,
      relayJournalBytes: capacity("capacity"),
      secondaryJournalBytes: capacity("secondaryCapacity"),
      preImageJournalBytes: capacity("preImages"),
      regionBytes: readRegionSize(note, [...path, "regionSize"], group.regionSize ?? defaults.regionSize),
      journalFull: readJournalFull(note, [...path, "journalFull"], group.journalFull ?? {}, holdMs ?? 0),
      autoResync: (group.resync ?? defaults.resync) === "auto",
    };
  });
}

function readRegionSize(note: Note, path: Path, text: string | number): number {
  const bytes = readSize(note, path, text);
  if (bytes === null) return regionBytesMin;
  if (bytes >= regionBytesMin && bytes <= regionBytesMax && Number.isInteger(Math.log2(bytes))) return bytes;
  const nearest = Math.min(Math.max(2 ** Math.round(Math.log2(Math.max(bytes, 1))), regionBytesMin), regionBytesMax);
  const right = `expected a power of two from 64KiB to 64MiB, such as ${formatSize(nearest)}`;
  note(path, `${formatSize(bytes)} is not a region size; ${right}`);
  return regionBytesMin;
}

function readJournalFull(
  note: Note,
  path: Path,
  { warn, hold }: NonNullable<ClusterFile["groups"][number]["journalFull"]>,
  groupHoldMs: number,
): GroupConfig["journalFull"] {
  const warnText = warn ?? defaults.journalFullWarn;
  const warnShare = readShare(warnText);
  if (warnShare === null)
    note([...path, "warn"], `${quote(warnText)} is not a share; expected 1% to 99%, such as "80%"`);
  const holdMs = hold === undefined ? Math.floor(groupHoldMs / 2) : readDuration(note, [...path, "hold"], hold);
  // Otherwise hosts would see errors before the group could be suspended for their sake.
  if (hold !== undefined && holdMs !== null && groupHoldMs > 0 && holdMs >= groupHoldMs) {
    note(
      [...path, "hold"],
      `${holdMs}ms must be shorter than the group's hold (${groupHoldMs}ms); leave it out for half of that`,
    );
  }
  return { warnShare: warnShare ?? 1, holdMs: holdMs ?? 0 };
}

function checkRelay(note: Note, path: Path, name: string, nodes: readonly NodeConfig[]): void {
  const relays = nodes.filter((node) => node.role === "intermediate").map((node) => node.name);
  const relay = nodes.find((node) => node.name === name);
  if (relay === undefined) note(path, `unknown node ${quote(name)}; ${suggestName(name, relays)}`);
  else if (relay.role !== "intermediate") {
    note(path, `${name} has role ${relay.role}; expected a node of role intermediate (${listed(relays)})`);
  }
}

function checkGroupVolumes(note: Note, file: ClusterFile, { volumes, standaloneVolumes }: FileVolumes): void {
  const takenBy = new Map<string, string>();
  const names = file.volumes.map((volume) => volume.name);
  // A misspelt name leaves a volume over, which was told already.
  const misspelt = file.groups.some((group) => !group.volumes.every((name) => names.includes(name)));
  file.groups.forEach((group, groupIndex) => {
    group.volumes.forEach((name, index) => {
      const path = ["groups", groupIndex, "volumes", index];
      const taken = takenBy.get(name);
      if (!names.includes(name)) note(path, `unknown volume ${quote(name)}; ${suggestName(name, names)}`);
      else if (taken !== undefined)
        note(path, `volume ${name} is already in group ${taken}; a volume is in one group, once`);
      else if (standaloneVolumes.some((volume) => volume.name === name)) {
        note(path, `volume ${name} has node and array; give it primary and secondary, or take it out of the group`);
      } else if (volumes.some((volume) => volume.name === name && volume.secondaries.length === 0)) {
        note(path, `volume ${name} has no secondary; give it one, or take it out of the group`);
      }
      takenBy.set(name, taken ?? group.name);
    });
  });
  if (misspelt) return;
  file.volumes.forEach(({ name, node, array }, index) => {
    // With a place of the other kind, or none, that was told already.
    const whole =
      node === undefined && array === undefined ? volumes.find((volume) => volume.name === name) : undefined;
    if (takenBy.has(name) || whole === undefined || whole.secondaries.length > 0) return;
    note(
      ["volumes", index],
      `volume ${name} has a primary only; give it a secondary, or node and array instead of primary`,
    );
  });
}

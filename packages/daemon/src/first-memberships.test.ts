import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "@waystation/contracts/clock";
import type { GroupName, NodeName, Sequence, VolumeName } from "@waystation/contracts/ids";
import { createMemoryJournal } from "@waystation/journal/memory-journal";
import { termMark } from "@waystation/replication/marks";
import type { Membership } from "@waystation/replication/membership";
import { firstMemberships, presentMemberships } from "./first-memberships.js";

const node = "primary-a" as NodeName;
const volume = (name: string) => ({
  name: name as VolumeName,
  sizeBytes: 4096,
  primary: node,
  secondaries: ["secondary-a" as NodeName],
});
const g1: Membership = {
  group: "g1" as GroupName,
  relay: "relay-1" as NodeName,
  volumes: [volume("vol-a")],
  fence: "data",
  holdMs: 10_000,
  leaseMs: 3000,
  regionBytes: 2 ** 20,
  journalFull: { warnShare: 0.8, holdMs: 5000 },
  autoResync: true,
};
const edited: Membership = {
  ...g1,
  fence: "never",
  relay: "relay-2" as NodeName,
  volumes: [volume("vol-a"), volume("vol-b")],
};

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "waystation-members-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe("the members that a group had at first", () => {
  it("B3: stay its first term however the file is edited; limits and policies are the file's", async () => {
    expect(await firstMemberships(directory, [g1])).toEqual([g1]);
    expect(await firstMemberships(directory, [edited])).toEqual([{ ...g1, fence: "never" }]);
  });

  it("are refused when somebody has changed them", async () => {
    await writeFile(join(directory, "membership-g1.json"), '{"format":1,"relay":');
    await expect(firstMemberships(directory, [g1])).rejects.toMatchObject({ code: "DATA_DIRECTORY_DAMAGED" });
    await writeFile(join(directory, "membership-g1.json"), '{"format":2}');
    await expect(firstMemberships(directory, [g1])).rejects.toMatchObject({ code: "DATA_DIRECTORY_DAMAGED" });
  });

  it("B3: give way to a later term; a volume of it that the file does not name here is refused", async () => {
    const journal = await createMemoryJournal({ group: g1.group, clock: systemClock }).open();
    const journals = new Map([[g1.group, journal]]);
    const present = (names: string[]) =>
      presentMemberships({ node, first: [g1], journals, hasStore: (name) => names.includes(name) });
    expect(present(["vol-a"])).toEqual([g1]);
    const epoch = { number: 2, takeoverId: "t" };
    const term = { epoch, cause: "members" as const, relay: g1.relay, base: 0 as Sequence, atBase: [], tail: false };
    await journal.commit({ marks: new Map([["term", termMark({ ...term, volumes: edited.volumes })]]) });
    expect(present(["vol-a", "vol-b"])).toEqual([{ ...g1, volumes: edited.volumes }]);
    expect(() => present(["vol-a"])).toThrow(/group g1 still has volume vol-b on primary-a.*wayctl group members g1/);
  });
});

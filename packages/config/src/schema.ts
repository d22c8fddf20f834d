/**
 * The shape of `cluster.yaml`, and its only documentation: docs/cluster-yaml.md is rendered from the descriptions
 * here. What a shape cannot say (names that must exist, sizes that must fit) is checked in `semantics.ts`.
 * Every schema carries `expected`: what a right value looks like, for messages of refusal.
 */
import { Type, type Static } from "typebox";
import { nameRule } from "@waystation/contracts/ids";

/** Values that stand in for keys that were left out. Texts in the form that a person would write. */
export const defaults = {
  stripeUnit: "64KiB",
  fence: "data",
  hold: "10s",
  lease: "3s",
  journalCapacity: "8GiB",
  regionSize: "1MiB",
  journalFullWarn: "80%",
  resync: "auto",
  journalAdapter: "leveldb",
  checksums: true,
  scrubEvery: "30d",
} as const;

const sizeRule = 'a size such as "1GiB", "64KiB" or a number of bytes';
const durationRule = 'a duration such as "500ms", "10s" or "2m"';
const addressRule = '"host:port", such as "127.0.0.1:7401" or "[::1]:7401"';

function text(expected: string, description: string, extra: { readonly default?: string } = {}) {
  return Type.String({ expected, description, ...extra });
}

function name(of: string, description: string) {
  return text(`the name of ${of} (${nameRule})`, description);
}

function size(description: string, extra: { readonly default?: string } = {}) {
  return Type.Union([Type.String(), Type.Integer({ minimum: 0 })], { expected: sizeRule, description, ...extra });
}

function duration(description: string, extra: { readonly default?: string } = {}) {
  return text(durationRule, description, extra);
}

function choice(values: readonly string[], description: string, extra: { readonly default?: string } = {}) {
  return { expected: `one of ${values.join(", ")}`, description, ...extra };
}

/** Roles that a node can start in. A group's present roles are durable state of its nodes, changed by takeover. */
export const nodeRoles = ["primary", "intermediate", "secondary"] as const;
/** Known levels; those that `semantics.ts` does not list as available are refused with that reason. */
export const raidLevels = ["raid0", "raid1", "raid10", "raid4", "raid5", "raid6"] as const;
export const fenceLevels = ["data", "status", "never"] as const;
export const resyncModes = ["auto", "manual"] as const;
export const journalAdapters = ["leveldb", "volume"] as const;

const closed = { additionalProperties: false } as const;

function endpoint(of: string, description: string) {
  return Type.Union(
    [
      Type.String(),
      Type.Object(
        {
          listen: text(addressRule, `Where this node listens for ${of}. Host \`0.0.0.0\` means all interfaces.`),
          connect: text(
            addressRule,
            `Where the others reach it, when that differs (a service name, an address behind NAT).`,
          ),
        },
        closed,
      ),
    ],
    { expected: `${addressRule}, or { listen, connect } when they differ`, description },
  );
}

const siteSchema = Type.Object(
  {
    description: Type.Optional(text("a text", "For people: where the site is.")),
  },
  {
    ...closed,
    expected: "a mapping, which may be empty: {}",
    description: "One site: a place that one disaster takes as a whole.",
  },
);

const nodeJournalSchema = Type.Object(
  {
    adapter: Type.Enum(
      journalAdapters,
      choice(
        journalAdapters,
        "`leveldb`: index in LevelDB and records in segment files, all below the data directory. `volume`: records on a " +
          "journal volume of the node's own `array`, one per group, named `journal-GROUP`; the index stays below the data " +
          "directory. A journal that exists keeps the adapter that it was made with.",
      ),
    ),
    array: Type.Optional(
      name("an array", "The array of this node that holds the journal volumes. For adapter `volume`, and only for it."),
    ),
  },
  { ...closed, expected: "{ adapter, array }", description: "Where the node keeps its journals." },
);

const nodeSchema = Type.Object(
  {
    site: name("a site", "The site where the node stands."),
    role: Type.Enum(
      nodeRoles,
      choice(
        nodeRoles,
        "What the node starts as. `primary` nodes hold primary volumes, `intermediate` nodes relay and keep the journal, " +
          "`secondary` nodes hold the copies. Takeover changes roles later, durably, without a change here.",
      ),
    ),
    grpc: endpoint("gRPC", "Address of the gRPC services (replication, control, block)."),
    nbd: Type.Optional(
      endpoint("NBD", "Address of the NBD server. Without it the node has none. Not for intermediate nodes."),
    ),
    journal: Type.Optional(nodeJournalSchema),
  },
  {
    ...closed,
    expected: "a mapping with site, role, grpc and, for nodes with volumes, nbd",
    description: "One daemon.",
  },
);

const arraySchema = Type.Object(
  {
    node: name("a node", "The node that owns the array. An intermediate node has one for its journals only."),
    name: name("the array", "Name of the array, unique within its node."),
    level: Type.Enum(
      raidLevels,
      choice(
        raidLevels,
        "How disks are combined: `raid0` (1 to 32 disks), `raid1` (2 to 32), `raid10` (4 to 32, an even number), `raid4` " +
          "(3 to 32), `raid5` (3 to 32) and `raid6` (4 to 32).",
      ),
    ),
    disks: Type.Union([Type.Integer({ minimum: 1 }), Type.Array(Type.String(), { minItems: 1 })], {
      expected: "a number of disks, or a list of absolute paths",
      description:
        "A number of disks, kept in directories `<data>/<node>/arrays/<array>/disk-0` and so on; or a list of absolute " +
        "paths, one per disk, each a directory, an existing file or a block device.",
    }),
    spares: Type.Optional(
      Type.Union([Type.Integer({ minimum: 0 }), Type.Array(Type.String())], {
        expected: "a number of disks, or a list of absolute paths",
        description:
          "Disks that wait to take the place of one that fails, by themselves. A number: kept in directories " +
          "`<data>/<node>/arrays/<array>/spare-0` and so on; or a list of absolute paths, as for `disks`. None when left out.",
      }),
    ),
    stripeUnit: Type.Optional(
      size("Bytes of one disk before the next is used: a power of two from 4KiB to 1MiB.", {
        default: defaults.stripeUnit,
      }),
    ),
    diskSize: Type.Optional(
      size(
        "Size of each disk (sparse, so that only what is written takes space). When left out: enough for the array's " +
          "volumes and journal volumes, and 256 MiB per disk more.",
      ),
    ),
    checksums: Type.Optional(
      Type.Boolean({
        expected: "true or false",
        description:
          "Whether a checksum is kept for each 4 KiB block, apart from it, so that a disk that returns wrong data is found " +
          "out, and put right where there is redundancy. True when left out. Decided when the array is made.",
      }),
    ),
    scrub: Type.Optional(
      Type.Object(
        {
          every: Type.Optional(
            text(
              'a period such as "12h" or "30d", or "never"',
              "How often all of the array is read, and put right where it is wrong. From 1m to 366d. Counted from the end of the last " +
                "scrub; `wayctl array scrub` starts one at once.",
              { default: defaults.scrubEvery },
            ),
          ),
        },
        { ...closed, expected: "{ every }", description: "Scrubs that the node starts by itself." },
      ),
    ),
  },
  { ...closed, expected: "a mapping with node, name, level and disks", description: "One array of disks." },
);

const placeSchema = (description: string) =>
  Type.Object(
    {
      node: name("a node", "The node."),
      array: name("an array", "The array of that node that holds the volume."),
    },
    { ...closed, expected: "{ node, array }", description },
  );

const volumeSchema = Type.Object(
  {
    name: name("the volume", "Name of the volume and of its NBD export, at all its places; unique in the cluster."),
    size: size("Size of the volume; a multiple of 4 KiB."),
    primary: Type.Optional(
      placeSchema(
        "Where hosts write. For volumes of groups. One that no group has yet is served without a copy (SMPL), and can join a " +
          "group that runs: `wayctl group members`.",
      ),
    ),
    secondary: Type.Optional(placeSchema("Where the copy is kept. Volumes with a primary have one, or several.")),
    secondaries: Type.Optional(
      Type.Array(placeSchema("Where one of the copies is kept."), {
        minItems: 1,
        expected: "a list of { node, array }, at least one",
        description: "Where the copies are kept, when there are several; instead of `secondary`.",
      }),
    ),
    node: Type.Optional(
      name(
        "a node",
        "For a volume in no group: the node that holds it, where hosts write. Such volumes can also be made later, with " +
          "`wayctl volume create`; those that stand here cannot be deleted by command.",
      ),
    ),
    array: Type.Optional(name("an array", "For a volume in no group: the array of that node that holds it.")),
  },
  {
    ...closed,
    expected: "a mapping with name, size, and primary and secondary, or node and array",
    description: "One volume: of a group, with `primary` and `secondary`; or in no group, with `node` and `array`.",
  },
);

const groupJournalSchema = Type.Object(
  {
    capacity: Type.Optional(
      size(
        "Capacity of the relay's journal of this group, and with adapter `volume` the size of its volume. When it is full, " +
          "host writes are held, as without a relay.",
        {
          default: defaults.journalCapacity,
        },
      ),
    ),
    secondaryCapacity: Type.Optional(
      size("The same for the journal of this group at each of its other nodes.", { default: defaults.journalCapacity }),
    ),
    preImages: Type.Optional(
      size(
        "How much a secondary may keep of what a copy or resync overwrites, so that it can go back to its last valid image until " +
          "the copy is complete. When it is full, the copy waits for the operator, and that image stays.",
        { default: defaults.journalCapacity },
      ),
    ),
  },
  { ...closed, expected: "{ capacity, secondaryCapacity, preImages }", description: "How much the journals may hold." },
);

const journalFullSchema = Type.Object(
  {
    warn: Type.Optional(
      text('a share such as "80%"', "From this share of the relay's journal on the group is shown as PFUL.", {
        default: defaults.journalFullWarn,
      }),
    ),
    hold: Type.Optional(
      duration(
        "How long host writes are held by a full journal before the group is suspended (PFUS): they then go on without a copy, " +
          "and regions are logged. Shorter than the group's `hold`, after which writes fail; half of it when left out.",
      ),
    ),
  },
  {
    ...closed,
    expected: "{ warn, hold }",
    description: "What happens as the relay's journal fills up because the far side is slow or gone.",
  },
);

const groupSchema = Type.Object(
  {
    name: name("the group", "Name of the consistency group."),
    relay: name("an intermediate node", "The node that stamps, journals and forwards the group's writes."),
    volumes: Type.Array(name("a volume", "A volume of the group."), {
      minItems: 1,
      expected: "a list of names of volumes, at least one",
      description: "The volumes whose writes are kept in one order. A volume is in at most one group.",
    }),
    fence: Type.Optional(
      Type.Enum(
        fenceLevels,
        choice(
          fenceLevels,
          "What happens to host writes while no relay stores them. `data`: they are held for `hold`, then fail with EIO. " +
            "`never`: once the lease has ended they go on without a copy, and the regions that they touch are logged for the " +
            "resync. `status`: they go on so only when the relay has durably said that the group is suspended; else as `data`.",
          { default: defaults.fence },
        ),
      ),
    ),
    hold: Type.Optional(
      duration("How long host writes are held without a relay before they fail with EIO.", { default: defaults.hold }),
    ),
    lease: Type.Optional(
      duration("How long a primary's lease from the relay lasts (from 100ms); shorter than `hold`.", {
        default: defaults.lease,
      }),
    ),
    regionSize: Type.Optional(
      size(
        "Unit in which the nodes note what a resync has to compare and copy: a power of two from 64KiB to 64MiB. Smaller ones " +
          "copy less, and take more memory: 1 bit each.",
        { default: defaults.regionSize },
      ),
    ),
    journal: Type.Optional(groupJournalSchema),
    journalFull: Type.Optional(journalFullSchema),
    resync: Type.Optional(
      Type.Enum(
        resyncModes,
        choice(
          resyncModes,
          "What a group does that was suspended by a failure, once everybody is back. `auto`: it copies what differs and pairs " +
            "again. `manual`: it waits for `wayctl group resync`. One that was suspended by command always waits.",
          { default: defaults.resync },
        ),
      ),
    ),
  },
  { ...closed, expected: "a mapping with name, relay and volumes", description: "One consistency group." },
);

/** What stands in `cluster.yaml`. */
export const clusterFileSchema = Type.Object(
  {
    cluster: name("the cluster", "Name of the cluster, for people."),
    sites: Type.Record(Type.String(), siteSchema, {
      expected: "a mapping from names to sites",
      description: "The sites, by name.",
    }),
    nodes: Type.Record(Type.String(), nodeSchema, {
      expected: "a mapping from names to nodes",
      description: "The daemons, by name. Each is started with `--node NAME`.",
    }),
    arrays: Type.Array(arraySchema, {
      expected: "a list of arrays",
      description: "The arrays of disks that nodes own.",
    }),
    volumes: Type.Array(volumeSchema, {
      expected: "a list of volumes",
      description: "The volumes, carved out of arrays.",
    }),
    groups: Type.Array(groupSchema, {
      expected: "a list of groups",
      description: "Consistency groups: volumes replicated together, in one order.",
    }),
  },
  {
    ...closed,
    expected: "a mapping with cluster, sites, nodes, arrays, volumes and groups",
    description: "One cluster, as every daemon and every client of it reads it.",
  },
);

export type ClusterFile = Static<typeof clusterFileSchema>;
export type NodeRole = (typeof nodeRoles)[number];

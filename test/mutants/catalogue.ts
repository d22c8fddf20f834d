/**
 * The mutants: each breaks one rule, in the patch `<name>.patch` beside this file. Beside the rule and what is broken
 * stands who must notice, and for the simulator within how many seeds (counted from 1; several times what it needed when
 * the row was written, because any change to the messages gives every seed another story).
 */
import { simulator, unitTests, type Catcher } from "./catchers.js";

export interface Mutant {
  readonly name: string;
  /** The section of the protocol, as the code cites it, and the requirement where there is one. */
  readonly rule: string;
  readonly breaks: string;
  readonly catcher: Catcher;
}

const relayTest = unitTests("packages/replication/src/relay.test.ts");
const relayFenceTest = unitTests("packages/replication/src/relay-fence.test.ts");
const originTest = unitTests("packages/replication/src/origin.test.ts");
const localMarkTest = unitTests("packages/replication/src/origin-local-mark.test.ts");
const secondaryTest = unitTests("packages/replication/src/secondary.test.ts");
const followerTest = unitTests("packages/replication/src/follower.test.ts");
const takeoverTest = unitTests("packages/replication/src/takeover-votes.test.ts");
const intentTest = unitTests("packages/replication/src/write-intent.test.ts");
const leaseTest = unitTests("packages/replication/src/lease.test.ts");
const legTest = unitTests("packages/replication/src/origin-leg.test.ts");
const courseTest = unitTests("packages/replication/src/relay-course.test.ts");
const regionLogTest = unitTests("packages/replication/src/region-log.test.ts");
const secondaryCopyTest = unitTests("packages/replication/src/secondary-copy.test.ts");
const secondaryOrdersTest = unitTests("packages/replication/src/secondary-orders.test.ts");
const copySourceTest = unitTests("packages/replication/src/origin-copy.test.ts");
const resyncTest = unitTests("packages/replication/src/resync.test.ts");
const promotedTest = unitTests("packages/replication/src/promoted.test.ts");
const termChangeTest = unitTests("packages/replication/src/term-change.test.ts");
const memberTest = unitTests("packages/replication/src/member.test.ts");
const recordDigestTest = unitTests("packages/replication/src/provable/record-digest.test.ts");
const chainLedgerTest = unitTests("packages/replication/src/provable/chain-ledger.test.ts");
const merkleTreeTest = unitTests("packages/replication/src/provable/merkle-tree.test.ts");
const relayChainTest = unitTests("packages/replication/src/relay-chain.test.ts");
const secondaryPointsTest = unitTests("packages/replication/src/secondary-points.test.ts");
const segmentFilesTest = unitTests("packages/journal/src/segment-files.test.ts");
const levelDamageTest = unitTests("packages/journal/src/level-damage.test.ts");
const ringWriterTest = unitTests("packages/journal/src/ring-writer.test.ts");
const arrayTest = unitTests("packages/raid/src/io/array.test.ts");
const arrayCrashTest = unitTests("packages/raid/src/io/array-crash.test.ts");
const stripeLogTest = unitTests("packages/raid/src/io/stripe-log.test.ts");
const rebuildTest = unitTests("packages/raid/src/io/rebuild.test.ts");
const rebuildCrashTest = unitTests("packages/raid/src/io/rebuild-crash.test.ts");
const corruptionTest = unitTests("packages/raid/src/io/corruption.test.ts");
const writeBackCrashTest = unitTests("packages/raid/src/io/write-back-crash.test.ts");
const chunkMapCrashTest = unitTests("packages/volumes/src/chunk-map-crash.test.ts");
const pairCrashTest = unitTests("packages/volumes/src/pairs/engine/pair-crash.test.ts");
const fileDiskTest = unitTests("packages/raid/src/io/file-disk.test.ts");
const nbdSessionTest = unitTests("packages/nbd/src/server/session.test.ts");
const standaloneTest = unitTests("packages/node/src/standalone-front.test.ts");

/** [name, rule, what is broken, catcher] */
const rows: readonly (readonly [string, string, string, Catcher])[] = [
  // A write
  [
    "host-acknowledged-by-the-local-leg",
    "PROTOCOL 1.5, B2",
    "the host is told before the relay has its write",
    simulator(20),
  ],
  [
    "host-acknowledged-by-the-relay-leg",
    "PROTOCOL 1.5, B2",
    "the host is told before its array has its write",
    simulator(100),
  ],
  ["acknowledge-before-durable", "PROTOCOL 1.4, B2", "the relay acknowledges what it has only stamped", simulator(20)],
  [
    "high-marks-apart-from-records",
    "PROTOCOL 1.4",
    "the relay's marks are durable before the records they count",
    simulator(300),
  ],
  ["no-dedupe-on-resend", "PROTOCOL 1.4, B3", "a write that comes twice is stamped twice", relayTest],
  ["gaps-accepted", "PROTOCOL 1.4, B3", "a write is stamped though one before it is missing", relayTest],
  ["incarnation-not-raised", "PROTOCOL 1.1", "after a restart old numbers name new writes", simulator(50)],
  ["intent-not-awaited", "PROTOCOL 1.2", "a write starts before its extent is in the durable intent", originTest],
  [
    "intent-forgotten-under-a-write",
    "PROTOCOL 1.2",
    "an extent leaves the intent with a write to it under way",
    intentTest,
  ],
  ["no-range-locks", "PROTOCOL 1.2", "overlapping writes are not ordered", simulator(50)],
  ["reads-do-not-wait", "PROTOCOL 1.2", "a read shows a write that the relay may never see", simulator(50)],
  ["reads-at-once-do-not-wait", "PROTOCOL 1.2", "a read without a step passes the writes under way", simulator(50)],
  // A primary that crashed
  ["opens-before-recovery", "PROTOCOL 2", "hosts read and write before array and relay agree", simulator(20)],
  ["no-fetch", "PROTOCOL 2b", "what only the relay has is not fetched", simulator(200)],
  ["no-reconcile", "PROTOCOL 2c", "the extents of the intent are not sent again", simulator(200)],
  [
    "local-mark-early",
    "PROTOCOL 2b",
    "the local-complete mark passes writes that the array does not have",
    simulator(300),
  ],
  [
    "local-mark-taken-back",
    "PROTOCOL 2b",
    "a primary that recovers takes back a local mark that the relay was told of",
    localMarkTest,
  ],
  // Shipping and points
  [
    "ship-before-durable",
    "PROTOCOL 1.4, 3.1",
    "records are shipped that a crash of the relay would lose",
    simulator(20),
  ],
  ["received-told-before-durable", "PROTOCOL 3.1", "a secondary tells a watermark that it could lose", simulator(20)],
  [
    "validate-before-all-prepared",
    "PROTOCOL 3.2, B5",
    "a point is validated that one secondary has not prepared",
    simulator(200),
  ],
  [
    "validated-told-before-durable",
    "PROTOCOL 3.2, B5",
    "a secondary tells a validation that it could lose",
    simulator(20),
  ],
  [
    "gate-before-all-validated",
    "PROTOCOL 3.3, B6",
    "the gate opens before every secondary has validated",
    simulator(100),
  ],
  ["apply-past-the-gate", "PROTOCOL 3.3, B6", "a secondary stores what the others may never hold", simulator(20)],
  [
    "applying-not-durable",
    "PROTOCOL 3.3, B6",
    "after a crash a half-stored span passes for the point before it",
    simulator(50),
  ],
  [
    "validates-what-it-does-not-hold",
    "PROTOCOL 3.2, B5",
    "a secondary answers for records that it never got",
    secondaryTest,
  ],
  // Losing a leg
  [
    "relay-stamps-on-after-a-lease",
    "PROTOCOL 4, B9",
    "the relay stamps the others on while a primary goes on alone",
    relayFenceTest,
  ],
  [
    "suspension-told-before-durable",
    "PROTOCOL 4, B9",
    "primaries go on alone, and a crash of the relay takes the suspension back",
    courseTest,
  ],
  [
    "alone-before-the-lease-ended",
    "PROTOCOL 4, B9",
    "a primary goes on alone while the relay counts on its lease",
    legTest,
  ],
  [
    "lease-of-an-earlier-life-forgotten",
    "PROTOCOL 4, B9",
    "a primary that was restarted goes on alone while the relay counts on its lease",
    legTest,
  ],
  ["lease-without-drift", "PROTOCOL 4, B9", "a primary's fast clock ends its lease before the relay's", leaseTest],
  ["alone-before-durable", "PROTOCOL 4, B9", "a primary acknowledges by its array alone, and forgets it", legTest],
  [
    "restarted-relay-stamps-early",
    "PROTOCOL 4, B9",
    "a relay that was restarted stamps while a primary may have gone on alone",
    courseTest,
  ],
  ["lone-primary-taken-back", "PROTOCOL 4, B9", "a primary that went on alone just goes on with the relay", courseTest],
  // Region log
  ["evicted-unit-not-folded", "PROTOCOL 5, B8", "a region that leaves the intent is in no log", regionLogTest],
  [
    "generation-cleared-early",
    "PROTOCOL 5, B8",
    "a generation is cleared by a vector that does not cover it",
    regionLogTest,
  ],
  ["promoted-write-not-logged", "PROTOCOL 5, B12", "what hosts write after a takeover is in no log", promotedTest],
  // Journal
  ["trim-before-applied", "PROTOCOL 7", "the relay drops records that a secondary has not applied", simulator(20)],
  [
    "trim-before-local-complete",
    "PROTOCOL 7",
    "the relay drops records that their primary's array does not have",
    simulator(50),
  ],
  [
    "full-journal-dropped",
    "PROTOCOL 7, B9",
    "a relay suspended with a full journal drops what no secondary has, and no bitmap names",
    courseTest,
  ],
  ["lost-journal-goes-on", "PROTOCOL 7", "a relay that lost acknowledged records stamps on", relayTest],
  // Epochs and takeover
  ["stale-epoch-accepted", "PROTOCOL 6.1, B14", "messages of an old epoch are taken", relayFenceTest],
  ["rival-epoch-accepted", "PROTOCOL 6.1, B14", "one epoch number is promised to two takeovers", relayFenceTest],
  ["promise-not-durable", "PROTOCOL 6.1, B14", "a promise is forgotten by a crash", simulator(20)],
  [
    "stamps-after-fence",
    "PROTOCOL 6.2, B11",
    "the relay stamps on while its fence record is under way",
    relayFenceTest,
  ],
  [
    "fence-told-before-durable",
    "PROTOCOL 6.2, B11",
    "a crash of the relay opens it again behind the takeover",
    relayFenceTest,
  ],
  ["points-settled-while-fenced", "PROTOCOL 6.2", "a point is settled behind a takeover's back", relayFenceTest],
  ["takeover-without-fence", "PROTOCOL 6.2, B11", "the relay goes on while the takeover decides", simulator(200)],
  ["no-drain", "PROTOCOL 6.2, B11", "the takeover decides before the relay's journal is drained", simulator(200)],
  [
    "lowest-validated-chosen",
    "PROTOCOL 6.3, B6",
    "with a secondary away, a point is chosen that others have passed",
    takeoverTest,
  ],
  [
    "decision-shown-before-durable",
    "PROTOCOL 6.2, B6",
    "others open because of a decision that a crash takes back",
    followerTest,
  ],
  [
    "opens-before-all-hold-the-decision",
    "PROTOCOL 6.2, B6",
    "hosts write while another takeover may decide otherwise",
    followerTest,
  ],
  ["other-term-accepted", "PROTOCOL 6.1, B12", "messages of another term's roles are taken", memberTest],
  [
    "divergent-tail-not-branched",
    "PROTOCOL 6.4, B12",
    "what only an old primary holds is overwritten",
    secondaryOrdersTest,
  ],
  [
    "divergent-tail-not-noticed",
    "PROTOCOL 6.4, B12",
    "an old primary follows as if it held nothing of its own",
    termChangeTest,
  ],
  // Copy and resync
  [
    "copy-without-range-lock",
    "PROTOCOL 9, B10",
    "an old copy comes after a newer write to the same range",
    copySourceTest,
  ],
  ["run-ends-with-one-primary", "PROTOCOL 9, B10", "a run ends while another primary copies still", courseTest],
  [
    "end-of-run-passed-before-all-know",
    "PROTOCOL 9, B10",
    "a secondary passes the end of a run that others take for unfinished",
    courseTest,
  ],
  [
    "pre-images-not-awaited",
    "PROTOCOL 9, B10",
    "a volume is overwritten before what it held is durable elsewhere",
    secondaryCopyTest,
  ],
  [
    "pre-images-released-early",
    "PROTOCOL 9, B10",
    "the way back is given up before every secondary can go forward",
    secondaryCopyTest,
  ],
  ["pre-images-not-put-back", "PROTOCOL 9, B10", "a takeover opens half-copied volumes", secondaryCopyTest],
  [
    "base-of-an-unfinished-run-forgotten",
    "PROTOCOL 9, B10",
    "a run that follows an interrupted one goes back to what was never an image",
    courseTest,
  ],
  [
    "old-answer-taken-for-the-end",
    "PROTOCOL 9, B10",
    "a run ends by an answer from before its end was known",
    courseTest,
  ],
  [
    "run-joined-in-the-old-incarnation",
    "PROTOCOL 1.1, 9",
    "numbers that were given up as a primary went alone name other writes",
    copySourceTest,
  ],
  [
    "regions-named-late-not-copied",
    "PROTOCOL 9, B8",
    "what others name after a run was copied is left out",
    copySourceTest,
  ],
  [
    "half-copied-image-chosen",
    "PROTOCOL 6.3, 9, B10",
    "a takeover in the middle of a copy run decides a point that is no image",
    resyncTest,
  ],
  // Provable order
  ["record-digest-without-payload", "PROTOCOL 8, E4", "a record with other data has the same digest", recordDigestTest],
  ["chain-forgets-what-came-before", "PROTOCOL 8, E4", "a head stands for its last record only", chainLedgerTest],
  ["merkle-leaf-passes-for-a-node", "PROTOCOL 8, E4", "leaves and nodes of the tree are hashed alike", merkleTreeTest],
  ["anchors-not-followed", "PROTOCOL 8, E4", "a secondary does not begin its chains anew", chainLedgerTest],
  ["run-begins-no-new-chains", "PROTOCOL 8, 9, E4", "who joins by copy has no chains to verify", relayChainTest],
  ["point-not-verified", "PROTOCOL 8, E4", "a secondary prepares whatever it holds", secondaryPointsTest],
  ["heads-not-stored-with-the-point", "PROTOCOL 8, E4", "a restart forgets what was validated", secondaryPointsTest],
  [
    "root-not-stored-with-the-valid-counter",
    "PROTOCOL 8, E4",
    "the relay forgets what it committed to",
    relayChainTest,
  ],
  ["lost-number-not-noticed", "PROTOCOL 7, 8", "a relay whose journal lost a record goes on", relayChainTest],
  // Journals on media
  ["segment-write-not-synced", "PROTOCOL 7, B2", "a group counts as durable in the page cache", segmentFilesTest],
  ["segment-name-not-synced", "PROTOCOL 7, B2", "a group goes to a file whose name may be lost", segmentFilesTest],
  [
    "marks-taken-back-unnoticed",
    "PROTOCOL 7",
    "marks that damage took back to older values are believed",
    levelDamageTest,
  ],
  ["ring-commit-not-awaited", "PROTOCOL 7, B2", "the ring acknowledges before its group is written", ringWriterTest],
  [
    "ring-checkpoint-not-synced",
    "PROTOCOL 7",
    "the ring's tail rests on a checkpoint that may be lost",
    ringWriterTest,
  ],
  [
    "ring-tail-moved-before-checkpoint",
    "PROTOCOL 7",
    "groups are written over that opening would still need",
    ringWriterTest,
  ],
  // Arrays
  [
    "stripe-log-record-not-synced",
    "PROTOCOL 11, A3",
    "stripes are touched before their log record is durable",
    arrayCrashTest,
  ],
  [
    "stripe-log-gap-acknowledged",
    "PROTOCOL 11, A3",
    "a record counts as durable though one before it is not",
    stripeLogTest,
  ],
  [
    "stripe-log-tail-before-disks-synced",
    "PROTOCOL 11, A3",
    "the log forgets what the disks do not hold yet",
    arrayCrashTest,
  ],
  ["write-in-place-before-log", "PROTOCOL 11, A3", "stripes are touched before anything is logged", arrayCrashTest],
  ["whole-stripe-write-not-synced", "PROTOCOL 11, A1", "a write past the log is acknowledged unsynced", arrayCrashTest],
  [
    "whole-stripe-parity-not-synced",
    "PROTOCOL 11, A3",
    "with the disk of the data gone too, an acknowledged write is unreadable",
    arrayCrashTest,
  ],
  ["superblock-not-synced", "PROTOCOL 11, A2", "power loss forgets that a disk was ejected", arrayCrashTest],
  ["lost-blocks-not-synced", "PROTOCOL 11, A3", "power loss forgets which blocks were lost", arrayCrashTest],
  ["parity-without-old-data", "PROTOCOL 11, A3", "parity is formed without what stays in the stripe", arrayTest],
  [
    "parity-not-reformed-after-crash",
    "PROTOCOL 11, A3",
    "after a crash parity does not match torn data",
    arrayCrashTest,
  ],
  ["second-parity-unweighted", "PROTOCOL 11, A1", "Q is formed with the wrong powers of two", arrayTest],
  [
    "other-parity-not-reformed",
    "PROTOCOL 11, A3",
    "with a disk gone in the crash, P and Q tell of different data: the next disk takes acknowledged data along",
    arrayCrashTest,
  ],
  ["ejection-not-recorded", "PROTOCOL 11, A2", "a disk that missed a write comes back as current", arrayTest],
  ["generation-not-raised", "PROTOCOL 11, A2", "an old copy of a disk passes for the present one", arrayTest],
  [
    "disks-not-made-even",
    "PROTOCOL 11, A2",
    "two crashes in a row leave a current disk that is taken for stale",
    unitTests("packages/raid/src/io/open-crash.test.ts"),
  ],
  [
    "rebuild-cursor-before-its-disk-is-synced",
    "PROTOCOL 11, A2",
    "after power loss a disk is read where its rebuild did not reach the medium",
    rebuildCrashTest,
  ],
  [
    "log-not-emptied-before-rebuild",
    "PROTOCOL 11, A2",
    "a replay writes old data over what was rebuilt",
    rebuildCrashTest,
  ],
  ["file-disk-write-not-synced", "PROTOCOL 11, A1", "a durable write stays in the page cache", fileDiskTest],
  ["file-disk-sync-joins-an-earlier-one", "PROTOCOL 11, A1", "a sync counts for writes after its begin", fileDiskTest],
  ["file-disk-name-not-synced", "PROTOCOL 11, A1", "power loss takes a new disk's directory entry", fileDiskTest],
  // Rebuild
  ["stale-disk-trusted", "PROTOCOL 11, A2", "a disk that missed writes is read after it came back", arrayTest],
  ["rebuild-sources-not-verified", "PROTOCOL 11, A4", "a disk is rebuilt of what another one has let rot", rebuildTest],
  [
    "rebuilding-disk-read-above-cursor",
    "PROTOCOL 11, A2",
    "a disk is read where it has not been rebuilt yet",
    rebuildTest,
  ],
  // Checksums
  ["old-blocks-not-verified", "PROTOCOL 11, A4", "parity is formed of old blocks that are corrupt", corruptionTest],
  ["reads-not-verified", "PROTOCOL 11, A4", "corrupt blocks are read, and worked with, as they are", corruptionTest],
  ["reads-at-once-not-verified", "PROTOCOL 11, A4", "a read without a wait gives corrupt blocks", corruptionTest],
  [
    "checksum-beside-its-block",
    "PROTOCOL 11, A4",
    "a disk that lost a write is believed, since it lost that of the checksum too",
    corruptionTest,
  ],
  [
    "checksum-copies-not-compared",
    "PROTOCOL 11, A4",
    "a damaged copy of checksums goes unnoticed and is written over the others",
    corruptionTest,
  ],
  [
    "checksums-flushed-after-tail",
    "PROTOCOL 11, A4",
    "the log forgets writes whose checksums are not on the disks yet",
    arrayCrashTest,
  ],
  [
    "checksums-of-replay-not-renewed",
    "PROTOCOL 11, A4",
    "a write torn past the log passes for corruption",
    arrayCrashTest,
  ],
  [
    "corruption-taken-for-a-torn-write",
    "PROTOCOL 11, A4",
    "what rots in a block written past the log is believed after a crash",
    corruptionTest,
  ],
  [
    "scrub-parity-not-compared",
    "PROTOCOL 11, A2",
    "a scrub passes over parity that does not match its data",
    unitTests("packages/raid/src/io/scrubber.test.ts"),
  ],
  // Flushes
  [
    "flush-does-not-sync",
    "PROTOCOL 11, A3",
    "what a host has flushed, and went past the log, is in no disk's medium",
    writeBackCrashTest,
  ],
  [
    "unsynced-intent-taken-for-synced",
    "PROTOCOL 11, A4",
    "what was never flushed, and torn, passes for corruption",
    writeBackCrashTest,
  ],
  // Volumes and pairs
  ["map-before-data", "PROTOCOL 11, A1", "a chunk map names data that is not durable", chunkMapCrashTest],
  [
    "freed-chunk-reused-early",
    "PROTOCOL 11, A1",
    "a chunk is another volume's before the map that dropped it is durable",
    chunkMapCrashTest,
  ],
  [
    "pair-write-before-mark",
    "PROTOCOL 11, A5",
    "a mirrored write starts before its region is marked durably",
    pairCrashTest,
  ],
  [
    "pair-split-write-before-mark",
    "PROTOCOL 11, A6",
    "a write while split is acknowledged before its region is marked durably",
    pairCrashTest,
  ],
  // Volumes in no group
  ["fua-not-flushed", "F2, A1", "a write with FUA is answered while it is only in memory", nbdSessionTest],
  [
    "grpc-write-answered-unflushed",
    "F1, A1",
    "a gRPC write is answered while it is only in memory",
    unitTests("packages/rpc/src/block-service.test.ts"),
  ],
  [
    "standalone-writes-out-of-order",
    "A1, F2",
    "writes that overlap are under way at once: a read sees half of one",
    standaloneTest,
  ],
  [
    "session-outlives-its-access",
    "PROTOCOL 6.2, A5",
    "a host goes on with a volume that has become an S-VOL",
    standaloneTest,
  ],
  [
    "left-behind-volume-exported",
    "A1",
    "what a group left behind is offered to hosts",
    unitTests("packages/daemon/src/storage/volume-catalogue.test.ts"),
  ],
];

export const catalogue: readonly Mutant[] = rows.map(([name, rule, breaks, catcher]) => ({
  name,
  rule,
  breaks,
  catcher,
}));

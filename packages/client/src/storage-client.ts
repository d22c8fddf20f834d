/** Arrays, volumes and mirror pairs of one node (SPEC A, F1). Errors are `Failure`s, as in `block-client.ts`. */
import { isFailure } from "@waystation/contracts/errors";
import type {
  ArrayReport,
  CopyOrder,
  LoanName,
  SnapshotOrder,
  LoanOrder,
  LoanTerms,
  PairCommand,
  PairDeletion,
  PairName,
  PairOrder,
  PairReport,
  RegionRun,
  SplitTerms,
  StoredVolume,
  VolumeOrder,
} from "@waystation/contracts/storage-front";
import { connect } from "@waystation/rpc/connection";
import { storageServiceDefinition as service } from "@waystation/rpc/proto";
import { fromProtoArray, fromProtoPair, fromProtoStoredVolume } from "@waystation/rpc/storage-messages";

export interface StorageClient {
  arrays(options?: CallOptions): Promise<ArrayReport[]>;
  /** Rejects with `UNKNOWN_ARRAY`. */
  array(name: string): Promise<ArrayReport>;
  /** One report after the other, for as long as the caller reads. */
  watchArray(name: string): AsyncIterable<ArrayReport>;
  /** Starts a scrub, or joins the one that runs; resolves with its run number (`ArrayReport.lastScrub`). */
  scrub(array: string): Promise<number>;
  rebuild(array: string): Promise<void>;
  failDisk(array: string, slot: number): Promise<void>;
  replaceDisk(array: string, slot: number): Promise<void>;
  volumes(options?: CallOptions): Promise<StoredVolume[]>;
  createVolume(order: VolumeOrder): Promise<void>;
  deleteVolume(name: string): Promise<void>;
  snapshotVolume(order: SnapshotOrder): Promise<void>;
  cloneVolume(order: CopyOrder): Promise<void>;
  pairs(options?: CallOptions): Promise<PairReport[]>;
  watchPair(pair: PairName): AsyncIterable<PairReport>;
  createPair(order: PairOrder): Promise<void>;
  splitPair(command: PairCommand): Promise<void>;
  resyncPair(command: PairCommand): Promise<void>;
  restorePair(pair: PairName): Promise<void>;
  deletePair(pair: PairDeletion): Promise<void>;
  /** Between nodes: as `StorageFront.lendVolume`. */
  lendVolume(order: LoanOrder): Promise<LoanTerms>;
  returnVolume(loan: LoanName): Promise<void>;
  openLentVolume(loan: LoanName, split: SplitTerms): Promise<void>;
  closeLentVolume(loan: LoanName): Promise<readonly RegionRun[]>;
  close(): void;
}

interface CallOptions {
  readonly timeoutMs?: number;
}

const askTimeoutMs = 5_000;
/** A command answers once its work has begun; making it known to every disk first may take a while. */
const commandTimeoutMs = 120_000;
/** The far node waits for what was under way for the pair; hosts may wait for this. */
const lendTimeoutMs = 10_000;
/** A stream is opened anew when this has passed. */
const watchTimeoutMs = 600_000;

/** Connects on the first call. `address` is "host:port". */
export function connectStorage(address: string): StorageClient {
  const connection = connect(address);

  async function* watch<Answer, Report>(
    open: (timeoutMs: number) => AsyncIterable<Answer>,
    reportOf: (answer: Answer) => Report,
  ): AsyncIterable<Report> {
    for (;;) {
      try {
        for await (const answer of open(watchTimeoutMs)) yield reportOf(answer);
      } catch (error) {
        if (!isFailure(error, "DEADLINE_EXCEEDED")) throw error;
      }
    }
  }

  return {
    async arrays({ timeoutMs = askTimeoutMs } = {}) {
      const { arrays } = await connection.unary(service.ListArrays, {}, timeoutMs);
      return arrays.map(fromProtoArray);
    },
    async array(name) {
      const { array } = await connection.unary(service.ShowArray, { array: name }, askTimeoutMs);
      return fromProtoArray(array);
    },
    watchArray: (name) =>
      watch(
        (timeoutMs) => connection.serverStream(service.WatchArray, { array: name }, timeoutMs),
        ({ array }) => fromProtoArray(array),
      ),
    async scrub(array) {
      const { run } = await connection.unary(service.ScrubArray, { array }, commandTimeoutMs);
      return run;
    },
    async rebuild(array) {
      await connection.unary(service.RebuildArray, { array }, commandTimeoutMs);
    },
    async failDisk(array, slot) {
      await connection.unary(service.FailDisk, { array, slot }, commandTimeoutMs);
    },
    async replaceDisk(array, slot) {
      await connection.unary(service.ReplaceDisk, { array, slot }, commandTimeoutMs);
    },
    async volumes({ timeoutMs = askTimeoutMs } = {}) {
      const { volumes } = await connection.unary(service.ListStoredVolumes, {}, timeoutMs);
      return volumes.map(fromProtoStoredVolume);
    },
    async createVolume(order) {
      await connection.unary(service.CreateVolume, { ...order }, commandTimeoutMs);
    },
    async deleteVolume(name) {
      await connection.unary(service.DeleteVolume, { name }, commandTimeoutMs);
    },
    async snapshotVolume(order) {
      await connection.unary(service.SnapshotVolume, { ...order }, commandTimeoutMs);
    },
    async cloneVolume(order) {
      await connection.unary(service.CloneVolume, { ...order }, commandTimeoutMs);
    },
    async pairs({ timeoutMs = askTimeoutMs } = {}) {
      const { pairs } = await connection.unary(service.ListPairs, {}, timeoutMs);
      return pairs.map(fromProtoPair);
    },
    watchPair: (pair) =>
      watch(
        (timeoutMs) => connection.serverStream(service.WatchPair, { ...pair }, timeoutMs),
        (answer) => fromProtoPair(answer.pair),
      ),
    async createPair(order) {
      await connection.unary(service.CreatePair, { ...order }, commandTimeoutMs);
    },
    async splitPair(command) {
      await connection.unary(service.SplitPair, { ...command }, commandTimeoutMs);
    },
    async resyncPair(command) {
      await connection.unary(service.ResyncPair, { ...command }, commandTimeoutMs);
    },
    async restorePair(pair) {
      await connection.unary(service.RestorePair, { ...pair }, commandTimeoutMs);
    },
    async deletePair(pair) {
      await connection.unary(service.DeletePair, { ...pair }, commandTimeoutMs);
    },
    lendVolume: (order) => connection.unary(service.LendVolume, { ...order }, lendTimeoutMs),
    async returnVolume(loan) {
      await connection.unary(service.ReturnVolume, { ...loan }, lendTimeoutMs);
    },
    async openLentVolume(loan, split) {
      await connection.unary(service.OpenLentVolume, { ...loan, ...split }, lendTimeoutMs);
    },
    async closeLentVolume(loan) {
      const { written } = await connection.unary(service.CloseLentVolume, { ...loan }, lendTimeoutMs);
      return written;
    },
    close() {
      connection.close();
    },
  };
}

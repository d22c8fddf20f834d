/** Every bound of the replication machines, in one place (DESIGN rule 6). */
export const limits = {
  /** Data per entry of the write intent (PROTOCOL 1.2). */
  intentUnitBytes: 64 * 1024,
  /**
   * Entries of a volume's write intent. A write outside of it waits for a sync before its legs start; a primary that
   * recovers sends all of it again, 512 MiB at most.
   */
  intentUnitsMax: 8192,
  /** Extents of the intent under way at once while a primary recovers. */
  resendInFlightMax: 64,
  /** Host writes of a group between admission and both legs done. */
  writesInFlightMax: 1024,
  bytesInFlightMax: 32 * 1024 * 1024,
  /** Host writes waiting for admission; further ones are refused at once. */
  writesWaitingMax: 8192,
  /** Ingress batches on the way to the relay and not acknowledged. */
  batchesInFlightMax: 64,
  batchBytesMax: 2 * 1024 * 1024,
  /**
   * While a batch is under way the next gathers, until it has this much or its first write has waited this long. Each
   * batch costs two syncs and two messages: a near relay then gets few large batches, a far one many in flight.
   */
  gatherBytes: 256 * 1024,
  gatherMs: 2,
  /** So long hosts that were answered are waited for, to come back with their next writes. */
  returnMs: 1,
  /** What a relay lets a primary send ahead of what is durable. */
  ingressWindowBytes: 8 * 1024 * 1024,
  /**
   * What a relay ships ahead of what a secondary has durable: bandwidth x delay. 1 Gb/s over 50 ms are 6 MiB on the way, and
   * more while the far end makes them durable.
   */
  shipWindowBytes: 16 * 1024 * 1024,
  shipBatchBytes: 1024 * 1024,
  /**
   * A secondary gets a batch when the last one is durable there and this long ago, or when so many numbers wait: the
   * host does not wait for it, and each batch costs it a sync.
   */
  shipIntervalMs: 10,
  shipNumbersMax: 256,
  /** From the start of one point to the start of the next: a point costs eight messages and five syncs per secondary. */
  pointIntervalMs: 100,
  /** What a secondary reads from its journal and stores in one round. */
  applyBatchBytes: 2 * 1024 * 1024,
  fetchBatchBytes: 1024 * 1024,
  /**
   * Runs of regions in one message, over all its volumes: about a MiB. `ship-regions` goes in several messages beyond it;
   * `copy-start` in one, with the nearest runs joined (more regions than needed do no harm). See region-runs.ts.
   */
  regionRunsMax: 256 * 1024,
  /** Units that one question for digests may cover. */
  digestUnitsMax: 4096,
  /** How large such a unit may be; and how much is read at once to answer. */
  digestUnitBytesMax: 16 * 1024 * 1024,
  digestReadBytes: 1024 * 1024,
  /** Copying at a primary (copy-source.ts): what is compared in one go, and how many of those are under way. */
  copyChunkBytes: 4 * 1024 * 1024,
  copyChunksMax: 8,
  /** Read under one lock; each unit of the write intent that differs becomes a record. */
  copyPieceBytes: 256 * 1024,
  /** Read and not yet durable at the relay; and while hosts wait for something, so that they hardly wait for copies. */
  copyBytesMax: 8 * 1024 * 1024,
  copyBytesBusyMax: 1024 * 1024,
  copyBytesPerSecondMax: 2 ** 30,
  /** How far ahead of that pace it may be: clocks tick in milliseconds, pieces come in less. */
  copyAheadMs: 10,
  /** How long a copy waits for more room than hosts leave it, before it takes some of theirs. */
  copyPatienceMs: 500,
  /** Chunks in a row that are copied without asking for digests, where asking has found nothing equal. */
  copyUnaskedMax: 16,
  /** Such questions of all primaries that a relay has with the secondaries at once. */
  digestAsksMax: 256,
  /** How often a relay looks what every secondary has validated, so that primaries may clear their region logs. */
  farValidatedIntervalMs: 1000,
  /** How often durable marks that only help recovery are brought up to date. */
  markIntervalMs: 200,
  /** A link that is down is dialled again after this long, twice as long after each fruitless try, up to the maximum. */
  redialIntervalMs: 250,
  redialIntervalMaxMs: 2000,
  /** How long a council question waits for an answer. */
  councilDeadlineMs: 1500,
  /** How long a restarted relay waits to hear from every secondary before it stamps without the missing ones. */
  hearSecondariesMs: 3000,
  inquireIntervalMs: 1000,
  /** Allowed clock drift within one lease, as a share of it (PROTOCOL 4). */
  leaseDriftShare: 0.1,
  /** What repeats is logged at most this often. */
  logIntervalMs: 1000,
  /** A takeover polls the participants this often while it drains and rolls forward. */
  takeoverPollMs: 25,
  /** What a copy run keeps of the past at a secondary, before it changes any of it; a region log's unit may be larger. */
  preImageUnitBytes: 64 * 1024,
  /** So many of them are read, and made durable together. */
  preImageUnitsAtOnce: 64,
  /** What a relay lists of the writes that a takeover leaves behind, and what of that is printed. */
  lostExtentsMax: 1000,
  lostExtentsShown: 20,
  /** A drain that makes no progress for this long has lost its relay. */
  drainStallMs: 5000,
};

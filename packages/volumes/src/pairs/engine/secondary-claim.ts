/**
 * What the array of a secondary says of it: which pair it belongs to. The marks of a pair lie on the primary's array; if the
 * other array is made anew, with a volume of the same name, they would take its zeros for what had been copied. So a
 * secondary that its own array does not know as this pair's holds nothing that may be relied on: all of it differs.
 *
 * Written before the pair's record and deleted after it: dying in between leaves a claim of no pair, dropped at the start.
 */
import { isRecord } from "@waystation/raid/core/json";
import type { PairRecord } from "../core/pair-record.js";
import type { PairHome } from "./pair-home.js";

const documentPrefix = "pair-secondaries/";

/** `home` is the array of the secondary. */
export function claimSecondary(home: PairHome, volume: string, pairId: string): Promise<void> {
  return home.documents.put(`${documentPrefix}${volume}`, { pairId });
}

export function dropClaim(home: PairHome, volume: string): Promise<void> {
  return home.documents.delete(`${documentPrefix}${volume}`);
}

export function isClaimedBy(home: PairHome, { id, secondary }: PairRecord): boolean {
  const claim = home.documents.get(`${documentPrefix}${secondary}`);
  return isRecord(claim) && claim.pairId === id;
}

export async function dropOrphanClaims(home: PairHome, pairIds: ReadonlySet<string>): Promise<void> {
  for (const document of home.documents.names()) {
    if (!document.startsWith(documentPrefix)) continue;
    const claim = home.documents.get(document);
    const isKnown = isRecord(claim) && typeof claim.pairId === "string" && pairIds.has(claim.pairId);
    if (!isKnown) await home.documents.delete(document);
  }
}

/** What becomes of a pair whose secondary is another volume than before; nothing of it can be restored. */
export function withAnotherSecondary(record: PairRecord): PairRecord {
  const reason = `${record.secondary} is another volume than before (its array was made anew): all of it differs`;
  return { ...record, phase: "suspended", marksLost: true, reason };
}

/** Encodes what copy runs are made of: orders, regions, digests. Written last to first: see `wire-writer.ts`. */
import type { CopyOrder, DigestAsk, RegionRuns } from "@waystation/replication/messages";
import { writeEach, writeTexts } from "./peer-encode-fields.js";
import type { WireWriter } from "./wire-writer.js";

/** The fields of an order, which stand in several messages under the same numbers. */
export function writeCopyFields(writer: WireWriter, order: CopyOrder): void {
  if (order.end !== null) writer.presentUint(5, order.end);
  writeTexts(writer, 4, order.nodes);
  writer.uint(3, order.begin);
  writer.uint(2, order.base);
  writer.text(1, order.copyId);
}

export function writeCopyOrder(writer: WireWriter, field: number, order: CopyOrder): void {
  const mark = writer.mark();
  writeCopyFields(writer, order);
  writer.close(field, mark);
}

/** Runs as distances and counts: most are small, and what is not ascending and apart cannot be said. */
function writeRegionRuns(writer: WireWriter, { volume, runs }: RegionRuns): void {
  const spans = new Array<number>(runs.length * 2);
  let end = 0;
  for (const [index, [first, count]] of runs.entries()) {
    spans[index * 2] = first - end;
    spans[index * 2 + 1] = count;
    end = first + count;
  }
  writer.packed(2, spans);
  writer.text(1, volume);
}

export function writeRegions(writer: WireWriter, field: number, regions: readonly RegionRuns[]): void {
  writeEach(writer, field, regions, writeRegionRuns);
}

export function writeDigestAsk(writer: WireWriter, ask: DigestAsk): void {
  writer.uint(5, ask.unitBytes);
  writer.uint(4, ask.lengthBytes);
  writer.uint(3, ask.offsetBytes);
  writer.text(2, ask.volume);
  writer.uint(1, ask.id);
}

/** Small parts that several peer messages share, written last to first: see `wire-writer.ts`. */
import type { Epoch, OriginNumber } from "@waystation/contracts/ids";
import type { VolumeMark } from "@waystation/replication/messages";
import type { WireWriter } from "./wire-writer.js";

/** Calls `write` for each item, last first, and closes what it wrote as one element of the repeated `field`. */
export function writeEach<Item>(
  writer: WireWriter,
  field: number,
  items: readonly Item[],
  write: (writer: WireWriter, item: Item) => void,
): void {
  for (let index = items.length - 1; index >= 0; index -= 1) {
    const mark = writer.mark();
    write(writer, items[index] as Item);
    writer.close(field, mark);
  }
}

export function writeTexts(writer: WireWriter, field: number, texts: readonly string[]): void {
  for (let index = texts.length - 1; index >= 0; index -= 1) writer.element(field, texts[index] as string);
}

export function writeEpoch(writer: WireWriter, field: number, epoch: Epoch): void {
  const mark = writer.mark();
  writer.text(2, epoch.takeoverId);
  writer.uint(1, epoch.number);
  writer.close(field, mark);
}

export function writeOrigin(writer: WireWriter, field: number, origin: OriginNumber): void {
  const mark = writer.mark();
  writer.uint(2, origin.n);
  writer.uint(1, origin.incarnation);
  writer.close(field, mark);
}

export function writeMark(writer: WireWriter, mark: VolumeMark): void {
  writeOrigin(writer, 2, mark.origin);
  writer.text(1, mark.volume);
}

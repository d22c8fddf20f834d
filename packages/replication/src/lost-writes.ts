/**
 * Which acknowledged writes a takeover leaves behind, by number and extent, as far as somebody knows (E5): the relay's
 * journal still has what no secondary has taken. What a copy run put into the stream was written by no host, and is left out.
 */
import type { JournalDesk } from "./effects.js";
import { limits } from "./limits.js";
import type { LostWrites } from "./messages.js";
import type { JournalRecord, Sequence } from "./vocabulary.js";

/** Looks up what the journal has above a number, and says whether that is all there was. */
export function lostWrites(
  journal: JournalDesk,
  range: { readonly above: Sequence; readonly through: Sequence },
  then: (lost: LostWrites) => void,
): void {
  const extents: LostWrites["extents"][number][] = [];
  const readOn = (from: number): void => {
    if (from > range.through) return then({ extents, isWhole: true });
    const options = { from: from as Sequence, through: range.through, maxBytes: limits.fetchBatchBytes };
    journal.readJournal(options, ({ records, completeThrough }) => {
      extents.push(...records.filter(({ kind }) => kind !== "copy").map(extentOf));
      if (extents.length <= limits.lostExtentsMax) return readOn(completeThrough + 1);
      then({ extents: extents.slice(0, limits.lostExtentsMax), isWhole: false });
    });
  };
  readOn(range.above + 1);
}

function extentOf({ sequence, volume, offsetBytes, lengthBytes }: JournalRecord): LostWrites["extents"][number] {
  return { sequence, volume, offsetBytes, lengthBytes };
}

/** For people: the first ones, and how many there are. */
export function showLostWrites({ extents, isWhole }: LostWrites): string {
  if (extents.length === 0) return "no host wrote any of it";
  const shown = extents.slice(0, limits.lostExtentsShown).map(showExtent);
  const rest = extents.length - shown.length;
  const more = rest > 0 || !isWhole ? `, and ${isWhole ? "" : "at least "}${rest} more` : "";
  return `${shown.join(", ")}${more}`;
}

function showExtent({ sequence, volume, offsetBytes, lengthBytes }: LostWrites["extents"][number]): string {
  return `${sequence} (${volume} ${offsetBytes}+${lengthBytes})`;
}

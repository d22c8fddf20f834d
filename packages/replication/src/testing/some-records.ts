/** Records for property tests. */
import fc from "fast-check";
import type { JournalRecord, RecordKind, Sequence, VolumeName } from "../vocabulary.js";

/** Records in sequence, each number once, of these volumes. */
export function someRecords(volumes: readonly VolumeName[], countMax: number): fc.Arbitrary<JournalRecord[]> {
  const one = fc.record({
    volume: fc.constantFrom(...volumes),
    kind: fc.constantFrom<RecordKind>("write", "zero", "discard", "copy"),
    epoch: fc.integer({ min: 1, max: 3 }),
    origin: fc.record({ incarnation: fc.nat(3), n: fc.nat(1000) }),
    offsetBytes: fc.nat(2 ** 40),
    lengthBytes: fc.nat(40),
    hostTimeMs: fc.nat(2 ** 41),
    fill: fc.nat(255),
  });
  return fc.array(one, { maxLength: countMax }).map((parts) =>
    parts.map(({ fill, ...part }, index): JournalRecord => {
      const payload =
        part.kind === "write" || part.kind === "copy" ? Buffer.alloc(part.lengthBytes, fill) : Buffer.alloc(0);
      return { ...part, payload, sequence: (index + 1) as Sequence };
    }),
  );
}

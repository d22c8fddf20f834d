import { createRandom } from "@waystation/contracts/random";
import { expect, it } from "vitest";
import { createRecordIndex, inDatabase } from "./record-index.js";

interface Known {
  sequence: number;
  bytes: number;
  crc: number;
  trimmed: boolean;
  place: number;
}

const databaseSequences = (list: readonly Known[]): number[] =>
  list.filter((record) => record.place === inDatabase).map((record) => record.sequence);

it("knows what a plain list knows, through growing, trimming, deleting and cutting", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const random = createRandom(seed);
    const index = createRecordIndex();
    let list: Known[] = [];
    for (let turn = 0; turn < 400; turn++) {
      const action = random.below(10);
      const newest = list.at(-1)?.sequence ?? 0;
      const somewhere = (list[random.below(list.length + 1)]?.sequence ?? newest) + random.below(2);
      if (action < 6) {
        let sequence = newest;
        for (let count = random.below(200); count > 0; count--) {
          sequence += 1 + random.below(3);
          const record = { sequence, bytes: random.below(5000), crc: random.below(2 ** 31) };
          list.push({ ...record, trimmed: false, place: inDatabase });
          index.push(record.sequence, record.bytes, record.crc);
        }
      } else if (action < 7) {
        index.trimThrough(somewhere);
        for (const record of list) record.trimmed ||= record.sequence <= somewhere;
      } else if (action < 9) {
        const max = random.below(300);
        const deleted = list.filter((record) => record.trimmed && record.sequence <= somewhere).slice(0, max);
        expect(index.takeTrimmed(max, somewhere)).toEqual(databaseSequences(deleted));
        list = list.slice(deleted.length);
      } else if (random.chance(0.3)) {
        expect(index.cutAfter(somewhere)).toEqual(databaseSequences(list.filter((each) => each.sequence > somewhere)));
        list = list.filter((record) => record.sequence <= somewhere);
      }
      // Some of them lie in the ring; of the sequences given, some are not there (any more).
      if (random.chance(0.3)) {
        const some = list.filter((record) => record.sequence >= somewhere && random.chance(0.8)).slice(0, 30);
        for (const record of some) record.place = random.below(2 ** 40);
        const given = [{ sequence: 0, place: 1 }, ...some, { sequence: 1e9, place: 2 }];
        index.place(
          given.map((record) => record.sequence),
          given.map((record) => record.place),
        );
      }
      const held = list.filter((record) => !record.trimmed);
      expect([index.first(), index.last(), index.oldestStored(), index.trimmedCount(), index.usedBytes()]).toEqual([
        held[0]?.sequence ?? 0,
        held.at(-1)?.sequence ?? 0,
        list[0]?.sequence ?? Infinity,
        list.length - held.length,
        held.reduce((sum, record) => sum + record.bytes, 0),
      ]);
      const page = index.page({ from: somewhere, through: somewhere + 50, maxBytes: Infinity, maxCount: 20 });
      const wanted = held.filter(({ sequence }) => sequence >= somewhere && sequence <= somewhere + 50).slice(0, 20);
      expect(page).toEqual(wanted.map(({ sequence, bytes, crc, place }) => ({ sequence, bytes, crc, place })));
    }
  }
});

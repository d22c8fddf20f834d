/** Disks that go together (their cable, their controller): nothing is wrong with them when they come back. */
import { describe, expect, it } from "vitest";
import { createFaultyDisk } from "./faulty-disk.js";
import { createSmallArray, openSmallArray } from "./testing-array.js";

describe("A2: an array that failed at once", () => {
  it.each([1, 2, 3, 4, 5, 6])("opens when its disks are back; the second went at its I/O %d", async (later) => {
    const disks = await createSmallArray({ level: "raid5", diskCount: 4, unitBytes: 4096, stripes: 8 });
    const faulty = disks.map((disk) => createFaultyDisk(disk));
    const array = await openSmallArray(faulty);
    const data = Buffer.alloc(12_288, 7);
    const write = { offsetBytes: 0, lengthBytes: data.length, data };
    await array.writeBatch([write]);
    faulty[1]!.dieAt(1);
    faulty[2]!.dieAt(later);
    let failure: unknown = null;
    for (let round = 0; failure === null && round < 8; round++) {
      await array.writeBatch([write]).catch((error: unknown) => (failure = error));
    }
    expect(failure).toMatchObject({ code: "IO_ERROR" });
    await array.close();
    for (const disk of disks) disk.crash();
    const again = await openSmallArray(disks);
    expect((await again.read(0, data.length)).equals(data)).toBe(true);
    await again.close();
  });
});

// B12, B13: the way home, on real processes with real NBD clients; each ends with both sides equal byte for byte, the check of
// the dependent writes, and a table of RPO and RTO by phase.
import { describe, expect, it } from "vitest";
import { runLocalDrill } from "../drills/local-world.js";
import { lostWrites } from "../drills/recovery-report.js";
import { returnDrills } from "../drills/return-drills.js";

describe("drills of the way home", () => {
  it("B12: swapped under load and swapped back, no write is lost and no host sees more than a pause", async () => {
    expect(lostWrites(await runLocalDrill(returnDrills.plannedSwapAndBack))).toBe(0);
  });

  it("B12: after the loss of a site, work at the far side goes home with it", async () => {
    expect(lostWrites(await runLocalDrill(returnDrills.disasterSwapAndBack))).toBe(0);
  });

  it("B10: lost amid a resync, the far side has the image of the split, whole, and says what is missing", async () => {
    const { acknowledged, found, said } = await runLocalDrill(returnDrills.lostAmidResync);
    expect(found).toBeLessThan(acknowledged);
    expect(said).not.toBe("");
  });

  it("B13: the ends pair without their relay; an empty machine takes its place", async () => {
    expect(lostWrites(await runLocalDrill(returnDrills.relayReplaced))).toBe(0);
  });

  it("B10: a secondary that lost everything gets a full copy on-line; hosts notice nothing", async () => {
    expect(lostWrites(await runLocalDrill(returnDrills.secondaryReplaced))).toBe(0);
  });
});

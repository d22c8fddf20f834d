// B6, B9, B11: what an operator fears, on real processes with real NBD clients; each ends in a comparison of every byte, the
// check of the dependent writes, and a table of RPO and RTO by phase.
import { describe, expect, it } from "vitest";
import { runLocalDrill } from "../drills/local-world.js";
import { lostWrites } from "../drills/recovery-report.js";
import { siteDrills } from "../drills/site-drills.js";

describe("drills of lost sites and links", () => {
  it("B11: the primary site is lost under load; the far side has every acknowledged write", async () => {
    expect(lostWrites(await runLocalDrill(siteDrills.losePrimarySite))).toBe(0);
  });

  it("B11: the relay is lost, then the primary site; what is there is a prefix, and the loss is said to be unknown", async () => {
    const { acknowledged, found, said } = await runLocalDrill(siteDrills.loseRelayThenSite);
    expect(found).toBeLessThanOrEqual(acknowledged + 1);
    expect(said).toContain("unknown");
  });

  it("B9: near and far links are lost in turn and come back; hosts lose nothing, and both sides are equal", async () => {
    expect(lostWrites(await runLocalDrill(siteDrills.loseBothLinksInTurn))).toBe(0);
  });

  it("B6: one secondary is missing at the takeover; it comes back and joins at the same point", async () => {
    expect(lostWrites(await runLocalDrill(siteDrills.secondaryMissing))).toBe(0);
  });
});

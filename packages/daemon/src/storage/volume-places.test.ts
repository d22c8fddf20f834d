import { expect, it } from "vitest";
import type { OpenArray } from "./array-report.js";
import { allPlaces, placeOf } from "./volume-places.js";

const volumes = [
  { name: "db", isHidden: false },
  { name: "pair-marks.1", isHidden: true },
];

it("A6: what a pair keeps of its regions is no volume that an operator can name, and yet its name is taken", () => {
  const list = ({ hidden = false } = {}) => volumes.filter(({ isHidden }) => hidden || !isHidden);
  const arrays = [{ volumes: { list } } as unknown as OpenArray];
  expect(placeOf(arrays, "db").volume.name).toBe("db");
  expect(() => placeOf(arrays, "pair-marks.1")).toThrow("it has: db");
  expect(allPlaces(arrays)).toHaveLength(2);
});

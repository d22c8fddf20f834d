import { describe, expect, it } from "vitest";
import { formatAge, formatBytes, formatTable } from "./table.js";

describe("tables", () => {
  it("align columns, numbers to the right, and leave no space at the end", () => {
    const text = formatTable([
      ["NODE", "COUNT", "NOTE"],
      ["a", "5", ""],
      ["secondary", "-", "x"],
      ["b", "1200", ""],
    ]);
    expect(text.split("\n")).toEqual([
      "NODE       COUNT  NOTE",
      "a              5",
      "secondary      -  x",
      "b           1200",
    ]);
  });

  it.each([
    [0, "0 B"],
    [1536, "1.5 KiB"],
    [2 ** 30, "1 GiB"],
    [2 ** 60, "1024 PiB"],
  ])("say %d bytes as %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [-5, "0 s"],
    [119_000, "119 s"],
    [120_000, "2 min"],
    [3 * 86_400_000, "3 d"],
  ])("say %d ms as %s", (ageMs, text) => {
    expect(formatAge(ageMs)).toBe(text);
  });
});

import { expect, it } from "vitest";
import { formatAddress, formatSize, readAddress, readDurationMs, readShare, readSizeBytes } from "./quantities.js";

it.each([
  ["1GiB", 2 ** 30],
  ["64 KiB", 65_536],
  ["1.5MiB", 1_572_864],
  ["4096", 4096],
  [4096, 4096],
  ["0", 0],
  ["1GB", null],
  ["1.5", null],
  ["-1", null],
  [1.5, null],
  ["9000000000GiB", null],
  ["GiB", null],
  ["", null],
])("size %j is %j bytes", (text, bytes) => {
  expect(readSizeBytes(text)).toBe(bytes);
});

it.each([
  ["500ms", 500],
  ["10s", 10_000],
  ["1.5s", 1500],
  ["2m", 120_000],
  ["24h", 86_400_000],
  ["25h", null],
  ["10", null],
  ["s", null],
  ["0.1ms", null],
  ["-1s", null],
])("duration %j is %j ms", (text, ms) => {
  expect(readDurationMs(text)).toBe(ms);
});

it.each([
  ["80%", 0.8],
  ["1 %", 0.01],
  ["99%", 0.99],
  ["0%", null],
  ["100%", null],
  ["0.8", null],
  ["08%", null],
])("share %j is %j", (text, share) => {
  expect(readShare(text)).toBe(share);
});

it.each(["127.0.0.1:7401", "[::1]:7401", "relay-1.middle:65535"])(
  "address %j reads and is written the same",
  (text) => {
    expect(formatAddress(readAddress(text)!)).toBe(text);
  },
);

it.each(["127.0.0.1", "host:0", "host:65536", "::1:7401", ":7401", "ho st:1", "host:x"])("%j is no address", (text) => {
  expect(readAddress(text)).toBeNull();
});

it("sizes are shown in the unit that fits", () => {
  expect([0, 512, 65_536, 2 ** 30, 1.25 * 2 ** 30].map(formatSize)).toEqual(["0B", "512B", "64KiB", "1GiB", "1.3GiB"]);
});

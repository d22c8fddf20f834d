import { describe, expect, it } from "vitest";
import type { NodeName, VolumeName } from "@waystation/contracts/ids";
import { cellBytes, garbageTag, makeTag, type Tag } from "../cell.js";
import { createHistory } from "./history.js";
import { buryWhatIsMissing, judgeImage, type Image } from "./image.js";

const [volA, volB] = ["vol-a", "vol-b"] as VolumeName[] as [VolumeName, VolumeName];
const node = "primary-a" as NodeName;

/** Hosts that write one cell after the other, and their history. */
function hosts() {
  const history = createHistory();
  let id = 0;
  const ask = (volume: VolumeName, cell: number, tag: Tag) => {
    const request = { id: ++id, node, volume, offsetBytes: cell * cellBytes, lengthBytes: cellBytes };
    history.observe({ kind: "write-invoked", request, tag });
    return {
      acknowledge: () => history.observe({ kind: "write-acknowledged", request, tag }),
      fail: () => history.observe({ kind: "write-failed", request, tag }),
    };
  };
  const at = (cells: Cells): Image => imageAt(history.moment(), cells);
  const judge = (cells: Cells) => judgeImage(history, at(cells));
  return { history, ask, judge, at };
}

type Cells = readonly [a: readonly [number, Tag][], b: readonly [number, Tag][]];
const imageOf = (a: Cells[0], b: Cells[1]): Cells => [a, b];
const imageAt = (takenAt: number, [a, b]: Cells): Image =>
  new Map([
    [volA, { takenAt, cells: new Map(a) }],
    [volB, { takenAt, cells: new Map(b) }],
  ]);
const [first, second, third] = [makeTag(1, 1), makeTag(1, 2), makeTag(1, 3)];

describe("judging an image by what hosts were told (B6, B11)", () => {
  it("takes every prefix of dependent writes, and tells what it lacks", () => {
    const { ask, judge } = hosts();
    ask(volA, 0, first).acknowledge();
    ask(volB, 0, second).acknowledge();
    ask(volA, 0, third).acknowledge();
    const judged = [imageOf([], []), imageOf([[0, first]], []), imageOf([[0, first]], [[0, second]])].map(judge);
    expect(judged.map(({ wrong }) => wrong)).toEqual([null, null, null]);
    expect(judged.map(({ missing }) => missing.length)).toEqual([3, 2, 1]);
    expect(judge(imageOf([[0, third]], [[0, second]])).missing).toEqual([]);
  });

  it("finds an effect without its cause, on another volume or the same", () => {
    const { ask, judge } = hosts();
    ask(volA, 0, first).acknowledge();
    ask(volB, 0, second).acknowledge();
    ask(volA, 0, third).acknowledge();
    expect(judge(imageOf([], [[0, second]])).wrong).toContain("an effect without its cause");
    expect(judge(imageOf([[0, third]], [])).wrong).toContain("an effect without its cause");
  });

  it("demands nothing of writes under way, which may come in either order or not at all", () => {
    const { ask, judge } = hosts();
    const slow = ask(volA, 0, first);
    ask(volB, 0, second).acknowledge();
    slow.acknowledge();
    expect(judge(imageOf([], [[0, second]])).wrong).toBeNull();
    const lost = ask(volA, 1, third);
    lost.fail();
    expect(judge(imageOf([[0, first]], [[0, second]])).missing).toEqual([]);
    expect(
      judge(
        imageOf(
          [
            [0, first],
            [1, third],
          ],
          [[0, second]],
        ),
      ).wrong,
    ).toBeNull();
  });

  it("finds what nobody wrote there, mixtures, and what was buried", () => {
    const { history, ask, judge, at } = hosts();
    ask(volA, 0, first).acknowledge();
    ask(volA, 0, second).acknowledge();
    expect(judge(imageOf([[1, first]], [])).wrong).toContain("nobody wrote");
    expect(judge(imageOf([[0, garbageTag]], [])).wrong).toContain("mixture");
    buryWhatIsMissing(history, at(imageOf([[0, first]], [])));
    expect(judge(imageOf([[0, first]], [])).missing).toEqual([]);
    expect(judge(imageOf([[0, second]], [])).wrong).toContain("an image that hosts wrote to did not have");
  });
});

/**
 * Who writes a group's volumes, one side after the other (B11, B12, B14). Whenever all volumes were opened for writing
 * at other nodes than before, the image that their new hosts find is judged; where the operator was told that nothing is
 * lost, everything acknowledged is in it. From then on nobody acknowledges a write at the old side, unless the operator
 * forced it and was told of the risk.
 */
import type { NodeName, VolumeName } from "@waystation/contracts/ids";
import { showTag, type Tag } from "../cell.js";
import type { Checker, HostRequest, Observation, Violate } from "../observation.js";
import { cellsOf, type History } from "./history.js";
import { buryWhatIsMissing, judgeImage, type Image, type VolumeImage } from "./image.js";

export interface LineageOptions {
  readonly history: History;
  readonly volumes: readonly VolumeName[];
  /** The cells of a volume that are not zeros, as a reader would see them now. */
  readonly contentOf: (node: NodeName, volume: VolumeName) => ReadonlyMap<number, Tag>;
  readonly violate: Violate;
}

export interface Lineage extends Checker {
  /** Undefined while not all volumes of a new image were opened: what it lacks is not known before. */
  readonly writerOf: (volume: VolumeName) => NodeName | undefined;
  /** The operator is about to change sides. `forced`: he was told that hosts of the old side may be answered yet. */
  beginChange(options: { readonly forced: boolean }): void;
  /** He was told that nothing is lost by it. */
  promiseNothingLost(): void;
}

const name = "lineage";

export function createLineage({ history, volumes, contentOf, violate }: LineageOptions): Lineage {
  const writers = new Map<VolumeName, NodeName>();
  let opened = new Map<VolumeName, VolumeImage>();
  let promised = false;
  let isForced = false;
  /** What the last image lacked. */
  let missing = "";
  const fail = (message: string): void => {
    violate(name, message);
  };

  const checkPromise = (): void => {
    if (promised && missing !== "") fail(`nothing was to be lost, but ${missing}`);
  };

  const judge = (image: Image): void => {
    const { wrong, missing: lost } = judgeImage(history, image);
    if (wrong !== null) return fail(`the image that was opened on ${[...writers.values()].join(", ")}: ${wrong}`);
    const first = lost[0];
    missing =
      first === undefined
        ? ""
        : `${lost.length} acknowledged writes are not there, one being ${showTag(first.tag)} to cell ${first.cell} of ${first.volume}`;
    checkPromise();
    buryWhatIsMissing(history, image);
  };

  const openedForWriting = (node: NodeName, volume: VolumeName): void => {
    if (writers.get(volume) === node) return;
    const isFirst = !writers.has(volume);
    writers.set(volume, node);
    if (isFirst) return;
    opened.set(volume, { takenAt: history.moment(), cells: contentOf(node, volume) });
    if (opened.size < volumes.length) return;
    const image = opened;
    opened = new Map();
    judge(image);
  };

  const acknowledged = (request: HostRequest, tag: Tag): void => {
    const writer = writers.get(request.volume);
    if (isForced || writer === undefined || writer === request.node) return;
    for (const cell of cellsOf(request)) {
      const write = history.find(request.volume, cell, tag);
      if (write?.node !== request.node) continue;
      return fail(
        `${request.node} acknowledged ${showTag(tag)} to ${request.volume} while ${writer} writes it: two writers`,
      );
    }
  };

  return {
    name,
    writerOf: (volume) => (opened.has(volume) ? undefined : writers.get(volume)),
    beginChange({ forced }) {
      isForced ||= forced;
      promised = false;
      missing = "";
    },
    promiseNothingLost() {
      promised = true;
      checkPromise();
    },
    observe(observation: Observation) {
      switch (observation.kind) {
        case "opened-for-writing":
          return openedForWriting(observation.node, observation.volume);
        case "write-acknowledged":
          return acknowledged(observation.request, observation.tag);
        default:
          return;
      }
    },
  };
}

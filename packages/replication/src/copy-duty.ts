/**
 * A secondary's part in a copy run, as it is durable in the mark `copy` (PROTOCOL 9): the relay's order, and what this node
 * must do about it. Pure: which duty follows from which order, and where a takeover may leave this node.
 *
 *     none -> joined (image at `base` kept) -> gated (`end` passed the gate: the image at `base` is needed no more) -> none
 */
import assert from "node:assert/strict";
import { toSequence } from "@waystation/contracts/ids";
import { markNames, type Marks } from "./marks.js";
import type { CopyOrder } from "./messages.js";
import type { MarkValue, NodeName, Sequence } from "./vocabulary.js";

export interface CopyDuty extends CopyOrder {
  /** There is no image to go back to: until the end has passed the gate no takeover may use this node. */
  readonly blank: boolean;
  /** Nobody knows what the volumes hold: everything is to be compared. Without it the regions told are enough. */
  readonly unknown: boolean;
  /** The volumes lack what is being copied: from the first record of the run on they are whole again only at its end. */
  readonly mixed: boolean;
  /**
   * Names the pre-images: the run that began to keep them; a later run from the same base goes on with them. Empty while
   * none are kept yet.
   */
  readonly images: string;
  readonly gated: boolean;
  /** The branch to be made of each volume before it is overwritten; empty when none is due, or all are made. */
  readonly branch: string;
}

export function readDuty(marks: Marks): CopyDuty | null {
  const value = marks.get(markNames.copy);
  if (value === undefined) return null;
  const fields = value as unknown as CopyDuty;
  const { copyId, base, begin, nodes, end, images, branch } = fields;
  const texts = [copyId, images, branch];
  const isWhole = texts.every((text) => typeof text === "string") && Array.isArray(nodes);
  assert(isWhole, `the mark ${markNames.copy} is damaged`);
  return { ...fields, base: toSequence(base), begin: toSequence(begin), end: end === null ? null : toSequence(end) };
}

export function dutyMark(duty: CopyDuty): MarkValue {
  return { ...duty };
}

/** Where a secondary stands when an order comes. */
export interface Standing {
  readonly self: NodeName;
  readonly duty: CopyDuty | null;
  /** Its volumes are known to hold nothing of use (`resync-due`). */
  readonly due: boolean;
  readonly received: Sequence;
  readonly validated: Sequence;
  readonly applying: Sequence;
}

/** True when the run of this order was joined already: only its end may be news. */
export function isJoined(order: CopyOrder, duty: CopyDuty): boolean {
  return duty.copyId === order.copyId;
}

/**
 * How far the volumes must have come before an order is taken; null when they are to be taken as they are. In a new run:
 * to `base` and no further, because pre-images are of the image there. In another run from the same base: to all that
 * was validated here. The primaries have forgotten what every secondary has validated, and the records of it are cut.
 */
export function pointBefore(
  order: CopyOrder,
  { self, duty, due, received, validated, applying }: Standing,
): Sequence | null {
  if (duty !== null) return order.nodes.includes(self) && !duty.unknown ? validated : null;
  return due || received < order.base || applying > order.base ? null : order.base;
}

/**
 * The duty that an order brings to a node that has not joined its run. The image at `base` can be kept if the volumes are
 * there; or because an unfinished run began with the same image and keeps it still.
 */
export function newDuty(order: CopyOrder, standing: Standing): CopyDuty {
  const { self, duty } = standing;
  const { copyId, base, begin, nodes, end } = order;
  const named = nodes.includes(self);
  const common = { copyId, base, begin, nodes, end, gated: false };
  if (duty === null) {
    const blank = pointBefore(order, standing) === null;
    return { ...common, blank, unknown: blank, mixed: named, images: "", branch: "" };
  }
  const same = duty.base === base;
  return {
    ...common,
    blank: duty.blank || !same,
    unknown: duty.unknown || !same,
    mixed: duty.mixed || named,
    images: same ? duty.images : "",
    branch: duty.branch,
  };
}

/** Whether a run has ended for good when the gate is here. */
export function isOver(duty: CopyDuty, gate: Sequence): boolean {
  return duty.gated || (duty.end !== null && gate >= duty.end);
}

/** Whether what a node applies in this run must be kept first. */
export function keepsImages(duty: CopyDuty | null): duty is CopyDuty {
  return duty !== null && !duty.blank && !duty.gated;
}

/** What a takeover may do with a node in a run: use the image at `base`; anything that reaches; nothing. */
export function reachOf(duty: CopyDuty | null, sequence: Sequence): "back" | "forward" | "none" {
  if (duty === null || isOver(duty, sequence)) return "forward";
  return sequence === duty.base && !duty.blank ? "back" : "none";
}

/**
 * The duty of a secondary as a term begins: the run that every term begins with has been joined, its volumes and numbers are
 * at the run's base. `branch`: the name under which what they hold is to be kept before it is overwritten; empty when
 * nothing of it could be missed.
 */
export function dutyAtTermStart(
  order: CopyOrder,
  { atBase, comparable }: { readonly atBase: boolean; readonly comparable: boolean },
  branch: string,
): CopyDuty {
  return { ...order, blank: !atBase, unknown: !atBase && !comparable, mixed: true, images: "", gated: false, branch };
}

/** The marks of a secondary that is complete up to a number, and has stored everything up to it. */
export function stagesAt(sequence: Sequence): [string, MarkValue][] {
  const { received, validated, applying, applied } = markNames;
  return [received, validated, applying, applied].map((name) => [name, sequence]);
}

/** What a node answers when it is asked which order it holds (E4): one of the points that it still knows. */
import { noSequence } from "@waystation/contracts/ids";
import { keptRoots } from "./chain-marks.js";
import { showDigest } from "./digest.js";
import type { Attestation } from "../control-front.js";
import type { Marks } from "../marks.js";
import type { GroupStatus } from "../status.js";
import type { NodeName, Sequence } from "../vocabulary.js";

/** `sequence`: the number asked for; null for the last point. */
export function attestationOf(options: {
  readonly node: NodeName;
  readonly status: GroupStatus;
  readonly marks: Marks;
  readonly sequence: Sequence | null;
}): Attestation {
  const { node, status, marks, sequence } = options;
  const role = status.relay !== null ? "relay" : status.secondary !== null ? "secondary" : "primary";
  // What a primary may have settled in another role says nothing of its volumes now.
  const roots = role === "primary" ? [] : keptRoots(marks);
  const found = roots.findLast((each) => sequence === null || each.sequence <= sequence);
  const point = found === undefined ? null : { sequence: found.sequence, root: showDigest(found.root) };
  return { node, role, point, oldest: roots[0]?.sequence ?? noSequence, detail: status.detail };
}

/**
 * The provable order (E4, PROTOCOL 8), measured by a model of its own: the root that a relay commits to at a point, and the
 * root that any node stores for a point, are the ones that the relay's durable records make. Chains begin where a term
 * does, and again above each number that the relay durably says they do.
 */
import type { JournalRecord } from "@waystation/contracts/journal";
import type { GroupName, NodeName, VolumeName } from "@waystation/contracts/ids";
import { naiveAnchor, naiveCommitment, naiveRecordDigest, sha256 } from "@waystation/replication/testing/chain-model";
import type { Checker, Observation, Violate } from "../observation.js";

const name = "settled-roots";

/** What was stamped under one term. */
interface TermOrder {
  readonly epoch: number;
  readonly base: number;
  readonly volumes: readonly VolumeName[];
  readonly records: JournalRecord[];
  readonly anchors: Set<number>;
  /** The root at each number that was asked for. */
  readonly roots: Map<number, string>;
  /** The heads at the highest of them; points mostly ascend. */
  newest: Folded | null;
}

/** Heads that were folded up to a number, and the first record that is not in them. */
interface Folded {
  readonly anchor: number;
  readonly sequence: number;
  readonly heads: Map<VolumeName, Buffer>;
  readonly next: number;
}

export interface SettledRootsChecker extends Checker {
  /** How many roots were compared: a run that compares none shows nothing. */
  compared(): number;
}

export function createSettledRootsChecker(options: {
  readonly group: GroupName;
  /** Of the first term. */
  readonly volumes: readonly VolumeName[];
  readonly violate: Violate;
}): SettledRootsChecker {
  const { group, violate } = options;
  const first: TermOrder = newTerm(1, 0, options.volumes);
  const terms = new Map([[first.epoch, first]]);
  const followed = new Map<NodeName, TermOrder>();
  let compared = 0;

  const foldTo = (term: TermOrder, anchor: number, sequence: number): Folded => {
    const { newest, epoch, records } = term;
    const goesOn = newest !== null && newest.anchor === anchor && newest.sequence <= sequence;
    const reason = term.anchors.has(anchor) && anchor < sequence ? "resync" : "term";
    const heads = goesOn
      ? new Map(newest.heads)
      : new Map(term.volumes.map((each) => [each, naiveAnchor({ group, epoch, reason, sequence: anchor }, each)]));
    let next = goesOn ? newest.next : 0;
    for (let record = records[next]; record !== undefined && record.sequence <= sequence; record = records[++next]) {
      const head = heads.get(record.volume);
      if (record.sequence > anchor && head !== undefined)
        heads.set(record.volume, sha256(head, naiveRecordDigest(record)));
    }
    return { anchor, sequence, heads, next };
  };

  const rootAt = (term: TermOrder, sequence: number): string => {
    const known = term.roots.get(sequence);
    if (known !== undefined) return known;
    const anchor = Math.max(term.base, ...[...term.anchors].filter((anchored) => anchored < sequence));
    const folded = foldTo(term, anchor, sequence);
    if (sequence > (term.newest?.sequence ?? -1)) term.newest = folded;
    const root = naiveCommitment(folded.heads).toString("hex");
    term.roots.set(sequence, root);
    return root;
  };

  const compare = (
    node: NodeName,
    epoch: number,
    point: { readonly sequence: number; readonly root: string },
  ): void => {
    const term = terms.get(epoch);
    if (term === undefined)
      return violate(name, `${node} has a root of the term of epoch ${epoch}, which nobody began`);
    compared += 1;
    if (rootAt(term, point.sequence) !== point.root)
      violate(name, `${node} has a root at ${point.sequence} (epoch ${epoch}) that the stamped records do not make`);
  };

  const noteCommit = (
    node: NodeName,
    { records = [], marks }: Extract<Observation, { kind: "journal-durable" }>["commit"],
  ): void => {
    const begun = marks?.get("term") as unknown as
      | {
          readonly epoch: { readonly number: number };
          readonly base: number;
          readonly volumes: readonly { readonly name: VolumeName }[];
        }
      | undefined;
    if (begun !== undefined) {
      const { epoch, base, volumes } = begun;
      const term =
        terms.get(epoch.number) ??
        newTerm(
          epoch.number,
          base,
          volumes.map((volume) => volume.name),
        );
      terms.set(term.epoch, term);
      followed.set(node, term);
    }
    const term = followed.get(node) ?? first;
    // Only a relay says how far it has stamped.
    if (marks?.has("stamped") === true) term.records.push(...records);
    for (const anchor of (marks?.get("anchors") ?? []) as readonly number[]) term.anchors.add(anchor);
    const stored = marks?.get("root") as unknown as { epoch: number; sequence: number; root: string } | undefined;
    if (stored !== undefined) compare(node, stored.epoch, stored);
  };

  return {
    name,
    compared: () => compared,
    observe(observation) {
      if (observation.kind === "journal-durable") return noteCommit(observation.node, observation.commit);
      if (observation.kind !== "sent" || observation.message.body.kind !== "prepare") return;
      const { body, term } = observation.message;
      const { sequence, commitment } = body;
      compare(observation.from, term === 0 ? first.epoch : term, { sequence, root: commitment.root.toString("hex") });
    },
  };
}

function newTerm(epoch: number, base: number, volumes: readonly VolumeName[]): TermOrder {
  return { epoch, base, volumes, records: [], anchors: new Set(), roots: new Map(), newest: null };
}

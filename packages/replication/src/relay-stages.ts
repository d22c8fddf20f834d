/** What a relay tells of its group: how it stands, whether it protects its hosts' writes, and what is due when not. */
import { runOf, type Course } from "./course.js";
import type { PairState } from "./messages.js";
import { pairStates } from "./pair-states.js";
import type { IngressPeer } from "./relay-peers.js";
import type { FarStages, RelayStages } from "./status.js";
import type { GroupName, NodeName, Sequence } from "./vocabulary.js";

/** The relay as it stands now. */
export interface RelayView {
  readonly group: GroupName;
  readonly self: NodeName;
  readonly state: PairState;
  readonly lost: string | null;
  readonly frozenAt: Sequence | null;
  readonly waitsFor: string;
  readonly course: Course;
  readonly copyWaitsFor: string;
  readonly autoResync: boolean;
  readonly peers: readonly IngressPeer[];
  readonly resyncDue: string;
}

export function phaseOf({ lost, frozenAt, course, waitsFor }: RelayView): string {
  if (lost !== null) return "journal-lost";
  if (frozenAt !== null) return "fenced";
  if (course.kind === "suspended") return "suspended";
  if (waitsFor !== "") return "waiting";
  return course.kind === "copying" ? "copying" : "stamping";
}

/** Why acknowledged writes are not bound to survive the loss of the primary site; empty while they are (PROTOCOL 4). */
export function protection(view: RelayView): string {
  if (view.lost !== null) return `the relay's journal lost records: ${view.lost}`;
  if (view.frozenAt !== null) return `the group is frozen at ${view.frozenAt}`;
  if (view.course.kind !== "running" || !pairStates[view.state].protects) return stateDetail(view) || view.waitsFor;
  if (view.waitsFor !== "") return view.waitsFor;
  for (const { node, welcomed, lease } of view.peers) {
    if (!welcomed) return `${node} is not connected to the relay`;
    if (!lease.held()) return `the lease of ${node} has ended`;
    // Paired without the relay that was configured (B13): what is not at the secondaries yet is lost with this node.
    if (node === view.self)
      return `the relay is ${node}, a primary: due is wayctl group return ${view.group}, once the configured relay is back`;
  }
  return view.resyncDue;
}

/** What there is to say to the state; with the command that is due. Changes seldom: it is sent to the secondaries. */
export function stateDetail({ group, course, copyWaitsFor, autoResync, resyncDue }: RelayView): string {
  const due = `due is: wayctl group resync ${group}`;
  switch (course.kind) {
    case "suspended": {
      const { at, state, detail } = course;
      const next = state === "PSUS" || !autoResync ? due : "it resyncs by itself once everybody is back";
      return `suspended at ${at} (${state}): ${detail}; ${next}`;
    }
    case "copying":
      if (copyWaitsFor !== "") return copyWaitsFor;
      return `copy run ${course.run.order.copyId}: until its end is validated a takeover goes back to ${course.run.order.base}`;
    case "running":
      return resyncDue;
  }
}

export function relayStages(
  view: RelayView,
  far: FarStages,
): Omit<RelayStages, "stamped" | "journalUsedBytes" | "journalCapacityBytes"> {
  // A journal that is filling up is the group's matter: its legs are as good as they were.
  const legState = view.state === "PFUL" ? "PAIR" : view.state;
  return {
    protected: protection(view) === "",
    protectedDetail: protection(view),
    pair: view.state,
    copy: runOf(view.course)?.order ?? null,
    ...far,
    primaries: view.peers.map(({ node, welcomed, lease }) => ({
      node,
      connected: welcomed,
      leased: lease.held(),
    })),
    secondaries: far.secondaries.map((leg) => ({
      ...leg,
      pair: view.resyncDue.startsWith(`${leg.node} `) && legState === "PAIR" ? "PSUE" : legState,
    })),
  };
}

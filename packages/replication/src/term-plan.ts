/**
 * What a change of term would be, from where the members stand: pure, so that a dry run and the real one judge alike, and
 * the real one judges again with what was promised. Data moves by the copy run of the new term only, and what it has to
 * look at is in the primaries' logs: so a plan need not wait for anything but the nodes that would write under it.
 */
import { noSequence, sameEpoch, type Sequence } from "@waystation/contracts/ids";
import { highestValidated, lowestReceived, newestTakeover, stateOf, statesOf, unfinishedBase } from "./coordination.js";
import type { TermChangeRequest } from "./control-front.js";
import type { CouncilAnswers } from "./council.js";
import { membersOf, primariesOf, secondariesOf, type GroupVolume, type Membership } from "./membership.js";
import type { Decision } from "./messages.js";
import type { TermRefusal } from "./term-outcome.js";
import { writerOf, type Term } from "./term.js";
import type { NodeName } from "./vocabulary.js";

export interface TermPlan {
  readonly relay: NodeName;
  readonly volumes: readonly GroupVolume[];
  /** Nothing begins without these: they write, and stamp. */
  readonly required: readonly NodeName[];
  /** The number that the old term ends with: the volumes of all in `atBase` are brought there. */
  readonly sequence: Sequence;
  readonly atBase: readonly NodeName[];
  readonly base: Sequence;
  readonly tail: boolean;
  readonly risks: readonly string[];
}

export interface Circumstances {
  readonly self: NodeName;
  readonly cause: TermChangeRequest["cause"];
  readonly force: boolean;
  readonly configured: Membership;
  /** Under the term that is over with this plan. */
  readonly membership: Membership;
  readonly term: Term | null;
  readonly answers: CouncilAnswers;
}

export type Verdict =
  | { readonly kind: "plan"; readonly plan: TermPlan }
  | { readonly kind: "refusal"; readonly code: TermRefusal; readonly about: string }
  /** A swap of a group that was not taken over yet: that comes first. */
  | { readonly kind: "take-over-first"; readonly risks: readonly string[] };

const refuse = (code: TermRefusal, about: string): Verdict => ({ kind: "refusal", code, about });

export function planTerm(now: Circumstances): Verdict {
  const decision = newestTakeover(now.answers, now.term);
  if (now.cause === "swap") return planSwap(now, decision);
  if (decision !== null) return refuse("TAKEN_OVER", `sequence ${decision.sequence}, epoch ${decision.epoch.number}`);
  switch (now.cause) {
    case "direct":
      return planDirect(now);
    case "return":
      return planReturn(now);
    case "members":
      return planMembers(now);
  }
}

function planSwap(now: Circumstances, decision: Decision | null): Verdict {
  const { membership, configured, answers, force } = now;
  const risks: string[] = [];
  // A primary that had taken the relay's role will keep copies now: the relay has its role again.
  const relay = primariesOf(membership).includes(membership.relay) ? configured.relay : membership.relay;
  // Killed when all was done, it is run again: it must not swap back.
  if (primariesOf(membership).includes(now.self))
    return refuse(
      "NOTHING_TO_DO",
      `hosts write at ${now.self} already. To swap back ask ${secondariesOf(membership).join(" or ")}`,
    );
  if (isGone(answers, relay)) return refuse("RELAY_UNREACHABLE", relay);
  for (const node of primariesOf(membership)) {
    if (stateOf(answers, node) !== null) continue;
    if (!force) return refuse("PRIMARY_UNREACHABLE", node);
    risks.push(`${node} does not answer: the group stays unprotected until it is back and was copied to`);
  }
  if (decision === null) return { kind: "take-over-first", risks };
  const closed = decision.participants.find((node) => stateOf(answers, node)?.phase !== "open");
  if (closed !== undefined) return refuse("TAKEOVER_UNFINISHED", closed);
  // Those that were away when it was decided and have joined it since are as good (B6).
  const joined = secondariesOf(membership).filter((node) => {
    const state = stateOf(answers, node);
    const theirs = state?.decision ?? null;
    return state?.phase === "open" && theirs !== null && sameEpoch(theirs.epoch, decision.epoch);
  });
  const holders = [...new Set([...decision.participants, ...joined])];
  const isOrphan = (volume: GroupVolume): boolean => {
    const writer = writerOf(volume, decision);
    return writer === null || !holders.includes(writer);
  };
  const orphan = membership.volumes.find(isOrphan);
  if (orphan !== undefined) return refuse("NO_COPY", orphan.name);
  const volumes = membership.volumes.map((volume): GroupVolume => {
    const primary = writerOf(volume, decision) ?? volume.primary;
    const others = [volume.primary, ...volume.secondaries].filter((node) => node !== primary);
    return { ...volume, primary, secondaries: others };
  });
  return planOf(now, {
    ...{ relay, volumes, risks, sequence: decision.sequence, atBase: holders },
    least: Math.max(decision.sequence, decision.stamped),
    // What the relay had not stamped when it was fenced, no host was told of, unless its primary had gone on alone.
    tail: !(decision.fenced && decision.sequence >= decision.stamped),
  });
}

function planDirect(now: Circumstances): Verdict {
  const { membership, answers, force } = now;
  const { relay } = membership;
  const primaries = primariesOf(membership);
  const [host] = primaries;
  if (host === undefined || primaries.includes(relay))
    return refuse("NOTHING_TO_DO", `the primary ${relay} is the relay already`);
  if (!isGone(answers, relay) && !force) return refuse("RELAY_PRESENT", relay);
  return planInPlace(now, { relay: host, volumes: membership.volumes });
}

function planReturn(now: Circumstances): Verdict {
  const { membership, configured, answers } = now;
  const { relay } = configured;
  const state = stateOf(answers, relay);
  if (state === null) return refuse("RELAY_UNREACHABLE", relay);
  const since = now.term?.epoch.number ?? 1;
  // One that waits was restarted, or is a new machine that may never stamp on its own.
  const isSound = membership.relay === relay && !["fenced", "journal-lost", "waiting"].includes(state.relayPhase);
  if (isSound && statesOf(answers).every(({ promised }) => promised.number <= since))
    return refuse("NOTHING_TO_DO", `${relay} is the relay, and nothing hinders it`);
  return planInPlace(now, { relay, volumes: membership.volumes });
}

/** Roles as they are for volumes that stay; as configured for those that come. */
function planMembers(now: Circumstances): Verdict {
  const { membership, configured } = now;
  const volumes: GroupVolume[] = [];
  for (const volume of configured.volumes) {
    const places = [volume.primary, ...volume.secondaries];
    const before = membership.volumes.find(({ name }) => name === volume.name);
    const primary = before?.primary ?? volume.primary;
    if (!places.includes(primary)) return refuse("PRIMARY_NOT_CONFIGURED", `${volume.name} on ${primary}`);
    volumes.push({ ...volume, primary, secondaries: places.filter((node) => node !== primary) });
  }
  const shown = (list: readonly GroupVolume[]): string =>
    JSON.stringify(list.map((v) => [v.name, v.primary, v.secondaries]));
  if (shown(volumes) === shown(membership.volumes))
    return refuse("NOTHING_TO_DO", "the members are those of the configuration");
  return planInPlace(now, { relay: membership.relay, volumes });
}

/** Primaries stay primaries: their writes wait, and go on. */
function planInPlace(now: Circumstances, next: { relay: NodeName; volumes: readonly GroupVolume[] }): Verdict {
  const { membership, answers, force } = now;
  // It holds neither what hosts were told nor what the relay has, and the next term would take it at its word.
  const halfWay = primariesOf(membership).find((node) => stateOf(answers, node)?.phase === "fetching");
  if (halfWay !== undefined) return refuse("PRIMARY_FETCHING", halfWay);
  const risks: string[] = [];
  const secondaries = secondariesOf(membership);
  const absent = secondaries.filter((node) => stateOf(answers, node) === null);
  for (const node of absent) {
    if (!force) return refuse("SECONDARY_UNREACHABLE", node);
    risks.push(
      `${node} does not answer: if it has taken over, hosts there write too (split brain); it follows again when it is back`,
    );
  }
  const present = secondaries.filter((node) => !absent.includes(node));
  const usable = present.filter((node) => stateOf(answers, node)?.phase !== "needs-resync");
  const reached =
    usable.length === 0
      ? noSequence
      : absent.length === 0
        ? lowestReceived(answers, usable)
        : highestValidated(answers, usable);
  const sequence = unfinishedBase(answers, usable, reached) ?? reached;
  return planOf(now, { ...next, risks, sequence, atBase: usable, least: noSequence, tail: false });
}

function planOf(now: Circumstances, fields: Omit<TermPlan, "required" | "base"> & { readonly least: number }): Verdict {
  const { least, ...plan } = fields;
  const { answers, configured, membership } = now;
  const required = [...new Set([...primariesOf({ ...configured, volumes: plan.volumes }), plan.relay])];
  const silent = required.find((node) => stateOf(answers, node) === null);
  if (silent !== undefined) return refuse(silent === plan.relay ? "RELAY_UNREACHABLE" : "PRIMARY_UNREACHABLE", silent);
  const missing = membersOf({ ...membership, volumes: plan.volumes }).find(
    (node) => plan.volumes.some(({ secondaries }) => secondaries.includes(node)) && node === plan.relay,
  );
  if (missing !== undefined) return refuse("RELAY_IS_SECONDARY", missing);
  const known = statesOf(answers).flatMap(({ stamped, received }) => [stamped, received]);
  const base = Math.max(least, now.term?.base ?? 0, ...known) as Sequence;
  return { kind: "plan", plan: { ...plan, required, base } };
}

/** Not there, or there without what it needs to stamp. */
function isGone(answers: CouncilAnswers, relay: NodeName): boolean {
  const state = stateOf(answers, relay);
  return state === null || state.relayPhase === "journal-lost";
}

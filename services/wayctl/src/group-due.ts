/**
 * What the operator of a group should do next, from what its members say: one line, with the command to run, or none when
 * the group goes on by itself. Pure. The rules are tried in order: who writes, then who can tell, then how pairs stand.
 */
import type { GroupView, MemberView } from "./group-view.js";

export interface Due {
  /** To be run as it stands; "" when a node has to be started first. */
  readonly command: string;
  readonly why: string;
}

export interface GroupFacts extends Omit<GroupView, "due"> {
  readonly configuredRelay: string;
  readonly autoResync: boolean;
}

export function dueOf(facts: GroupFacts): Due | null {
  const { members } = facts;
  if (members.every(({ alive }) => !alive)) return { command: "", why: "no member answers: start the daemons" };
  for (const rule of rules) {
    const due = rule(facts);
    if (due !== undefined) return due;
  }
  return null;
}

/** Undefined: says nothing of this case. Null: nothing is due in it. */
type Rule = (facts: GroupFacts) => Due | null | undefined;

const rules: readonly Rule[] = [
  afterTakeover,
  unfinishedChange,
  staleMembers,
  relayLost,
  relayAway,
  primariesAway,
  suspended,
  copying,
  lostRelayBack,
  branchesLeft,
];

const group = (verb: string, facts: GroupFacts): string => `wayctl group ${verb} ${facts.group}`;

const named = (members: readonly MemberView[]): string => [...new Set(members.map(({ node }) => node))].join(", ");

const verb = (members: readonly MemberView[], one: string, several: string): string =>
  new Set(members.map(({ node }) => node)).size === 1 ? one : several;

const ofRole = (facts: GroupFacts, role: MemberView["role"]) => facts.members.filter((member) => member.role === role);

/** SSWS: the way on is a swap, once the old primaries are there to follow it (B12, B14). */
function afterTakeover(facts: GroupFacts): Due | undefined {
  if (facts.pair !== "SSWS") return undefined;
  const old = ofRole(facts, "primary");
  const back = old.filter(({ alive }) => alive);
  const command = group("swap", facts);
  const over = `the group was taken over (epoch ${facts.epoch ?? "-"}) and hosts write at the far side`;
  if (back.length === 0) return { command, why: `${over}: start ${named(old)} to have a copy again, then swap` };
  const away = old.filter(({ alive }) => !alive);
  const later = away.length === 0 ? "" : `; ${named(away)} can follow later`;
  return {
    command,
    why: `${over}; ${named(back)} ${verb(back, "is an old primary", "are old primaries")}, refused by everyone and serving no host: the swap keeps what nobody else has as a branch, and brings ${verb(back, "it", "them")} back as secondaries${later}`,
  };
}

/** Hosts wait: its coordinator may have died. Going back to the configured relay is a change that is always legal then. */
function unfinishedChange(facts: GroupFacts): Due | undefined {
  const paused = facts.members.filter((member) => member.paused);
  if (paused.length === 0) return undefined;
  return {
    command: group("return", facts),
    why: `a change of roles (epoch ${facts.epoch ?? "-"}) is under way, and hosts of ${named(paused)} wait for it: if its coordinator has died, run it again, or put everything back`,
  };
}

/** A relay that lost what it acknowledged, or was replaced by an empty machine, must not stamp on its own. */
function relayLost(facts: GroupFacts): Due | undefined {
  const relay = ofRole(facts, "relay").find(({ phase }) => phase === "journal-lost");
  if (relay === undefined) return undefined;
  return {
    command: group("return", facts),
    why: `${relay.node} has lost its journal: let it begin anew, from what the primaries and secondaries hold`,
  };
}

/** A member that still follows an older epoch than the others asks by itself, and is told. */
function staleMembers(facts: GroupFacts): Due | undefined {
  const fenced = facts.members.filter(({ phase }) => phase === "fenced");
  if (fenced.length === 0 || facts.members.some(({ alive, phase }) => alive && phase === "open")) return undefined;
  return {
    command: group("takeover", facts),
    why: `${named(fenced)} has promised epoch ${facts.epoch ?? "-"} to a takeover or a change of term that was not finished: run it again`,
  };
}

/** No relay: the ends go on without it, or the far side takes over. */
function relayAway(facts: GroupFacts): Due | undefined {
  if (facts.protected !== null) return undefined;
  const relay = facts.term?.relay ?? facts.configuredRelay;
  const primaries = ofRole(facts, "primary").filter(({ alive }) => alive);
  if (primaries.length === 0) {
    return { command: group("takeover", facts), why: `neither the primaries nor the relay ${relay} answer` };
  }
  const direct = group("direct", facts);
  return {
    command: direct,
    why: `the relay ${relay} does not answer: start it; if it is lost, pair the ends without it`,
  };
}

function primariesAway(facts: GroupFacts): Due | undefined {
  const primaries = ofRole(facts, "primary");
  const away = primaries.filter(({ alive }) => !alive);
  if (away.length === 0) return undefined;
  return {
    command: group("takeover", facts),
    why: `${named(away)} ${verb(away, "does", "do")} not answer: start ${verb(away, "it", "them")}; if the site is lost, make the secondaries primaries`,
  };
}

function suspended(facts: GroupFacts): Due | null | undefined {
  const resync = group("resync", facts);
  if (facts.pair === "PSUS")
    return { command: resync, why: "an operator has suspended the group: hosts write without a copy" };
  if (facts.pair !== "PSUE" && facts.pair !== "PFUS") return undefined;
  const what = facts.pair === "PSUE" ? "a failure has suspended the group" : "the relay's journal was full";
  const away = facts.members.filter(({ alive }) => !alive);
  if (away.length > 0) {
    const then = facts.autoResync ? "it then resyncs by itself" : "then resync";
    return { command: facts.autoResync ? "" : resync, why: `${what}: start ${named(away)}; ${then}` };
  }
  return facts.autoResync ? null : { command: resync, why: `${what}, and it is configured not to resync by itself` };
}

/** It ends by itself. */
function copying(facts: GroupFacts): Due | null | undefined {
  return facts.pair === "COPY" ? null : undefined;
}

/** The ends are paired without the relay, and it is back (B13). */
function lostRelayBack(facts: GroupFacts): Due | undefined {
  const { term, configuredRelay, members } = facts;
  if (term?.cause !== "direct" || term.relay === configuredRelay) return undefined;
  if (!members.some(({ node, alive }) => node === configuredRelay && alive)) return undefined;
  return {
    command: group("return", facts),
    why: `the ends are paired without ${configuredRelay}, which is back: writes are not protected from the loss of their site until it relays again`,
  };
}

function branchesLeft(facts: GroupFacts): Due | undefined {
  const [branch] = facts.branches;
  if (branch === undefined) return undefined;
  return {
    command: `wayctl group branches ${facts.group}`,
    why: `${facts.branches.length} kept from before a swap, first ${branch.name} of ${branch.volume} on ${branch.node}: take from it what is needed, then drop it`,
  };
}

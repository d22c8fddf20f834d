/** A group as text for people. `-` stands for what no live node could tell. */
import type { CopyView, GroupView, MemberView } from "./group-view.js";
import { formatBytes, formatTable } from "./table.js";

const orDash = (value: number | string | null): string => (value === null || value === "" ? "-" : String(value));

export function renderGroup(view: GroupView): string {
  const detail = view.protectedDetail === "" ? "" : ` (${view.protectedDetail})`;
  const pair = view.pair === null ? "" : `  ${view.pair}`;
  const heading = `group ${view.group}  epoch ${orDash(view.epoch)}${pair}  protected: ${view.protected === true ? "yes" : "no"}${detail}`;
  const titles = [
    "NODE",
    "ROLE",
    "PHASE",
    "PAIR",
    "STAMPED",
    "SHIPPED",
    "RECEIVED",
    "PREPARED",
    "VALIDATED",
    "APPLIED",
  ];
  const rows = view.members.map((member) => [
    member.node,
    member.role,
    member.alive ? orDash(member.phase) : "DEAD",
    orDash(member.pair),
    ...[member.stamped, member.shipped, member.received, member.prepared, member.validated, member.applied].map(orDash),
    ...lagOf(member),
    member.detail,
  ]);
  return [heading, ...notesOf(view), formatTable([[...titles, "LAG WRITES", "LAG SECONDS", ""], ...rows])].join("\n");
}

/** What there is to say beside the table, a line each; most groups have none. */
function notesOf({ term, copy, branches, due }: GroupView): string[] {
  const causes: Readonly<Record<string, string>> = {
    swap: "by a swap",
    direct: "without the configured relay",
    return: "back at the configured relay",
    members: "with members as the cluster file said then",
  };
  return [
    ...(term === null ? [] : [`  term: ${term.epoch}, ${causes[term.cause] ?? term.cause}; relay ${term.relay}`]),
    ...(copy === null ? [] : [`  copy: ${describeCopy(copy)}`]),
    ...(branches.length === 0 ? [] : [`  branches: ${branches.map(({ node, name }) => `${node}/${name}`).join(", ")}`]),
    ...(due === null ? [] : [`  due: ${due.command === "" ? due.why : `${due.command}  (${due.why})`}`]),
  ];
}

function describeCopy({ base, end, totalBytes, doneBytes, sentBytes, bytesPerSecond, detail }: CopyView): string {
  const image = `a takeover now yields the image of ${base}`;
  if (end !== null) return `all is sent; complete once every secondary has validated ${end}; ${image}`;
  const share = totalBytes === 0 ? 0 : Math.floor((doneBytes / totalBytes) * 100);
  const pace = detail === "" ? `${formatBytes(bytesPerSecond)}/s` : `it waits: ${detail}`;
  return `${share}% of ${formatBytes(totalBytes)}, ${formatBytes(sentBytes)} differed, ${pace}; ${image}`;
}

function lagOf({ lagWrites, lagSeconds }: MemberView): [string, string] {
  return [orDash(lagWrites), lagSeconds === null ? "-" : lagSeconds.toFixed(1)];
}

/** Effects as one line each, so that a test reads like the story of the node. */
import type { Effect, JournalPlace } from "../effects.js";
import type { CopyOrder, OriginWrite, PeerBody, RegionRuns, VolumeMark } from "../messages.js";
import type { JournalCommit } from "@waystation/contracts/journal";
import type { BlockWrite } from "@waystation/contracts/block-device";
import type { JournalRecord, OriginNumber } from "../vocabulary.js";

/** The line of an effect; `link` names the other end of its link, if it has one, such as `ingress relay-1`. */
export function showEffect(effect: Effect, link: string): string {
  switch (effect.kind) {
    case "commit":
      return `${at(effect.place)}commit ${showCommit(effect.change)}`;
    case "trim":
      return `${at(effect.place)}trim ${effect.sequence}`;
    case "read-journal":
      return `${at(effect.place)}read ${effect.options.from}..${effect.options.through}${showVolumes(effect.options.volumes)}`;
    case "branch":
      return `branch ${effect.volume} ${effect.name}`;
    case "store":
      return `store ${effect.volume} ${effect.writes.map(showBlockWrite).join(" ")}`;
    case "load":
      return `load ${effect.volume} ${effect.offsetBytes}+${effect.lengthBytes}`;
    case "send":
      return `send ${link}: ${showBody(effect.message.body)}`;
    case "dial":
      return `dial ${effect.channel} ${effect.peer}`;
    case "close-link":
      return `close ${link}`;
    case "reply":
      return `reply ${effect.request} ${showResult(effect.result)}`;
    case "access":
      return `access ${effect.volume} ${effect.access}`;
    case "takeover-progress":
      return `takeover ${effect.progress.phase} ${effect.progress.result?.outcome ?? ""}`.trimEnd();
    case "wake":
      return `wake after ${effect.afterMs} ms`;
    case "log":
      return `log ${effect.level}`;
  }
}

const at = (place: JournalPlace): string => (place === "journal" ? "" : `${place}: `);

export function showBody(body: PeerBody): string {
  switch (body.kind) {
    case "origin-hello":
      return `origin-hello ${body.volumes
        .map(
          ({ volume, incarnation, acknowledged, localComplete }) =>
            `${volume} incarnation ${incarnation} acknowledged ${showOrigin(acknowledged)} local ${showOrigin(localComplete)}`,
        )
        .join(", ")}`;
    case "origin-batch":
      return ["origin-batch", ...body.writes.map(showOriginWrite), ...showMarks("local", body.localComplete)].join(" ");
    case "origin-fetch":
      return `origin-fetch ${body.volume} above ${showOrigin(body.above)} after ${body.afterSequence}`;
    case "relay-welcome":
    case "relay-ack":
      return [body.kind, ...showMarks("", body.marks)].join(" ");
    case "relay-records":
      return `relay-records ${body.volume} ${showRecords(body.records)} next ${body.nextAfter}`;
    case "refusal":
      return `refusal ${body.reason}`;
    case "lease-challenge":
    case "lease-renewal":
      return `${body.kind} ${body.id}`;
    case "ship-hello":
      return body.copy === null ? "ship-hello" : `ship-hello ${showOrder(body.copy)}`;
    case "ship-welcome":
      return `ship-welcome received ${body.received} validated ${body.validated} applied ${body.applied}`;
    case "ship-batch":
      return `ship-batch (${body.after}, ${body.watermark}] ${showRecords(body.records)}`;
    case "ship-received":
      return `ship-received ${body.watermark}`;
    case "prepare":
    case "prepared":
    case "validate":
    case "validated":
    case "gate":
    case "applied":
      return `${body.kind} ${body.sequence}`;
    case "suspended":
      return `suspended ${body.state} at ${body.at}`;
    case "copy-start":
      return [
        "copy-start",
        body.copyId,
        ...body.full.map((volume) => `all ${volume}`),
        ...showRegions(body.regions),
      ].join(" ");
    case "copy-done":
    case "copy-ended":
      return `${body.kind} ${body.copyId}`;
    case "far-validated":
      return [body.kind, ...showMarks("", body.marks)].join(" ");
    case "digest-ask":
      return `digest-ask ${body.volume} ${body.offsetBytes}+${body.lengthBytes}`;
    case "digest-reply":
      return `digest-reply ${body.id}`;
    case "ship-copy":
      return `ship-copy ${showOrder(body.copy)}`;
    case "ship-regions":
      return ["ship-regions", body.copyId, ...showRegions(body.regions), ...(body.last ? ["last"] : [])].join(" ");
    case "ship-state":
      return `ship-state ${body.state}`;
    case "promise":
    case "inquire":
      return body.kind;
    case "decide":
      return `decide ${body.decision.sequence}`;
    case "council-reply":
      return `council-reply ${body.granted ? "granted" : "denied"} ${body.state.phase}`;
  }
}

function showOrder({ copyId, base, begin, end, nodes }: CopyOrder): string {
  return `copy ${copyId} base ${base} begin ${begin} end ${end ?? "open"} ${nodes.join(" ")}`;
}

function showRegions(regions: readonly RegionRuns[]): string[] {
  return regions.map(({ volume, runs }) => `${volume} ${runs.map(([first, count]) => `${first}+${count}`).join(",")}`);
}

function showCommit({ records = [], marks = new Map(), cutAfter }: JournalCommit): string {
  const parts: string[] = [];
  if (cutAfter !== undefined) parts.push(`cut ${cutAfter}`);
  if (records.length > 0) parts.push(showRecords(records));
  // Hashes tell a reader nothing; what they are of is tested where they are made.
  for (const [name, value] of marks)
    if (!/^(root|chain)(\/|$)/.test(name))
      parts.push(value === undefined ? `-${name}` : `${name}=${JSON.stringify(value)}`);
  return parts.length === 0 ? "nothing" : parts.join(" ");
}

function showRecords(records: readonly JournalRecord[]): string {
  return `[${records.map(({ sequence, volume }) => `${sequence}:${volume}`).join(" ")}]`;
}

function showVolumes(volumes: ReadonlySet<string> | undefined): string {
  return volumes === undefined ? "" : ` of ${[...volumes].join(" ")}`;
}

function showBlockWrite({ offsetBytes, lengthBytes, data }: BlockWrite): string {
  return `${offsetBytes}+${lengthBytes}${data === null ? " zeros" : ""}`;
}

function showOriginWrite({ volume, origin, kind, offsetBytes, lengthBytes }: OriginWrite): string {
  return `${volume} ${showOrigin(origin)} ${kind} ${offsetBytes}+${lengthBytes}`;
}

function showMarks(what: string, marks: readonly VolumeMark[]): string[] {
  return marks.map(({ volume, origin }) => `${what === "" ? "" : `${what} `}${volume} ${showOrigin(origin)}`);
}

function showOrigin({ incarnation, n }: OriginNumber): string {
  return `${incarnation}.${n}`;
}

function showResult(result: Extract<Effect, { kind: "reply" }>["result"]): string {
  if (result === null) return "ok";
  return Buffer.isBuffer(result) ? `${result.length} bytes` : result.code;
}

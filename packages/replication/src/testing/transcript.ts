/** Effects as one line each, so that a test reads like the story of the node. */
import type { Effect } from "../effects.js";
import type { OriginWrite, PeerBody, VolumeMark } from "../messages.js";
import type { JournalCommit } from "@waystation/contracts/journal";
import type { BlockWrite } from "@waystation/contracts/block-device";
import type { JournalRecord, OriginNumber } from "../vocabulary.js";

/** The line of an effect; `link` names the other end of its link, if it has one, such as `ingress relay-1`. */
export function showEffect(effect: Effect, link: string): string {
  switch (effect.kind) {
    case "commit":
      return `commit ${showCommit(effect.change)}`;
    case "trim":
      return `trim ${effect.sequence}`;
    case "read-journal":
      return `read ${effect.options.from}..${effect.options.through}${showVolumes(effect.options.volumes)}`;
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
      return "ship-hello";
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
    case "promise":
    case "inquire":
      return body.kind;
    case "decide":
      return `decide ${body.decision.sequence}`;
    case "council-reply":
      return `council-reply ${body.granted ? "granted" : "denied"} ${body.state.phase}`;
  }
}

function showCommit({ records = [], marks = new Map(), cutAfter }: JournalCommit): string {
  const parts: string[] = [];
  if (cutAfter !== undefined) parts.push(`cut ${cutAfter}`);
  if (records.length > 0) parts.push(showRecords(records));
  for (const [name, value] of marks) parts.push(value === undefined ? `-${name}` : `${name}=${JSON.stringify(value)}`);
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

/**
 * Whether a request may be executed, and what it is answered if not: pure, apart from execution. The rules are a
 * table, one row per command.
 */
import { payloadBytesMax } from "../limits.js";
import type { RequestFrame } from "./request-parser.js";
import { commandFlags, commands, nbdErrors, type NbdError } from "./wire.js";

interface CommandRule {
  /** Changes the volume: refused on a read-only export. */
  readonly writes: boolean;
  /** Flags it may carry. FUA is legal with all commands, and means something for those that write. */
  readonly flags: number;
  /** Addresses a range; otherwise offset and length must be zero. */
  readonly ranged: boolean;
  /** The answer when the range leaves the volume, as the protocol has it for each command. */
  readonly pastEnd: NbdError;
  readonly lengthBytesMax: number;
}

const anyLength = 0xffff_ffff;
const { fua, noHole } = commandFlags;
const { EINVAL, ENOSPC, EPERM } = nbdErrors;

const rules: Readonly<Record<number, CommandRule>> = {
  [commands.read]: { writes: false, flags: fua, ranged: true, pastEnd: EINVAL, lengthBytesMax: payloadBytesMax },
  [commands.write]: { writes: true, flags: fua, ranged: true, pastEnd: ENOSPC, lengthBytesMax: payloadBytesMax },
  [commands.flush]: { writes: false, flags: fua, ranged: false, pastEnd: EINVAL, lengthBytesMax: 0 },
  [commands.trim]: { writes: true, flags: fua, ranged: true, pastEnd: EINVAL, lengthBytesMax: anyLength },
  [commands.writeZeroes]: {
    writes: true,
    flags: fua | noHole,
    ranged: true,
    pastEnd: ENOSPC,
    lengthBytesMax: anyLength,
  },
};

/** What a request is checked against. */
export interface ExportBounds {
  readonly sizeBytes: number;
  readonly readOnly: boolean;
}

/** 0 when the request may be executed, else its answer. DISC is not a request to be checked: it ends the session. */
export function checkRequest(frame: Readonly<RequestFrame>, bounds: ExportBounds): NbdError | 0 {
  const rule = rules[frame.type];
  if (rule === undefined) return EINVAL;
  if ((frame.flags & ~rule.flags) !== 0) return EINVAL;
  if (rule.writes && bounds.readOnly) return EPERM;
  if (!rule.ranged) return frame.offsetBytes === 0 && frame.lengthBytes === 0 ? 0 : EINVAL;
  if (frame.lengthBytes > rule.lengthBytesMax) return EINVAL;
  return frame.offsetBytes + frame.lengthBytes <= bounds.sizeBytes ? 0 : rule.pastEnd;
}

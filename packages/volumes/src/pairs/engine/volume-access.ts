/** What hosts may do with a volume, for front ends that end sessions when that changes. */
import { describePhase } from "../core/pair-phase.js";
import type { Role } from "./volume-front.js";

export interface VolumeAccessNow {
  readonly access: "read-write" | "read-only" | "closed";
  /** "S-VOL of vol-p, PSUS (split by command)"; "" for a volume in no pair. */
  readonly detail: string;
}

export function accessIn({ family, side, loan }: Role): VolumeAccessNow {
  if (loan !== null) {
    const detail = `S-VOL of ${loan.primary} on ${loan.primaryNode}`;
    if (loan.recording?.isOpen === true) return { access: "read-write", detail: `${detail}, split` };
    return { access: "closed", detail };
  }
  if (side === "primary") {
    const pairs = family.mirrors().map((mirror) => `${mirror.secondaryName} ${describePhase(mirror.phase())}`);
    return { access: "read-write", detail: pairs.length === 0 ? "" : `P-VOL of ${pairs.join(", ")}` };
  }
  const { secondaryRead, secondaryWrite } = side.rules().host;
  const readable = secondaryWrite === "refused" ? "read-only" : "read-write";
  const detail = `S-VOL of ${family.primaryName}, ${describePhase(side.phase())}`;
  return { access: secondaryRead === "refused" ? "closed" : readable, detail };
}

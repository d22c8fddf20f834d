/**
 * How a secondary role ends with its term: its volumes are brought to the number that was decided, if the records for it are
 * here; otherwise as far as those go. Either way nothing of the old term is left to be applied when the next one begins.
 */
import { noSequence } from "@waystation/contracts/ids";
import { markNames, type Marks } from "./marks.js";
import { volumesOn, type Membership } from "./membership.js";
import type { Decision } from "./messages.js";
import type { Roles } from "./roles.js";
import type { TermStanding } from "./term-marks.js";
import type { NodeName } from "./vocabulary.js";

export interface Settlement {
  begin(decision: Decision, then: (standing: TermStanding) => void): void;
  /** Goes on with a settlement that waits for the secondary to have started. */
  tick(): void;
}

export function settleForTerm(options: {
  readonly roles: () => Roles;
  readonly marks: Marks;
  readonly self: NodeName;
}): Settlement {
  const { roles, marks, self } = options;
  let waiting: (() => void) | null = null;

  const settle = (decision: Decision, then: (standing: TermStanding) => void): void => {
    const { follower, membership } = roles();
    const known = knowsAll(decision, membership, self);
    if (follower === null) return then({ atBase: false, comparable: known && hasServed(marks, membership, self) });
    if (marks.has(markNames.promoted)) return then({ atBase: known, comparable: known });
    if (follower.phase() === "starting") {
      waiting = () => settle(decision, then);
      return;
    }
    if (follower.phase() === "needs-resync") return then({ atBase: false, comparable: false });
    const { secondary } = follower;
    const { sequence } = decision;
    // One that never got a record may be new, or have lost its disks: what its volumes hold, no log says.
    const isNew = secondary.received() === noSequence;
    const reaches = secondary.canReach(sequence);
    secondary.setIntake("nothing", "another term begins");
    // Half of a copy: no log says what it lacks.
    if (!reaches && secondary.copy() !== null) return then({ atBase: false, comparable: false });
    secondary.rollTo(reaches ? sequence : secondary.received(), () =>
      then({ atBase: known && reaches && !isNew, comparable: known && !isNew }),
    );
  };

  return {
    begin: settle,
    tick() {
      const next = waiting;
      waiting = null;
      next?.();
    },
  };
}

/**
 * Whether the journal knows of writes here, or of an earlier term: else this may be an empty machine of an old name, and what
 * it lacks no log says. (One that was never written is compared in full, too: that does no harm.)
 */
function hasServed(marks: Marks, before: Membership, self: NodeName): boolean {
  if (marks.has(markNames.stranger)) return false;
  if (marks.has(markNames.term)) return true;
  return volumesOn(before, self, "primary").every(
    ({ name }) => marks.has(markNames.localComplete(name)) || marks.has(markNames.acknowledged(name)),
  );
}

/** Whether every volume that this node keeps a copy of from now on was here before, so that logs say where it differs. */
function knowsAll({ term }: Decision, before: Membership, self: NodeName): boolean {
  const had = new Set(
    [...volumesOn(before, self, "primary"), ...volumesOn(before, self, "secondary")].map(({ name }) => name),
  );
  return term?.volumes.every(({ name, secondaries }) => !secondaries.includes(self) || had.has(name)) ?? false;
}

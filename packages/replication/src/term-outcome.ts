/** What a change of term tells the operator when it is refused: why, and what to do. Rows of docs/errors.md. */
export const termRefusalTexts = {
  CHANGE_RUNNING: (about) => `another takeover or change of term is running, coordinated by ${about}: wait for its end`,
  OTHER_TERM: (about) => `${about} has not begun the newest term yet: run it again in a moment, or at another node`,
  TAKEN_OVER: (about) =>
    `the far side has taken over (${about}): its hosts may write there already. Run 'wayctl group takeover' there if it has not ended, then 'wayctl group swap'`,
  TAKEOVER_UNFINISHED: (about) => `the takeover is not over at ${about}: run it again, then swap`,
  NOTHING_TO_DO: (about) => `there is nothing to change: ${about}`,
  RELAY_UNREACHABLE: (about) =>
    `the relay ${about} does not answer, or its journal is lost: bring it back; without it, 'wayctl group direct' lets a primary take its role`,
  RELAY_PRESENT: (about) =>
    `the relay ${about} answers: 'direct' is for a relay that is lost. If the primaries cannot reach it, repeat with --force`,
  RELAY_IS_SECONDARY: (about) => `${about} cannot be the relay and keep a copy: correct the configuration`,
  PRIMARY_UNREACHABLE: (about) =>
    `the primary ${about} does not answer: bring it back. Only a swap can go on without an old primary, with --force`,
  PRIMARY_NOT_CONFIGURED: (about) =>
    `hosts write ${about}, which the configuration does not name for the volume: swap first, or put it back`,
  PRIMARY_FETCHING: (about) =>
    `${about} was killed and is storing what its relay has: wait until it is open (bring that relay back if it is away), or take the group over at the far side`,
  SECONDARY_UNREACHABLE: (about) =>
    `the secondary ${about} does not answer, and may have taken over: bring it back, or repeat with --force if it has not`,
  NO_COPY: (about) =>
    `no node that has taken over holds ${about}: bring back the one that does, and run the takeover again`,
  MEMBER_LOST: (about) => `${about} stopped answering before the change was decided: run it again`,
  RIVAL_CHANGE: (about) => `${about} follows another takeover or change of term: run it again, from one node only`,
  TERM_STALLED: (about) =>
    `decided, but ${about} has not begun the term: look at its log; it begins by itself when it can, or run this again`,
} satisfies Record<string, (about: string) => string>;

export type TermRefusal = keyof typeof termRefusalTexts;

/**
 * Links of a node to itself, for a node whose roles speak to each other (B13). They behave as links through a network do:
 * in order, never within the call that sends, and closed once for both ends.
 */
import type { Clock } from "@waystation/contracts/clock";
import type { Link, LinkAddress, LinkEvents } from "@waystation/contracts/link";

/** Connects in a later turn: `accept` gets the other end. */
export function dialSelf<Message>(
  address: LinkAddress,
  options: {
    readonly clock: Clock;
    readonly events: LinkEvents<Message> & { onOpen(link: Link<Message>): void };
    readonly accept: (link: Link<Message>) => LinkEvents<Message>;
  },
): void {
  const { clock, events, accept } = options;
  let isOpen = true;
  const ends: { near: LinkEvents<Message>; far: LinkEvents<Message> | null } = { near: events, far: null };

  const makeEnd = (other: () => LinkEvents<Message> | null): Link<Message> => ({
    address,
    send(message) {
      if (isOpen)
        clock.afterTurn(() => {
          if (isOpen) other()?.onMessage(message);
        });
    },
    queuedBytes: () => 0,
    close() {
      if (!isOpen) return;
      clock.afterTurn(() => {
        if (!isOpen) return;
        isOpen = false;
        other()?.onClose("closed at the other end");
      });
    },
  });

  clock.afterTurn(() => {
    ends.far = accept(makeEnd(() => ends.near));
    events.onOpen(makeEnd(() => ends.far));
  });
}

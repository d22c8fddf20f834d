/**
 * The queue of what is to happen: a binary heap ordered by time, then by the order of scheduling, so that two events
 * of one instant always run in the same order.
 */
export interface ScheduledEvent {
  readonly atMs: number;
  readonly order: number;
  /** Emptied by a cancellation: the entry stays in the heap until its time comes. */
  run: (() => void) | null;
}

export interface EventQueue {
  push(atMs: number, run: () => void): ScheduledEvent;
  /** The earliest event that was not cancelled, or null. */
  pop(): ScheduledEvent | null;
  /** When the earliest event is due; infinity when there is none. */
  nextAtMs(): number;
}

function before(a: ScheduledEvent, b: ScheduledEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

export function createEventQueue(): EventQueue {
  const heap: ScheduledEvent[] = [];
  let orders = 0;

  const at = (index: number): ScheduledEvent => heap[index] as ScheduledEvent;

  const siftUp = (start: number): void => {
    const event = at(start);
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(event, at(parent))) break;
      heap[index] = at(parent);
      index = parent;
    }
    heap[index] = event;
  };

  const siftDown = (event: ScheduledEvent): void => {
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(at(child + 1), at(child))) child += 1;
      if (!before(at(child), event)) break;
      heap[index] = at(child);
      index = child;
    }
    heap[index] = event;
  };

  const dropFirst = (): void => {
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) siftDown(last);
  };

  const dropCancelled = (): void => {
    while (heap[0]?.run === null) dropFirst();
  };

  return {
    push(atMs, run) {
      const event: ScheduledEvent = { atMs, order: orders++, run };
      heap.push(event);
      siftUp(heap.length - 1);
      return event;
    },
    pop() {
      dropCancelled();
      const first = heap[0] ?? null;
      if (first !== null) dropFirst();
      return first;
    },
    nextAtMs() {
      dropCancelled();
      return heap[0]?.atMs ?? Infinity;
    },
  };
}

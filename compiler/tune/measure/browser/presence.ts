export interface PresenceEvents {
  /** The page has not asked for a while. */
  readonly onAway: () => void;
  /** It asks again. */
  readonly onBack: () => void;
  /** It has not come for so long that no one waits any more. */
  readonly onGone: () => void;
}

/** A page that asks again at once is not away; nor is one that is loaded again. */
const GRACE_MS = 5000;

/** Whether a page is there: whether one of its requests for orders is open, or was a moment ago. */
export class Presence {
  readonly #patience: number;
  readonly #events: PresenceEvents;
  #open = 0;
  #isAway = false;
  #isOver = false;
  #timers: readonly ReturnType<typeof setTimeout>[] = [];

  /** After so many milliseconds without a request, the page is gone; also where it never comes. */
  constructor(patience: number, events: PresenceEvents) {
    this.#patience = patience;
    this.#events = events;
    this.#timers = [setTimeout(events.onGone, patience)];
  }

  get isAway(): boolean {
    return this.#isAway;
  }

  begin(): void {
    this.#open++;
    this.#clear();
    if (this.#isAway) this.#events.onBack();
    this.#isAway = false;
  }

  leave(): void {
    this.#open--;
    if (this.#open > 0 || this.#isOver) return;
    const onAway = (): void => {
      this.#isAway = true;
      this.#events.onAway();
    };
    this.#timers = [setTimeout(onAway, GRACE_MS), setTimeout(this.#events.onGone, this.#patience)];
  }

  /** Waits for no one any more. */
  end(): void {
    this.#isOver = true;
    this.#clear();
  }

  #clear(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }
}

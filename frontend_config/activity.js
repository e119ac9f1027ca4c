// Measures how long someone is at work, apart from idle: input within the last half minute counts.

const IDLE_AFTER_MS = 30_000;
const SIGNS = ["keydown", "pointerdown", "pointermove", "wheel", "scroll", "touchmove"];

export class Activity {
  #total = 0;
  #mark = performance.now();
  #last = performance.now();

  constructor() {
    for (const sign of SIGNS)
      addEventListener(sign, () => this.#note(), { passive: true, capture: true });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#stop();
      else this.#note();
    });
  }

  /** Seconds of activity since `restart`, with what was given to begin with. */
  get seconds() {
    this.#settle();
    return Math.round(this.#total / 100) / 10;
  }

  /** Seconds since the last sign of life. */
  get idleSeconds() {
    return (performance.now() - this.#last) / 1000;
  }

  /** Begin another task; starting it is a sign of life. */
  restart(seconds = 0) {
    this.#note();
    this.#total = seconds * 1000;
  }

  #note() {
    this.#settle();
    this.#last = performance.now();
  }

  #settle() {
    const now = performance.now();
    this.#total += Math.max(0, Math.min(now, this.#last + IDLE_AFTER_MS) - this.#mark);
    this.#mark = now;
  }

  #stop() {
    this.#settle();
    this.#last = Math.min(this.#last, performance.now() - IDLE_AFTER_MS);
  }
}

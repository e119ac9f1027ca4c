// The tasks an expert holds: the one on the page, and the next one, fetched while they read.

import { Refused } from "./api.js";

const RENEWALS_PER_LEASE = 3;
const LOOK_EVERY_MS = 10_000;
const AWAY_AFTER_SECONDS = 300;

export class Leases {
  current = null;
  next = null;
  #call;
  #campaign;
  #activity;
  #onLost;
  #prefetching = null;
  #renewedAt = Date.now();

  constructor({ call, campaign, activity, onLost }) {
    this.#call = call;
    this.#campaign = campaign;
    this.#activity = activity;
    this.#onLost = onLost;
    setInterval(() => this.#renewWhenDue(), LOOK_EVERY_MS);
    document.addEventListener("visibilitychange", () => this.#renewWhenDue());
  }

  /** Ask the server for the current task; null when nothing is left. */
  async claim() {
    this.current = await this.#claim("current");
    if (this.next?.assignment === this.current?.assignment) this.next = null;
    return this.current;
  }

  /** Fetch the next task ahead. A failure is silent: the next one is then claimed when it is due. */
  prefetch() {
    if (this.next || this.#prefetching) return this.#prefetching;
    this.#prefetching = this.#claim("next")
      .then((lease) => {
        if (lease?.assignment !== this.current?.assignment) this.next = lease;
      })
      .catch(() => {})
      .finally(() => {
        this.#prefetching = null;
      });
    return this.#prefetching;
  }

  /** Wait for a prefetch under way, so that the server sees claim and submit one after the other. */
  async settled() {
    await this.#prefetching;
  }

  /** Make the next task the current one; null when none is at hand. */
  advance() {
    this.current = this.next;
    this.next = null;
    return this.current;
  }

  /** Take note of what the server made the current task when an answer came in or a task was left. */
  promote(promoted) {
    for (const lease of [this.current, this.next]) {
      if (promoted && lease?.assignment === promoted.assignment) lease.token = promoted.token;
    }
  }

  /** Put a task back onto the page whose answer was refused; the one shown meanwhile waits. */
  putBack(lease) {
    if (this.current) this.next = this.current;
    this.current = lease;
  }

  async #claim(position) {
    const lease = await this.#call("POST", `/campaigns/${this.#campaign}/claim`, { position });
    this.#renewedAt = Date.now();
    return lease;
  }

  async #renewWhenDue() {
    const lease = this.current;
    if (
      !lease ||
      lease.isLost ||
      document.hidden ||
      this.#activity.idleSeconds > AWAY_AFTER_SECONDS
    )
      return;
    if (Date.now() - this.#renewedAt < (lease.lease_seconds * 1000) / RENEWALS_PER_LEASE) return;
    this.#renewedAt = Date.now();
    await this.#renew(lease);
    if (this.next) await this.#renew(this.next);
  }

  async #renew(lease) {
    try {
      await this.#call("POST", `/assignments/${lease.assignment}/renew`, { token: lease.token });
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== "lease_lost") return;
      lease.isLost = true;
      if (lease === this.next) {
        this.next = null;
        this.prefetch();
      } else if (lease === this.current) {
        this.#onLost();
      }
    }
  }
}

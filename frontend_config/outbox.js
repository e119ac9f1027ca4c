// Answers that are finished and not yet with the server, kept in the browser under one person each.

import { Refused } from "./api.js";

const PREFIX = "workbench:unsent:";
const NOT_SIGNED_IN = 401;
// Not this person's, as the server sees it: someone else has signed in meanwhile. The answer waits.
const NOT_THEIRS = new Set([403, 404]);

export class Outbox {
  #person;
  #call;
  #turn = Promise.resolve();
  #listeners = [];

  constructor(person, call) {
    this.#person = person;
    this.#call = call;
    addEventListener("storage", (event) => {
      if (event.key === null || event.key.startsWith(PREFIX)) this.#tell();
    });
  }

  /** Keep an answer before it is sent. `subject` is the assignment or the judgment it belongs to. */
  keep(subject, path, body) {
    const entry = { subject, path, body, keptAt: Date.now() };
    localStorage.setItem(this.#key(subject), JSON.stringify(entry));
    this.#tell();
  }

  find(subject) {
    return this.entries().find((entry) => entry.subject === subject) ?? null;
  }

  drop(subject) {
    localStorage.removeItem(this.#key(subject));
    this.#tell();
  }

  /** This person's unsent answers, oldest first. */
  entries() {
    const prefix = this.#key("");
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(prefix))
      .map((key) => JSON.parse(localStorage.getItem(key)))
      .filter((entry) => entry !== null)
      .sort((a, b) => a.keptAt - b.keptAt);
  }

  get size() {
    return this.entries().length;
  }

  onChange(listener) {
    this.#listeners.push(listener);
  }

  /**
   * Send what is kept, oldest first; resolves to `[{entry, answer | refusal}]` for what was settled,
   * and fails when nothing was: the server is out of reach, or this person is not signed in. Two
   * windows never send at the same time.
   */
  send() {
    const turn = this.#turn.then(() => this.#alone(() => this.#sendAll()));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #sendAll() {
    const settled = [];
    let obstacle = null;
    for (const entry of this.entries()) {
      try {
        settled.push({ entry, answer: await this.#call("POST", entry.path, entry.body) });
      } catch (error) {
        const isRefused = error instanceof Refused && error.status !== NOT_SIGNED_IN;
        if (!isRefused || NOT_THEIRS.has(error.status)) obstacle = error;
        if (!isRefused) break;
        if (NOT_THEIRS.has(error.status)) continue;
        settled.push({ entry, refusal: error });
      }
      this.drop(entry.subject);
    }
    if (settled.length === 0 && obstacle) throw obstacle;
    return settled;
  }

  #alone(work) {
    return navigator.locks ? navigator.locks.request(PREFIX + this.#person, work) : work();
  }

  #key(subject) {
    return `${PREFIX}${this.#person}:${subject}`;
  }

  #tell() {
    for (const listener of this.#listeners) listener(this.size);
  }
}

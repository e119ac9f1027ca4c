// Unfinished answers: in the browser at once, on the server soon after; of two the newer revision wins.

import { Refused } from "./api.js";

const PREFIX = "workbench:draft:";
const DELAY_MS = 400;
const RETRY_MS = 5_000;
const KEPT_FOR_MS = 30 * 24 * 3600 * 1000;

/** The drafts of one person in this browser. */
export class Drafts {
  #person;
  #call;

  constructor(person, call) {
    this.#person = person;
    this.#call = call;
    this.#forgetOld();
  }

  /** Take up a draft: the newer of the browser's and the lease's; without a lease the browser's. */
  open({ subject, lease = null, onState, onNewer }) {
    return new Draft({
      key: `${PREFIX}${this.#person}:${subject}`,
      call: this.#call,
      path: lease && `/assignments/${subject}/draft`,
      lease,
      onState,
      onNewer,
    });
  }

  drop(subject) {
    localStorage.removeItem(`${PREFIX}${this.#person}:${subject}`);
  }

  #forgetOld() {
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith(PREFIX)) continue;
      const { savedAt } = JSON.parse(localStorage.getItem(key));
      if (Date.now() - savedAt > KEPT_FOR_MS) localStorage.removeItem(key);
    }
  }
}

class Draft {
  #key;
  #call;
  #path;
  #lease;
  #onState;
  #onNewer;
  #local;
  #timer = null;
  #saving = null;
  #isClosed = false;

  constructor({ key, call, path, lease, onState, onNewer }) {
    this.#key = key;
    this.#call = call;
    this.#path = path;
    this.#lease = lease;
    this.#onState = onState;
    this.#onNewer = onNewer;
    const stored = JSON.parse(localStorage.getItem(key) ?? "null");
    const server = lease?.draft && fromServer(lease.draft);
    const isLocalNewer = stored && (!server || stored.revision > server.revision);
    this.#local = (isLocalNewer ? stored : server) ?? {
      revision: 0,
      result: null,
      activeSeconds: 0,
      isSaved: true,
    };
    if (!this.#local.isSaved) this.#saveSoon();
  }

  /** The answer to go on with; null when there is none. */
  get result() {
    return this.#local.result;
  }

  get activeSeconds() {
    return this.#local.activeSeconds;
  }

  /** Keep the answer in the browser now, and on the server in a moment. */
  keep(result, activeSeconds) {
    const revision =
      this.#local.isSaved || this.#saving ? this.#local.revision + 1 : this.#local.revision;
    this.#store({ revision, result, activeSeconds, isSaved: false });
    this.#onState(this.#path ? "saving" : "browser");
    this.#saveSoon();
  }

  /** Send what is not with the server yet, at once; `isLeaving` when the page goes away. */
  async flush({ isLeaving = false } = {}) {
    clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#isClosed || !this.#path || this.#local.isSaved) return;
    if (this.#saving && !isLeaving) return;
    const saving = this.#send(this.#local, isLeaving);
    this.#saving = saving;
    await saving;
    if (this.#saving === saving) this.#saving = null;
    if (!this.#local.isSaved && this.#timer === null) this.#saveSoon();
  }

  get isSaved() {
    return this.#local.isSaved || this.#path === null;
  }

  /** Stop saving; the copy in the browser stays until the answer is with the server. */
  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #send(sent, keepalive) {
    try {
      await this.#call(
        "PUT",
        this.#path,
        {
          token: this.#lease.token,
          revision: sent.revision,
          result: sent.result,
          active_seconds: sent.activeSeconds,
        },
        { keepalive },
      );
      if (this.#local.revision === sent.revision) this.#store({ ...this.#local, isSaved: true });
      this.#onState(this.#local.isSaved ? "saved" : "saving");
    } catch (error) {
      if (error instanceof Refused) this.#giveWay(error, sent);
      else this.#saveSoon(RETRY_MS);
      this.#onState("browser");
    }
  }

  #giveWay(error, sent) {
    const newer = error.problem.draft;
    if (
      error.code === "draft_stale" &&
      newer &&
      newer.revision >= sent.revision &&
      !this.#isClosed
    ) {
      this.#store(fromServer(newer));
      this.#onNewer(newer.result);
    } else {
      // The lease is gone: the browser's copy is the only one until the answer is submitted.
      this.#path = null;
    }
  }

  #store(draft) {
    this.#local = draft;
    if (!this.#isClosed)
      localStorage.setItem(this.#key, JSON.stringify({ ...draft, savedAt: Date.now() }));
  }

  #saveSoon(delay = DELAY_MS) {
    if (!this.#path || this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), delay);
  }
}

function fromServer({ revision, result, active_seconds: activeSeconds }) {
  return { revision, result, activeSeconds: activeSeconds ?? 0, isSaved: true };
}

// On every page of a signed-in person: sends what is unsent, and warns before they sign out with it.

import { Refused, connect } from "./api.js";
import { Drafts } from "./drafts.js";
import { Outbox } from "./outbox.js";

const RETRY_FIRST_MS = 3_000;
const RETRY_MOST_MS = 60_000;
const SIGN_OUT_PATIENCE_MS = 4_000;

const config = JSON.parse(document.getElementById("work-config")?.textContent ?? "{}");
const meta = (name) =>
  config[name] ?? document.querySelector(`meta[name="workbench-${name}"]`)?.content ?? "";

export const person = meta("person");
export const call = connect(meta("api"));
export const outbox = new Outbox(person, call);
export const drafts = new Drafts(person, call);

const settledListeners = [];
const awayListeners = [];
const leavingChecks = [];
let retryTimer = null;
let retryDelay = RETRY_FIRST_MS;

/** Call back with `[{entry, answer | refusal}]` after each delivery that settled something. */
export const onSettled = (listener) => settledListeners.push(listener);

/** Call back with the error when what is kept cannot be sent now. */
export const onAway = (listener) => awayListeners.push(listener);

/** Before a sign-out, ask `check()` too; it resolves to true when something is unsent. */
export const onLeaving = (check) => leavingChecks.push(check);

/** Send what is kept, now and, as long as the server is out of reach, again and again. */
export async function deliver() {
  clearTimeout(retryTimer);
  let settled = [];
  try {
    settled = await outbox.send();
    retryDelay = RETRY_FIRST_MS;
  } catch (error) {
    for (const listener of awayListeners) listener(error);
    if (!(error instanceof Refused)) retryLater();
    return;
  }
  for (const { entry, answer, refusal } of settled) {
    if (answer || refusal.status !== 422) drafts.drop(entry.subject);
  }
  if (settled.length > 0) for (const listener of settledListeners) await listener(settled);
  if (outbox.size > 0) retryLater();
}

function retryLater() {
  retryTimer = setTimeout(deliver, retryDelay);
  retryDelay = Math.min(retryDelay * 2, RETRY_MOST_MS);
}

function showUnsent(count) {
  const element = document.getElementById("unsent");
  if (!element) return;
  element.hidden = count === 0;
  element.textContent =
    count === 1 ? "1 answer is waiting to be sent." : `${count} answers are waiting to be sent.`;
}

async function isAnythingUnsent() {
  const tries = Promise.all([deliver(), ...leavingChecks.map((check) => check())]);
  const timeout = new Promise((resolve) => setTimeout(resolve, SIGN_OUT_PATIENCE_MS, null));
  const found = await Promise.race([tries, timeout]);
  return outbox.size > 0 || found === null || found.slice(1).some(Boolean);
}

function confirmSignOut() {
  const warning =
    "Something you wrote has not reached the server. It stays in this browser, and is sent when you sign in here again.";
  const dialog = document.getElementById("sign-out-dialog");
  if (!dialog) return Promise.resolve(window.confirm(`${warning} Sign out all the same?`));
  document.getElementById("sign-out-warning").textContent = warning;
  dialog.returnValue = "stay";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "leave"), { once: true });
  });
}

function guardSignOut(form) {
  let isAllowed = false;
  form.addEventListener("submit", async (event) => {
    if (isAllowed || (outbox.size === 0 && leavingChecks.length === 0)) return;
    event.preventDefault();
    if ((await isAnythingUnsent()) && !(await confirmSignOut())) return;
    isAllowed = true;
    form.requestSubmit(event.submitter);
  });
}

if (person) {
  outbox.onChange(showUnsent);
  showUnsent(outbox.size);
  addEventListener("online", () => deliver());
  const form = document.getElementById("sign-out");
  if (form) guardSignOut(form);
}

// The expert's page: from the server's queue into the Label Studio editor, and the answer back.

import { Activity } from "./activity.js";
import { Refused } from "./api.js";
import { mountEditor } from "./editor.js";
import { Keys } from "./keys.js";
import { Leases } from "./leases.js";
import {
  askReason,
  measureBar,
  noteAnswer,
  restoreRaw,
  say,
  showEmpty,
  showProblems,
  showSaved,
  toggleRaw,
} from "./page.js";
import { call, deliver, drafts, onAway, onLeaving, onSettled, outbox } from "./session.js";

const RETRY_MS = 5_000;
const AS_SOMEONE_ELSE = new Set([401, 403, 404]);
const config = JSON.parse(document.getElementById("work-config").textContent);
const element = document.getElementById("editor");
const revisingBanner = document.getElementById("revising");

const activity = new Activity();
const leases = new Leases({
  call,
  campaign: config.campaign,
  activity,
  onLost: () =>
    say("The time for this task has run out. You can still submit it: what you finish is kept."),
});

let editor = null;
let keys = null;
let draft = null;
let revising = null;
let shown = null;
let coming = null;
let isBusy = false;
// Tasks whose answer is on its way, in case it comes back refused.
const sent = new Map();

async function show({ subject, lease, data, source, answer }) {
  shown = subject;
  delete element.dataset.ready;
  draft?.close();
  draft = drafts.open({ subject, lease, onState: showSaved, onNewer: showNewer });
  await editor.show({ data, config: source, result: draft.result ?? answer ?? [] });
  activity.restart(draft.activeSeconds);
  showSaved(draft.result ? (draft.isSaved ? "saved" : "browser") : "none");
  showEmpty(false);
  showProblems([]);
  editor.lock(false);
  keys.restart();
  scrollTo(0, 0);
  element.focus({ preventScroll: true });
  element.dataset.ready = subject;
}

async function showLease(lease) {
  revising = null;
  if (revisingBanner) revisingBanner.hidden = true;
  await show({ subject: lease.assignment, lease, data: lease.task, source: lease.config });
}

/** Another window or machine has a newer draft of this task: it wins. */
async function showNewer(result) {
  const lease = leases.current;
  if (revising || !lease) return;
  lease.draft = null;
  await editor.show({ data: lease.task, config: lease.config, result });
  keys.restart();
  say("A newer draft from another window was loaded.");
}

/** Show the current task, asking the server for one if there is none at hand. */
function nextTask() {
  coming ??= fetchTask().finally(() => {
    coming = null;
  });
  return coming;
}

async function fetchTask() {
  let lease = leases.current ?? leases.advance();
  try {
    lease ??= await leases.claim();
  } catch (error) {
    sayWhyNot(error);
    if (error instanceof Refused) showEmpty(true);
    else
      setTimeout(() => {
        if (!leases.current && !revising) nextTask();
      }, RETRY_MS);
    return;
  }
  if (lease) {
    await showLease(lease);
    leases.prefetch();
    return;
  }
  closeDraft();
  shown = null;
  delete element.dataset.ready;
  showEmpty(true);
  say("Nothing is left to judge here for now.");
}

function sayWhyNot(error) {
  if (!(error instanceof Refused))
    say(
      "No connection. What you write is kept in this browser, and sent when the connection is back.",
    );
  else if (AS_SOMEONE_ELSE.has(error.status))
    say(
      "You are not signed in as yourself any more. Sign in again: what you wrote is kept in this browser.",
    );
  else say(error.message);
}

/** The answer if nothing is missing; else show what is. */
function finishedAnswer() {
  const problems = editor.validate();
  showProblems(problems, (name) => keys.goTo(name));
  if (problems.length > 0) {
    keys.goTo(problems[0].name);
    return null;
  }
  const result = editor.result();
  draft.keep(result, activity.seconds);
  draft.close();
  return { result, active_seconds: activity.seconds };
}

async function submit() {
  if (isBusy || !draft || (!revising && !leases.current)) return;
  const answer = finishedAnswer();
  if (!answer) return;
  isBusy = true;
  try {
    if (revising) outbox.keep(revising, `/judgments/${revising}/revise`, answer);
    else await keepSubmission(leases.current, answer);
    editor.lock(true);
    delete element.dataset.ready;
    say("Sending…");
    const lease = revising ? leases.current : leases.advance();
    revising = null;
    if (lease) await showLease(lease);
  } finally {
    isBusy = false;
  }
  await deliver();
}

async function keepSubmission(lease, answer) {
  outbox.keep(lease.assignment, `/assignments/${lease.assignment}/submit`, {
    token: lease.token,
    ...answer,
  });
  sent.set(lease.assignment, lease);
  await leases.settled();
}

/** What became of the answers that reached the server. */
async function settle(settled) {
  for (const { entry, answer, refusal } of settled) {
    const lease = sent.get(entry.subject);
    sent.delete(entry.subject);
    if (refusal?.status === 422) {
      await bringBack(entry, lease, refusal);
    } else if (refusal) {
      say(refusal.message);
    } else {
      const isRevision = entry.path.endsWith("/revise");
      noteAnswer(answer.judgment, isRevision ? entry.subject : null);
      say(
        isRevision
          ? "Revised."
          : answer.duplicate
            ? "This answer was there already."
            : "Submitted.",
      );
      leases.promote(answer.next);
    }
  }
  if (!editor || revising || coming) return;
  // With another answer on its way, the server would give out that task once more.
  if (!leases.current) await (sent.size === 0 && nextTask());
  else if (shown !== leases.current.assignment) await showLease(leases.current);
  else leases.prefetch();
}

async function bringBack(entry, lease, refusal) {
  await draft?.flush();
  if (lease) {
    leases.putBack(lease);
    await showLease(lease);
  } else if (entry.path.endsWith("/revise") && editor) {
    await revise(entry.subject);
  } else {
    say("An earlier answer was not accepted; it is kept as a draft of its task.");
    return;
  }
  say("The answer was not accepted; it is back for you to complete.");
  const asked = new Set(editor.questions().map((question) => question.name));
  const rows = refusal.problem.errors ?? refusal.problem.rows ?? [];
  const problems = rows.map(({ field, problem }) => ({
    name: asked.has(field) ? field : null,
    message: problem,
  }));
  showProblems(problems.length ? problems : [{ name: null, message: refusal.message }], (name) =>
    keys.goTo(name),
  );
}

/** Skip or flag: leave the task with a reason, and go on. */
async function leave(action, dialog) {
  if (isBusy || revising || !leases.current) return;
  const reason = await askReason(dialog);
  if (!reason) return;
  isBusy = true;
  const lease = leases.current;
  try {
    await leases.settled();
    const answer = await call("POST", `/assignments/${lease.assignment}/${action}`, {
      token: lease.token,
      ...reason,
    });
    moveOn(lease, answer?.next);
    say(action === "skip" ? "Skipped." : "Flagged, thank you. Here is the next one.");
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== "lease_lost") {
      sayWhyNot(error);
      return;
    }
    moveOn(lease, null);
  } finally {
    isBusy = false;
  }
  await nextTask();
}

function closeDraft() {
  draft?.close();
  draft = null;
}

function moveOn(lease, promoted) {
  closeDraft();
  drafts.drop(lease.assignment);
  leases.advance();
  leases.promote(promoted);
}

/** Open an own judgment; submitting it supersedes the old one. */
async function revise(judgment) {
  if (isBusy) return;
  try {
    await draft?.flush();
    const own = await call("GET", `/judgments/${judgment}`);
    revising = judgment;
    await show({ subject: judgment, data: own.task, source: own.config, answer: own.result });
    if (revisingBanner) revisingBanner.hidden = false;
    say("You are revising an answer you gave. Submit replaces it.");
  } catch (error) {
    sayWhyNot(error);
  }
}

async function leaveRevision() {
  if (!revising) return;
  drafts.drop(revising);
  revising = null;
  closeDraft();
  if (revisingBanner) revisingBanner.hidden = true;
  await nextTask();
}

const actions = {
  submit,
  raw: () => toggleRaw(),
  skip: () => leave("skip", "skip-dialog"),
  flag: () => leave("flag", "flag-dialog"),
  help: () => document.getElementById("help-dialog").showModal(),
};

function listen() {
  for (const [id, action] of Object.entries(actions))
    document.getElementById(id).addEventListener("click", action);
  document.getElementById("look-again")?.addEventListener("click", () => nextTask());
  document.getElementById("leave-revision")?.addEventListener("click", leaveRevision);
  document.getElementById("history")?.addEventListener("click", (event) => {
    const { judgment } = event.target.closest("[data-judgment]")?.dataset ?? {};
    if (judgment) revise(judgment);
  });
  editor.onChange(() => draft?.keep(editor.result(), activity.seconds));
  onAway(sayWhyNot);
  onLeaving(async () => {
    await draft?.flush();
    return Boolean(draft && !draft.isSaved);
  });
  addEventListener("online", () => {
    draft?.flush();
  });
  addEventListener("pagehide", () => {
    draft?.flush({ isLeaving: true });
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) draft?.flush();
  });
}

/** Send what is left from before, then lease the first task: both while the editor loads. */
async function claimFirst() {
  if (outbox.size > 0) await deliver();
  if (!config.revise && !leases.current) await leases.claim().catch(() => {});
}

async function start() {
  restoreRaw();
  measureBar();
  element.tabIndex = -1;
  say("Loading the editor…");
  onSettled(settle);
  const [mounted] = await Promise.all([mountEditor(element, config.editor), claimFirst()]);
  editor = mounted;
  keys = new Keys({
    editor,
    root: element,
    bar: document.getElementById("key-bar"),
    list: document.getElementById("key-list"),
    actions,
  });
  listen();
  say("");
  if (config.revise) await revise(config.revise);
  else await nextTask();
}

start().catch((error) => {
  say(`The editor could not be started: ${error.message}`);
  throw error;
});

// The desk: who is signed in, what waits, the open case, and what is done about it.
// The server knows all; this page asks it every two seconds, and keeps only what is being written.

import { caseLink, caseName, facts, hashOf, line, make, place, tried, write } from "./drawing.js";
import { drop, keep, kept } from "./drafts.js";
import { get, newKey, post, Refusal, Unreachable } from "./server.js";
import { age, colleague, company, language, moment, say, switchLanguage, texts, translate } from "./texts.js";

const POLL_MILLISECONDS = 2000;
const HIDDEN_POLL_MILLISECONDS = 10_000;
const DECIDING_MILLISECONDS = 10_000; // a write that still waits then did not go on, and may be decided again
const NEAR_THE_END = 160; // pixels
const at = (id) => document.getElementById(id);

let me = "";
let cases = null; // null until they are known
let story = null;
let shown = ""; // the hash of the case on the page
let skew = 0; // by how much the server's clock is ahead
let timer = 0;
let asks = 0; // for the story, so far
let sending = false;
const decided = new Map(); // by a write's key: when a button was pressed

const title = (waiting) => `${waiting ? `(${waiting}) ` : ""}${texts.title} · ${company}`;

// Says something to those who do not see it.
function tell(sentence) {
  at("told").textContent = "";
  requestAnimationFrame(() => (at("told").textContent = sentence));
}

function show(element, sentence) {
  element.textContent = sentence;
  element.hidden = !sentence;
}

// ---- who

function enter(name) {
  me = name;
  at("entrance").hidden = Boolean(name);
  at("desk").hidden = !name;
  at("skip").hidden = !name;
  at("sign-out").hidden = !name;
  at("who").hidden = !name;
  at("who").textContent = name;
  if (!name) {
    // Nothing of a customer stays on the page for whoever sits down next; drafts wait in the tab's memory.
    [cases, story, shown] = [null, null, ""];
    for (const id of ["cases", "facts", "writes", "tried", "lines"]) at(id).replaceChildren();
    at("text").value = "";
    at("story").hidden = true;
    document.title = title(0);
    at("key").focus();
  }
}

async function signIn(event) {
  event.preventDefault();
  const button = at("sign-in").querySelector("button");
  button.disabled = true;
  try {
    const { operator } = await post("sign-in", { key: at("key").value });
    at("key").value = "";
    show(at("refused"), "");
    enter(operator);
    await look();
    if (!shown) at("list-title").focus();
  } catch (error) {
    const why = error instanceof Refusal ? error.data.why : "";
    show(at("refused"), why ? say(`${why}_key`, { name: error.data.name }) : sentence(error));
    at("key").select();
  } finally {
    button.disabled = false;
  }
}

async function signOut() {
  try {
    await post("sign-out");
  } catch (error) {
    if (!(error instanceof Refusal)) return trouble(error);
  }
  sessionStorage.clear();
  enter("");
}

const sentence = (error) => (error instanceof Unreachable ? texts.unreachable : error.message);

function trouble(error) {
  if (error instanceof Refusal && error.status === 401) {
    if (me) show(at("refused"), texts.signed_out);
    show(at("trouble"), "");
    enter("");
    return;
  }
  show(at("trouble"), sentence(error));
  if (!(error instanceof Refusal || error instanceof Unreachable)) reportError(error);
}

// ---- what waits

function showCases() {
  const now = Date.now() + skew;
  place(
    at("cases"),
    cases.map((one) => {
      const current = hashOf(one) === shown;
      const waits = one.waiting_since ? age(now - Date.parse(one.waiting_since)) : "";
      return [hashOf(one), [one, current, waits, language], () => caseLink(one, { current, now })];
    }),
  );
  const waiting = cases.filter((one) => one.waiting_since).length;
  at("count").textContent = waiting ? String(waiting) : "";
  at("empty").hidden = cases.length > 0;
  document.title = title(waiting);
}

function takeCases(data) {
  skew = Date.parse(data.now) - Date.now();
  const before = cases && new Set(cases.map(hashOf));
  cases = data.cases;
  // A redrawn link keeps the focus that its forerunner had.
  const focused = at("cases").contains(document.activeElement) ? document.activeElement.getAttribute("href") : "";
  showCases();
  if (focused && document.activeElement === document.body) focusLink(focused);
  const fresh = before ? cases.filter((one) => !before.has(hashOf(one))) : [];
  if (fresh.length) tell(fresh.map((one) => say("new_case", { what: caseName(one) })).join(" "));
}

function focusLink(hash) {
  const link = [...at("cases").querySelectorAll("a")].find((one) => one.getAttribute("href") === hash);
  (link ?? at("list-title")).focus();
}

// ---- one case

function pathOf(hash) {
  const name = hash.slice(1), isWrite = name.startsWith("approval-");
  return isWrite ? `approvals/${encodeURIComponent(name.slice(9))}` : `tickets/${encodeURIComponent(name)}`;
}

function showStory() {
  const { ticket, writes, lines } = story;
  at("none").hidden = true;
  at("story").hidden = false;
  at("story-title").textContent = ticket ? say("ticket", { number: ticket.number }) : say("decision", { tool: writes[0]?.tool ?? "" });
  const open = ticket?.status === "open";
  at("ends").hidden = !open;
  at("return").hidden = ticket?.reason === "written"; // there the assistant never left
  const ended = ticket && !open ? say(ticket.status, { name: colleague(ticket.ended_by), at: moment(ticket.ended_at) }) : "";
  show(at("ended"), ended);
  at("answer").hidden = !open;
  place(at("facts"), facts(story).map((row, index) => [String(index), [row.textContent, language], () => row]));
  place(
    at("writes"),
    writes.map((one) => {
      const busy = Date.now() - (decided.get(one.key) ?? 0) < DECIDING_MILLISECONDS;
      return [one.key, [one, language, busy], () => write(one, { busy, decide })];
    }),
  );
  place(at("tried"), tried(story).map((part, index) => [String(index), [part.outerHTML, language], () => part]));
  at("before-count").textContent = String(story.tried.length);
  place(
    at("lines"),
    lines.map((one) => [one.id, [one, language, me], () => line(one, me)]),
  );
}

const isWide = () => matchMedia("(min-width: 60rem)").matches;
const scroller = () => (isWide() ? at("case") : document.scrollingElement);
const toEnd = () => scroller().scrollTo({ top: scroller().scrollHeight });

function isAtEnd() {
  const { scrollHeight, scrollTop, clientHeight } = scroller();
  return scrollHeight - scrollTop - clientHeight < NEAR_THE_END;
}

async function lookAtCase({ opened = false } = {}) {
  const hash = location.hash;
  if (!hash || hash === "#") return leaveCase();
  const mark = story && hash === shown && !opened ? story.mark : "";
  try {
    const asked = ++asks;
    const data = await get(`${pathOf(hash)}?mark=${encodeURIComponent(mark)}`);
    if (asked !== asks || hash !== location.hash || data.unchanged) return; // a later answer is the newer one
    const isNew = hash !== shown || opened;
    [story, shown] = [data, hash];
    document.body.classList.add("open");
    if (isNew) {
      at("lines").setAttribute("aria-live", "off"); // the whole of it is not news
      at("lines").replaceChildren();
      at("writes").replaceChildren();
      at("before").open = isWide();
      show(at("slower"), "");
    }
    const atEnd = isAtEnd();
    showStory();
    if (isNew) {
      takeDraft();
      showCases();
      at("story-title").focus({ preventScroll: true });
      scroller().scrollTo({ top: 0 });
      requestAnimationFrame(() => at("lines").setAttribute("aria-live", "polite"));
    } else if (atEnd) toEnd();
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 404) throw error;
    leaveCase();
    history.replaceState(null, "", "#");
    show(at("trouble"), texts.gone);
    return true;
  }
}

function leaveCase() {
  const left = shown;
  [story, shown] = [null, ""];
  document.body.classList.remove("open");
  at("story").hidden = true;
  at("none").hidden = false;
  if (cases) showCases();
  if (left) focusLink(left);
}

// ---- what is done

const mode = () => at("answer").elements.mode.value;

function takeMode() {
  const reply = mode() === "reply";
  at("text-label").textContent = reply ? texts.reply_label : texts.note_label;
  at("text").placeholder = reply ? texts.reply_label : texts.note_label;
  at("hint").textContent = reply ? texts.reply_hint : texts.note_hint;
  at("send").textContent = reply ? texts.send : texts.keep;
  at("answer").classList.toggle("noting", !reply);
}

function takeDraft() {
  const draft = kept(shown);
  at("text").value = draft.text;
  at("answer").elements.mode.value = draft.mode;
  takeMode();
}

function keepDraft() {
  show(at("slower"), "");
  keep(shown, { text: at("text").value, mode: mode() });
}

async function send(event) {
  event.preventDefault();
  const text = at("text").value;
  if (sending || !text.trim() || !story?.ticket) return;
  sending = true;
  let arrived = false;
  const [hash, what, button] = [shown, mode(), at("send")];
  button.disabled = true;
  button.textContent = texts.sending;
  at("text").readOnly = true; // what is typed meanwhile would be lost
  show(at("slower"), "");
  // The key stands for these very words: sent again after a lost answer or a reload, they arrive once.
  const draft = kept(hash);
  const key = draft.key && draft.sent === text && draft.mode === what ? draft.key : newKey();
  keep(hash, { text, mode: what, key, sent: text });
  try {
    const body = what === "reply" ? { key, text, seen: story.seen } : { key, text };
    await post(`${pathOf(hash)}/${what}`, body);
    drop(hash);
    if (hash === shown) {
      at("text").value = "";
      at("text").focus();
    }
    tell(what === "reply" ? texts.sent : texts.kept);
    arrived = true;
  } catch (error) {
    refused(error, at("slower"));
  } finally {
    sending = false;
    button.disabled = false;
    at("text").readOnly = false;
    takeMode();
  }
  await look();
  if (arrived && hash === shown) toEnd();
}

async function end(status) {
  if (at("text").value.trim()) {
    show(at("slower"), texts.draft_left);
    at("text").focus();
    return;
  }
  const buttons = [at("return"), at("close")];
  buttons.forEach((button) => (button.disabled = true));
  show(at("trouble"), "");
  try {
    await post(`${pathOf(shown)}/end`, { status });
    await look();
    tell(at("ended").textContent);
    at("story-title").focus();
  } catch (error) {
    refused(error, at("trouble"));
    await look();
  } finally {
    buttons.forEach((button) => (button.disabled = false));
  }
}

async function decide(one, approved, choice) {
  decided.set(one.key, Date.now());
  show(at("trouble"), "");
  choice.replaceChildren(make("p", "soft", texts.deciding));
  try {
    await post(`approvals/${encodeURIComponent(one.key)}`, { approved });
    tell(texts.deciding);
  } catch (error) {
    decided.delete(one.key);
    refused(error, at("trouble"));
  }
  await look();
  at("story-title").focus();
}

// Says who was faster, in the reader's language; what was written stays in its box.
function refused(error, element) {
  if (error instanceof Refusal && error.status === 409 && error.data.did) {
    show(element, say(`faster_${error.data.did}`, { name: colleague(error.data.by) }));
  } else if (error instanceof Unreachable) show(element, texts.not_sure);
  else if (error instanceof Refusal && error.status !== 401) show(element, error.message);
  else trouble(error);
}

// ---- again and again

async function begin() {
  try {
    const { operator } = await get("session");
    enter(operator);
  } catch (error) {
    show(at("trouble"), sentence(error));
    timer = setTimeout(begin, POLL_MILLISECONDS);
    return;
  }
  show(at("trouble"), "");
  if (me) await look();
}

async function look() {
  clearTimeout(timer);
  try {
    const data = await get("cases");
    takeCases(data);
    const lost = await lookAtCase();
    if (!lost && at("trouble").textContent === texts.unreachable) show(at("trouble"), "");
  } catch (error) {
    trouble(error);
  }
  clearTimeout(timer);
  if (me) timer = setTimeout(look, document.hidden ? HIDDEN_POLL_MILLISECONDS : POLL_MILLISECONDS);
}

function inWords() {
  translate();
  at("language").textContent = texts.other;
  at("language").lang = language === "zh" ? "en" : "zh-CN";
  at("mark").textContent = company.slice(0, 1).toUpperCase();
  document.title = title(0);
  takeMode();
}

at("skip").addEventListener("click", (event) => {
  event.preventDefault(); // the part behind # names a case
  at("case").focus();
});
at("sign-in").addEventListener("submit", signIn);
at("sign-out").addEventListener("click", signOut);
at("language").addEventListener("click", () => {
  switchLanguage();
  inWords();
  show(at("refused"), "");
  if (cases) showCases();
  if (story) showStory();
});
at("answer").addEventListener("submit", send);
at("text").addEventListener("input", keepDraft);
at("answer").addEventListener("change", () => {
  takeMode();
  keepDraft();
});
at("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) at("answer").requestSubmit();
});
at("return").addEventListener("click", () => end("returned"));
at("close").addEventListener("click", () => end("closed"));
addEventListener("hashchange", () => {
  show(at("trouble"), "");
  if (me) lookAtCase({ opened: true }).catch(trouble);
});
document.addEventListener("visibilitychange", () => document.hidden || (me && look()));

inWords();
begin();

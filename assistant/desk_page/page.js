// The desk: who is signed in, the open case, and what is done about it.
// The server knows all; this page asks it every two seconds, and keeps only what is being written. While nobody sees it,
// it asks seldom, and only how many wait: that stands in the title.

import { facts, grow, line, make, place, tried, write } from "./drawing.js";
import { drop, dropAll, keep, kept, leftOver, ofDecision, tooLong, tooMuch, unsent } from "./drafts.js";
import { lookUpSoon } from "./finished.js";
import { focusLink, forgetCases, mark, search, seeFinished, seeOpen, showCases, showTitle, takeCases } from "./list.js";
import { isAtEnd, isWide, offerEnd, toEnd, toTop } from "./scrolling.js";
import { get, newKey, pathOf, post, Refusal, Unreachable } from "./server.js";
import { at, desk, show, tell } from "./state.js";
import { colleague, company, language, moment, say, switchLanguage, texts, translate } from "./texts.js";

const POLL_MILLISECONDS = 2000;
const HIDDEN_POLL_MILLISECONDS = 30_000;
const DECIDING_MILLISECONDS = 10_000; // a write that still waits then did not go on, and may be decided again
const READ_AT_ONCE = 8; // questions and steps of what was tried; more of them are folded
const QUIET_MILLISECONDS = 200;
let timer = 0;
let asks = 0; // questions to the server so far, each with a number
const newest = { cases: 0, story: 0 }; // the numbers of those whose answers are shown
let sending = false;
const decided = new Map(); // by a write's key: when a button was pressed

// ---- who

function enter(name) {
  desk.me = name;
  if (name) show(at("refused"), "");
  at("entrance").hidden = Boolean(name);
  at("desk").hidden = !name;
  at("skip").hidden = !name;
  at("sign-out").hidden = !name;
  at("who").hidden = !name;
  at("who").textContent = name;
  if (!name) {
    // Nothing of a customer stays on the page for whoever sits down next; drafts wait in the tab's memory.
    forgetCases();
    clearCase();
    at("key").focus();
  }
}

async function signIn(event) {
  event.preventDefault();
  const button = at("sign-in").querySelector("button");
  button.disabled = true;
  try {
    const { operator } = await post("sign-in", { key: at("key").value });
    if ((await get("session")).operator !== operator) return show(at("refused"), texts.no_cookie);
    at("key").value = "";
    enter(operator);
    await look();
    if (!desk.shown) at("see-open").focus();
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
  dropAll();
  enter("");
}

const sentence = (error) => (error instanceof Unreachable ? texts.unreachable : error.message);

function trouble(error) {
  if (error instanceof Refusal && error.status === 401) {
    if (desk.me) show(at("refused"), texts.signed_out);
    show(at("trouble"), "");
    enter("");
    return;
  }
  show(at("trouble"), sentence(error));
  if (!(error instanceof Refusal || error instanceof Unreachable)) reportError(error);
}

// ---- one case

function showStory() {
  const { ticket, writes, lines } = desk.story;
  at("none").hidden = true;
  at("story").hidden = false;
  at("story-title").textContent = ticket ? say("ticket", { number: ticket.number }) : say("decision", { tool: writes[0]?.tool ?? "" });
  const open = ticket?.status === "open";
  at("ends").hidden = !open;
  at("return").hidden = ticket?.reason === "written"; // there the assistant never left
  const wrote = at("answer").contains(document.activeElement);
  const ended = ticket && !open ? say(ticket.status, { name: colleague(ticket.ended_by), at: moment(ticket.ended_at) }) : "";
  const left = ended ? leftOver({ hash: desk.shown, by: desk.me }, lines) : "";
  show(at("ended"), left ? `${ended} ${say("not_told", { text: left })}` : ended);
  at("answer").hidden = !open;
  if (wrote && ended) {
    at("story-title").focus(); // the box goes, and the keyboard's place with it
    tell(at("ended").textContent);
  }
  place(at("facts"), facts(desk.story).map((row, index) => [String(index), [row.textContent, language], () => row]));
  showWrites();
  place(at("tried"), tried(desk.story).map((part, index) => [String(index), [part.outerHTML, language], () => part]));
  at("before-count").textContent = String(desk.story.tried.length + (ticket?.asked.length ?? 0) + (ticket?.written.length ?? 0));
  place(
    at("lines"),
    lines.map((one) => [one.id, [one, language, desk.me], () => line(one, desk.me)]),
  );
}

function showWrites() {
  place(
    at("writes"),
    desk.story.writes.map((one) => {
      const busy = Date.now() - (decided.get(one.key) ?? 0) < DECIDING_MILLISECONDS;
      const of = ofDecision(one.key, desk.me), word = { text: kept(of).text, write: (text) => keepWord(of, text) };
      const lost = unsent(one, desk.me);
      if (lost) show(at("trouble"), say("not_told", { text: lost }));
      return [one.key, [one, language, busy], () => write(one, { busy, decide, word })];
    }),
  );
  at("writes").querySelectorAll("textarea:not([data-grown])").forEach(grow);
}

function keepWord(of, text) {
  show(at("trouble"), tooLong(text));
  keep(of, { text });
}

async function lookAtCase({ opened = false } = {}) {
  const hash = location.hash, who = desk.me;
  if (!hash || hash === "#") return leaveCase();
  const had = desk.story && hash === desk.shown && !opened ? desk.story.mark : "";
  try {
    const asked = ++asks;
    const data = await get(`${pathOf(hash)}?mark=${encodeURIComponent(had)}`);
    if (asked < newest.story || hash !== location.hash || who !== desk.me) return; // a later answer is the newer one
    newest.story = asked;
    if (data.unchanged) return desk.story && showWrites(); // what did not go on may be decided again
    const isNew = hash !== desk.shown || opened;
    [desk.story, desk.shown] = [data, hash];
    document.body.classList.add("open");
    if (isNew) {
      hush(); // the whole of it is not news
      at("lines").replaceChildren();
      at("writes").replaceChildren();
      at("before").open = isWide() && data.tried.length + (data.ticket?.asked.length ?? 0) <= READ_AT_ONCE;
      show(at("slower"), "");
    }
    const atEnd = isAtEnd();
    showStory();
    if (isNew) {
      takeDraft();
      showCases();
      at("story-title").focus({ preventScroll: true });
      toTop();
    } else if (atEnd) toEnd();
    offerEnd();
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 404) throw error;
    drop({ hash, by: desk.me });
    leaveCase();
    history.replaceState(null, "", "#");
    show(at("trouble"), texts.gone);
    return true;
  }
}

// Lets a screen reader pass over what is drawn now.
function hush() {
  at("log").ariaLive = "off";
  setTimeout(() => (at("log").ariaLive = "polite"), QUIET_MILLISECONDS);
}

function clearCase() {
  [desk.story, desk.shown] = [null, ""];
  document.body.classList.remove("open");
  for (const id of ["facts", "writes", "tried", "lines"]) at(id).replaceChildren();
  at("text").value = "";
  at("story").hidden = true;
}

function leaveCase() {
  const left = desk.shown;
  if (left) clearCase();
  at("none").hidden = false;
  if (desk.cases) showCases();
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
  const draft = kept({ hash: desk.shown, by: desk.me });
  at("text").value = draft.text;
  at("answer").elements.mode.value = draft.mode;
  takeMode();
  grow(at("text"));
}

function keepDraft() {
  show(at("slower"), tooLong(at("text").value));
  keep({ hash: desk.shown, by: desk.me }, { text: at("text").value, mode: mode() });
}

async function send(event) {
  event.preventDefault();
  const text = at("text").value;
  if (sending || !text.trim() || !desk.story?.ticket) return;
  if (tooLong(text)) return show(at("slower"), tooLong(text));
  sending = true;
  let hasNews = false; // below: what was sent, or what a colleague has said meanwhile
  const [hash, what, button, of] = [desk.shown, mode(), at("send"), { hash: desk.shown, by: desk.me }];
  button.disabled = true;
  button.textContent = texts.sending;
  at("text").readOnly = true; // what is typed meanwhile would be lost
  show(at("slower"), "");
  // The key stands for these very words: sent again after a lost answer or a reload, they arrive once.
  const draft = kept(of);
  const key = draft.key && draft.sent === text && draft.mode === what ? draft.key : newKey();
  keep(of, { text, mode: what, key, sent: text });
  try {
    const body = what === "reply" ? { key, text, seen: desk.story.seen } : { key, text };
    await post(`${pathOf(hash)}/${what}`, body);
    drop(of);
    if (hash === desk.shown) {
      at("text").value = "";
      grow(at("text"));
      at("text").focus();
    }
    tell(what === "reply" ? texts.sent : texts.kept);
    hasNews = true;
  } catch (error) {
    refused(error, at("slower"));
    hasNews = error instanceof Refusal && error.data.did === "replied";
  } finally {
    sending = false;
    button.disabled = false;
    at("text").readOnly = false;
    takeMode();
  }
  await look();
  if (hasNews && hash === desk.shown) toEnd();
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
    await post(`${pathOf(desk.shown)}/end`, { status, seen: desk.story.seen });
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

async function decide(one, approved) {
  const of = ofDecision(one.key, desk.me), { text } = kept(of);
  if (tooLong(text)) return show(at("trouble"), tooLong(text));
  decided.set(one.key, Date.now());
  show(at("trouble"), "");
  showWrites();
  try {
    await post(`approvals/${encodeURIComponent(one.key)}`, { approved, text });
    tell(texts.deciding);
  } catch (error) {
    decided.delete(one.key);
    showWrites();
    refused(error, at("trouble"), text.trim());
    if (error instanceof Refusal && error.status === 409) drop(of); // it was said what was not sent
  }
  await look();
  at("story-title").focus();
}

// Says who was faster, in the reader's language: a colleague, or they themselves in another tab. What was written stays;
// a word with a decision has no place any more, so it is said here, beside the one that the customer reads.
function refused(error, element, word = "") {
  if (error instanceof Refusal && error.status === 409 && error.data.did) {
    const who = error.data.by === desk.me ? "own" : "faster";
    const told = error.data.said ? say("told_with_it", { text: error.data.said }) : "";
    const lost = word ? say("not_told", { text: word }) : "";
    show(element, [say(`${who}_${error.data.did}`, { name: colleague(error.data.by) }), told, lost].filter(Boolean).join(" "));
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
  if (desk.me) await look();
}

async function look() {
  clearTimeout(timer);
  const who = desk.me, asked = ++asks;
  try {
    const data = await get(`cases?mark=${encodeURIComponent(mark())}`);
    if (who !== desk.me || asked < newest.cases) return; // somebody else sits here now, or a later answer was faster
    newest.cases = asked;
    if (data.operator !== desk.me) {
      // Somebody else signed in in another tab: whatever is sent from here is theirs.
      enter("");
      enter(data.operator);
      return await look();
    }
    if (takeCases(data)) await search();
    const lost = document.hidden ? false : await lookAtCase();
    if (!lost && at("trouble").textContent === texts.unreachable) show(at("trouble"), "");
  } catch (error) {
    if (who === desk.me) trouble(error);
  }
  lookLater();
}

function lookLater() {
  clearTimeout(timer);
  if (desk.me) timer = setTimeout(look, document.hidden ? HIDDEN_POLL_MILLISECONDS : POLL_MILLISECONDS);
}

function inWords() {
  translate();
  at("language").textContent = texts.other;
  at("language").lang = language === "zh" ? "en" : "zh-CN";
  at("mark").textContent = company.slice(0, 1).toUpperCase();
  showTitle();
  at("words").placeholder = texts.search_finished;
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
  if (desk.cases) showCases();
  hush();
  if (desk.story) showStory();
});
at("see-open").addEventListener("click", seeOpen);
at("see-finished").addEventListener("click", () => seeFinished().catch(trouble));
at("search").addEventListener("submit", (event) => {
  event.preventDefault();
  search({ spoken: true }).catch(trouble);
});
at("words").addEventListener("input", () => lookUpSoon(() => search({ spoken: true }).catch(trouble)));
at("more").addEventListener("click", () => search({ more: true, spoken: true }).catch(trouble));
at("answer").addEventListener("submit", send);
at("text").addEventListener("input", () => {
  grow(at("text"));
  keepDraft();
});
at("answer").addEventListener("change", ({ target }) => {
  if (target === at("text")) return; // Safari drops the press of a button whose words are written anew beneath it
  takeMode();
  keepDraft();
});
at("text").addEventListener("keydown", (event) => {
  const ends = event.isComposing || event.keyCode === 229; // the choice of an input method's signs; Safari tells by 229
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !ends) at("send").click();
});
at("return").addEventListener("click", () => end("returned"));
at("close").addEventListener("click", () => end("closed"));
addEventListener("beforeinput", (event) => {
  const wrong = tooMuch(event);
  if (!wrong) return;
  event.preventDefault();
  show(event.target === at("text") ? at("slower") : at("trouble"), wrong);
});
addEventListener("hashchange", () => {
  show(at("trouble"), "");
  if (desk.me) lookAtCase({ opened: true }).catch(trouble);
});
document.addEventListener("visibilitychange", () => (document.hidden || !desk.me ? lookLater() : look()));
addEventListener("resize", () => at("case").querySelectorAll("textarea").forEach(grow));
addEventListener("online", () => desk.me && look());

inWords();
begin();

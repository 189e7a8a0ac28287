// The list: what waits, or what is over; and the number of those who wait, in the tab's title.

import { caseLink, caseName, hashOf, place } from "./drawing.js";
import { forgetFinished, lookUp, showFinished, toldFinished } from "./finished.js";
import { at, desk, show, tell } from "./state.js";
import { age, company, language, say, texts } from "./texts.js";

const NOTHING = { mark: "", waiting: 0, more: 0 };
const NAMED_AT_MOST = 3; // new cases that are read out one by one
let known = NOTHING; // of what waits, besides the lines
let over = false; // whether the list is of what is over

export const mark = () => known.mark;

export function showTitle() {
  document.title = `${known.waiting ? `(${known.waiting}) ` : ""}${texts.title} · ${company}`;
}

export function showCases() {
  const now = Date.now() + desk.skew;
  place(
    at("cases"),
    desk.cases.map((one) => {
      const current = hashOf(one) === desk.shown;
      const waits = one.waiting_since ? age(now - Date.parse(one.waiting_since)) : "";
      return [hashOf(one), [one, current, waits, language], () => caseLink(one, { current, now })];
    }),
  );
  at("count").textContent = known.waiting ? String(known.waiting) : "";
  at("empty").hidden = desk.cases.length > 0;
  show(at("more-open"), known.more ? say("more_open", { count: known.more }) : "");
  at("none").hidden = Boolean(desk.story) || (!desk.cases.length && !over);
  showTitle();
  showFinished(desk.shown);
}

// Takes what the server says, and returns whether the list of what is over may have changed by it.
export function takeCases(data) {
  desk.skew = Date.parse(data.now) - Date.now();
  const before = desk.cases && new Set(desk.cases.map(hashOf));
  if (!data.unchanged) [desk.cases, known] = [data.cases, { mark: data.mark, waiting: data.waiting, more: data.more }];
  // A redrawn link keeps the focus that its forerunner had.
  const focused = at("list").contains(document.activeElement) ? document.activeElement.getAttribute("href") : "";
  showCases(); // also what has not changed waits longer
  if (focused && document.activeElement === document.body) focusLink(focused);
  if (!before || data.unchanged) return false;
  const fresh = desk.cases.filter((one) => !before.has(hashOf(one)));
  const each = fresh.map((one) => say("new_case", { what: caseName(one) })).join(" ");
  if (fresh.length) tell(fresh.length > NAMED_AT_MOST ? say("new_cases", { count: fresh.length }) : each);
  const now = new Set(desk.cases.map(hashOf));
  return over && [...before].some((hash) => !now.has(hash));
}

export function focusLink(hash) {
  const links = [...at(over ? "over" : "cases").querySelectorAll("a")];
  (links.find((one) => one.getAttribute("href") === hash) ?? at(over ? "see-finished" : "see-open")).focus();
}

export function forgetCases() {
  [desk.cases, known] = [null, NOTHING];
  at("cases").replaceChildren();
  forgetFinished();
  see(false);
  showTitle();
}

function see(finished) {
  over = finished;
  at("open").hidden = over;
  at("finished").hidden = !over;
  at("see-open").ariaPressed = String(!over);
  at("see-finished").ariaPressed = String(over);
}

export function seeOpen() {
  see(false);
  if (desk.cases) showCases();
}

export async function seeFinished() {
  see(true);
  if (desk.cases) showCases();
  await search({ spoken: true });
}

export async function search({ more = false, spoken = false } = {}) {
  const who = desk.me;
  if (!(await lookUp({ more, stillWanted: () => who === desk.me }))) return;
  showFinished(desk.shown);
  if (spoken) tell(toldFinished());
}

// What is over: looked for by number or words, shown a page at a time, the last first. Nothing here changes anything.

import { finishedLink, hashOf, place } from "./drawing.js";
import { post } from "./server.js";
import { at } from "./state.js";
import { language, say, texts } from "./texts.js";

const TYPING_MILLISECONDS = 350;

let found = null; // null until they are known
let next = null; // where the page after these begins
let asks = 0;
let pause = 0;

export function forgetFinished() {
  clearTimeout(pause);
  [found, next, asks] = [null, null, asks + 1];
  at("over").replaceChildren();
  at("words").value = "";
}

export function showFinished(shown) {
  if (!found) return;
  place(
    at("over"),
    found.map((one) => {
      const current = hashOf(one) === shown;
      return [hashOf(one), [one, current, language], () => finishedLink(one, { current })];
    }),
  );
  const searched = at("words").value.trim();
  at("none-over").hidden = found.length > 0;
  at("none-over").textContent = searched ? texts.none_found : texts.none_finished;
  at("more").hidden = !next;
}

// Asks for the first page, or for the one after those that are shown; an answer that a later question outran is dropped.
export async function lookUp({ more, stillWanted }) {
  clearTimeout(pause);
  const asked = ++asks;
  const data = await post("finished", { search: at("words").value, after: more ? next : null });
  if (asked !== asks || !stillWanted()) return false;
  found = more ? [...found, ...data.cases] : data.cases;
  next = data.next;
  return true;
}

export const lookUpSoon = (then) => {
  clearTimeout(pause);
  pause = setTimeout(then, TYPING_MILLISECONDS);
};

export const toldFinished = () => (found?.length ? say(next ? "found_more" : "found_cases", { count: found.length }) : at("none-over").textContent);

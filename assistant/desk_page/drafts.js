// What is being written and has not arrived, kept in this tab until it has: {text, mode, key, sent}.
// A draft is its writer's alone: who sits down at the same tab next never sends it as theirs.
// What the browser does not keep lasts as long as the page.

import { say } from "./texts.js";

const MOST_CHARACTERS = 10_000; // of a reply, a note, or what is said with a decision, as the server takes them
const MOST_PUT_IN = 100_000; // laying out the lines of megabytes holds the page still for a minute
const EMPTY = { text: "", mode: "reply", key: "", sent: "" };
const unkept = new Map();
const name = ({ hash, by }) => `frontdesk.desk.draft.${by}.${hash}`;

function stored(of) {
  try {
    return JSON.parse(sessionStorage.getItem(name(of)));
  } catch {
    return null;
  }
}

export const kept = (of) => ({ ...EMPTY, ...(unkept.get(name(of)) ?? stored(of)) });

// Changes what is named of a draft; the rest stays.
export function keep(of, changed) {
  const draft = { ...kept(of), ...changed };
  drop(of);
  try {
    sessionStorage.setItem(name(of), JSON.stringify(draft));
  } catch {
    unkept.set(name(of), draft);
  }
}

export function drop(of) {
  unkept.delete(name(of));
  try {
    sessionStorage.removeItem(name(of));
  } catch {}
}

export function dropAll() {
  unkept.clear();
  try {
    sessionStorage.clear();
  } catch {}
}

// What is said to the customer with a decision is a draft of its own.
export const ofDecision = (key, by) => ({ hash: `decision-${key}`, by });

// What was written to a write that is decided and was not sent with it, as its story says; "" where nothing is lost. It is
// put away, unless the write may come to wait again.
export function unsent(one, by) {
  const of = ofDecision(one.key, by), text = kept(of).text.trim();
  if (one.stage === "operator" || one.deciding) return "";
  if (one.stage !== "approved") drop(of);
  return one.decided_by === by && one.said === text ? "" : text;
}

// What was being written when a ticket was closed, and was not sent; "" where nothing was, or where it stands in the story:
// it arrived, and the server's answer was lost. Whatever a closed ticket's story lacks has not arrived and never will.
export function leftOver(of, lines) {
  const text = kept(of).text.trim();
  const arrived = lines.some((one) => one.by === of.by && one.text === text);
  if (arrived) drop(of);
  return arrived ? "" : text;
}

// What is wrong with so long a text; "" for one that can be sent.
export function tooLong(text) {
  const count = [...text.trim()].length;
  return count > MOST_CHARACTERS ? say("too_long", { count, most: MOST_CHARACTERS }) : "";
}

// What is wrong with what is about to be put into a box; "" for what it takes.
export function tooMuch({ data, target }) {
  const count = data?.length ?? 0;
  const left = (target.value?.length ?? 0) - ((target.selectionEnd ?? 0) - (target.selectionStart ?? 0));
  return count && left + count > MOST_PUT_IN ? say("not_put_in", { count, most: MOST_CHARACTERS }) : "";
}

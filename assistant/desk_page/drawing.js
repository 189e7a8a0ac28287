// Data -> elements. Text goes in as text, never as markup; what is unchanged keeps its element, its focus and its place.

import { at } from "./state.js";
import { age, colleague, moment, say, texts } from "./texts.js";

// make("p", "soft", "words", child, …); text within <bdi> cannot turn the line around it.
export function make(kind, name = "", ...children) {
  const element = document.createElement(kind);
  if (name) element.className = name;
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

const written = (text, kind = "bdi") => make(kind, "", String(text));

// A block that somebody wrote, in the direction of its own words and the language that the server tells by their script;
// "" where that does not tell. What the page itself says is in the page's language.
function quoted(kind, name, text, lang) {
  const element = make(kind, name, text);
  element.dir = "auto";
  if (lang !== undefined) element.lang = lang;
  return element;
}

// Puts keyed elements into a parent: [[key, what it shows, draw], …] in order. Draws anew only what shows something else.
export function place(parent, parts) {
  const there = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const wanted = parts.map(([key, shows, draw]) => {
    const now = JSON.stringify(shows), old = there.get(key);
    if (old && old.dataset.shown === now) return old;
    const element = draw();
    element.dataset.key = key;
    element.dataset.shown = now;
    return element;
  });
  const kept = new Set(wanted);
  for (const child of [...parent.children]) if (!kept.has(child)) child.remove();
  wanted.forEach((element, index) => {
    if (parent.children[index] !== element) parent.insertBefore(element, parent.children[index] ?? null);
  });
}

export const caseName = (one) =>
  one.kind === "ticket" ? say("ticket", { number: one.id }) : say("decision", { tool: one.reason });

export function caseLink(one, { current, now }) {
  const waits = one.waiting_since ? say("waits", { age: age(now - Date.parse(one.waiting_since)) }) : "";
  const answered = one.answered_by ? say("answered_by", { name: colleague(one.answered_by) }) : texts.answered;
  const badges = make("span", "badges");
  const why = one.kind === "ticket" ? texts[one.reason] ?? one.reason : texts.to_decide;
  badges.append(make("span", `badge ${one.grave ? "grave" : ""} ${one.kind}`, why), make("span", "badge", texts[one.language] ?? one.language));
  if (one.decisions) badges.append(make("span", "badge approval", say("decisions", { count: one.decisions })));
  const link = make(
    "a",
    one.grave ? "grave" : "",
    make("strong", "", one.customer ? written(one.customer) : texts.unknown),
    make("span", one.waiting_since ? "when" : "when soft", waits || answered),
    quoted("span", "subject", one.subject || caseName(one), one.subject ? one.lang : undefined),
    badges,
  );
  link.href = hashOf(one);
  if (current) link.setAttribute("aria-current", "true");
  return make("li", "", link);
}

export function finishedLink(one, { current }) {
  const what = one.kind === "ticket" ? texts[one.reason] ?? one.reason : caseName(one);
  const badges = make("span", "badges");
  badges.append(make("span", "badge", what), make("span", "badge", texts[one.language] ?? one.language));
  if (one.kind === "ticket") badges.append(make("span", "badge", one.id));
  const link = make(
    "a",
    "",
    make("strong", "", one.customer ? written(one.customer) : texts.unknown),
    make("span", "when soft", moment(one.ended_at)),
    quoted("span", "subject", one.subject || caseName(one), one.subject ? one.lang : undefined),
    make("span", "subject", written(say(`event_${one.how}`, { name: colleague(one.by) }))),
    badges,
  );
  link.href = hashOf(one);
  if (current) link.setAttribute("aria-current", "true");
  return make("li", "", link);
}

export const hashOf = (one) => (one.kind === "ticket" ? `#${one.id}` : `#approval-${one.id}`);

export function facts(story) {
  const { ticket, customer, writes } = story;
  const first = writes[0];
  const rows = [
    ["reason", ticket ? texts[ticket.reason] ?? ticket.reason : texts.to_decide],
    ["customer", customer.name || texts.unknown],
    ["customer_id", customer.id && customer.id !== customer.name ? customer.id : ""],
    ["contact", customer.contact && customer.contact !== customer.name ? customer.contact : ""],
    ["language", texts[ticket?.language ?? first?.language] ?? ""],
    ["since", moment(ticket?.created_at ?? first?.asked_at)],
  ];
  return rows
    .filter(([, value]) => value)
    .map(([name, value]) => make("div", "", make("dt", "", texts[name]), make("dd", "", written(value))));
}

// `word` is what is said to the customer with a decision, as far as it is written: {text, write}.
export function write(one, { busy, decide, word }) {
  const waits = one.stage === "operator";
  const head = waits ? texts.approve_title : say(`stage_${one.stage}`, { name: colleague(one.decided_by) });
  const deed = quoted("p", "deed", one.text, one.lang);
  const values = make("dl", "values");
  for (const [name, value] of Object.entries(one.arguments)) {
    values.append(make("div", "", make("dt", "", written(name)), make("dd", "", written(shownValue(value)))));
  }
  const more = make("details", "", make("summary", "", texts.details, " ", make("code", "", one.tool)), values);
  const section = make("section", `write ${waits ? "waits" : one.stage}`, make("h3", "", head));
  section.ariaLabel = head;
  if (waits) section.append(make("p", "soft", texts.approve_more));
  section.append(deed, more);
  if (waits) {
    const choice = make("div", "choice", busy ? make("p", "soft", texts.deciding) : wordBox(word));
    for (const [name, approved] of busy ? [] : [["approve", true], ["decline", false]]) {
      const button = make("button", approved ? "strong" : "small", texts[name]);
      button.type = "button";
      button.addEventListener("click", () => decide(one, approved));
      choice.append(button);
    }
    section.append(choice);
  }
  return section;
}

// Gives a box the height of what is written in it, where the browser does not do so by itself. One that was pulled by hand
// keeps the height that it was given.
export function grow(box) {
  if (CSS.supports("field-sizing", "content") || box.style.height !== (box.dataset.grown ?? "")) return;
  const { scrollTop } = at("case");
  box.style.height = "auto"; // for a moment there is less to scroll through, and the reader's place may be past its end
  box.style.height = `${box.scrollHeight + box.offsetHeight - box.clientHeight}px`;
  box.dataset.grown = box.style.height;
  at("case").scrollTop = scrollTop;
}

function wordBox(word) {
  const box = quoted("textarea");
  box.value = word.text;
  box.addEventListener("input", () => {
    grow(box);
    word.write(box.value);
  });
  return make("label", "soft", texts.word_label, box);
}

export function tried(story) {
  const { ticket } = story;
  const parts = [];
  if (ticket?.written.length) {
    const items = ticket.written.map((one) => make("li", "", make("strong", "", written(one.subject)), ": ", written(one.text)));
    parts.push(make("section", "", make("h3", "", texts.written_for), make("ul", "", ...items)));
  }
  if (ticket?.asked.length) {
    const items = ticket.asked.map((one) => quoted("li", "", one.text, one.lang));
    parts.push(make("section", "", make("h3", "", texts.asked_for), make("ol", "", ...items)));
  }
  const steps = story.tried.length
    ? make("ol", "steps", ...story.tried.map(step))
    : make("p", "soft", texts.nothing_tried);
  parts.push(make("section", "", make("h3", "", texts.tried), steps));
  return parts;
}

const shownValue = (value) => (typeof value === "string" ? value : JSON.stringify(value));

const valuesOf = (given) =>
  Object.entries(given ?? {})
    .map(([name, value]) => `${name}: ${shownValue(value)}`)
    .join(", ");

const ENDS = { done: "ok", failed: "not_ok", declined: "not_ok", withdrawn: "not_ok" };

function step(one) {
  const came = make("span", "came");
  let what;
  if (one.kind === "search") {
    what = [texts.search, " ", written(one.what, "q")];
    const found = { count: one.passages, evidence: one.evidence.toFixed(2), documents: one.documents.join(", ") };
    came.append(one.passages ? written(say("found", found)) : texts.found_none);
  } else {
    const name = one.kind === "write" ? texts.did : texts.called;
    what = [name, " ", make("code", "", one.what), " ", make("span", "soft", written(valuesOf(one.arguments)))];
    if (one.kind === "write") came.append(texts[`write_${one.state}`] ?? texts.write_unknown, one.came ? ": " : "");
    came.append(one.came ? written(one.came) : one.kind === "write" ? "" : texts.no_result);
  }
  const end = ENDS[one.state];
  const spoken = end ? make("span", "unseen", texts[end], " ") : null;
  return make("li", end === "ok" ? "ok" : end ? "not-ok" : "open", spoken, ...what, came);
}

const SPEAKERS = { customer: "who_customer", assistant: "who_assistant", person: "who_person", notice: "who_notice", note: "who_note" };

export function line(one, me) {
  const at = make("time", "soft", moment(one.at));
  at.dateTime = one.at;
  if (one.who === "event") {
    return make("li", "event", written(say(`event_${one.text}`, { name: colleague(one.by) })), " · ", at);
  }
  const name = one.by ? (one.by === me ? texts.who_you : colleague(one.by)) : texts[SPEAKERS[one.who]];
  const head = make("p", "speaker", make("strong", "", written(name)), one.who === "note" && one.by ? ` · ${texts.who_note}` : "", " ", at);
  const words = one.text || (one.running ? texts.writing : texts.did_fail);
  const text = quoted("p", one.text ? "said" : "said soft", words, one.text ? one.lang : undefined);
  const item = make("li", one.who, head, text, sources(one.sources));
  if (one.running) item.ariaLive = "off"; // said once, when it is whole
  return item;
}

function sources(found) {
  if (!found.length) return null;
  const items = found.map((one) => {
    const where = one.page ? ` · ${say("page", { page: one.page })}` : "";
    return make("li", "", make("strong", "", `[${one.number}] `, written(one.title || one.document)), where, quoted("q", "", one.quote, one.lang));
  });
  return make("details", "sources", make("summary", "", `${texts.sources} (${found.length})`), make("ol", "", ...items));
}

// Asks what the runs are doing and shows it: list, one run's figures and plots, Stop and Go on.
// Everything that comes from a run is put in as text, never as markup.

import { plot } from "./plots.js";
import { texts, translate } from "./texts.js";

const POLL_MILLISECONDS = 1000;
const IDLE_POLL_MILLISECONDS = 4000;
const token = document.querySelector('meta[name="token"]').content;
const at = (id) => document.getElementById(id);

let shown = "";
let log = [];
let mark = "";
let drawn = "";
let timer = 0;
let refused = "";

const number = (value, digits = 3) => value.toLocaleString("en", { maximumSignificantDigits: digits });
const small = (value) => (value === 0 ? "0" : value.toExponential(1));
const gigabytesOnAxis = (value) => (value === 0 ? "0" : `${number(value / 1e9)} GB`);
const gigabytes = (value) => `${(value / 1e9).toFixed(value < 1e10 ? 2 : 1)} GB`;

function time(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const two = (value) => String(value).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

async function ask(path, options = {}) {
  const response = await fetch(path, { cache: "no-store", ...options });
  const data = await response.json();
  if (!response.ok) throw new Refusal(data.error || `HTTP ${response.status}`);
  return data;
}

class Refusal extends Error {}

function describe(run) {
  const steps = run.steps ? texts.step.replace("{}", `${run.step}/${run.steps}`) : "";
  return `${texts[run.state]}${run.state === "finished" ? "" : steps}`;
}

function showList(runs) {
  const items = runs.map((run) => {
    const item = document.createElement("li"), link = document.createElement("a");
    const name = document.createElement("strong"), state = document.createElement("span");
    link.href = `#${encodeURIComponent(run.name)}`;
    if (run.name === shown) link.setAttribute("aria-current", "true");
    name.textContent = run.name;
    const [kind, loss] = run.heldout_loss === null ? ["loss", run.loss] : ["heldout_loss", run.heldout_loss];
    state.textContent = describe(run) + (loss === null ? "" : ` · ${texts[kind].toLowerCase()} ${number(loss)}`);
    link.append(name, state);
    item.append(link);
    return item;
  });
  const list = at("runs").querySelector("ul");
  const key = items.map((item) => item.outerHTML).join("");
  if (list.dataset.key !== key) {
    const focused = document.activeElement?.getAttribute("href");
    list.replaceChildren(...items);
    list.dataset.key = key;
    if (focused) [...list.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus();
  }
  at("runs").querySelector(".none").hidden = runs.length > 0;
}

function entries(target, pairs) {
  target.replaceChildren(
    ...pairs.map(([name, value]) => {
      const pair = document.createElement("div"), term = document.createElement("dt"), text = document.createElement("dd");
      term.textContent = name;
      text.textContent = value;
      pair.append(term, text);
      return pair;
    }),
  );
}

function latest(key) {
  for (let place = log.length - 1; place >= 0; place -= 1) if (key in log[place]) return log[place][key];
  return null;
}

function figures(run) {
  const rows = [];
  const add = (name, value, format) => value !== null && value !== undefined && rows.push([texts[name], format(value)]);
  if (run.state === "running" && log.length) add("time_left", latest("seconds_left"), time);
  add("loss", run.loss, number);
  add("heldout_loss", run.heldout_loss, number);
  add("drift", latest("drift"), number);
  add("learning_rate", latest("learning_rate"), small);
  add("tokens_per_second", run.manifest.tokens_per_second ?? latest("tokens_per_second"), (value) => number(value, 4));
  add("memory", run.manifest.peak_memory_bytes ?? latest("memory_bytes"), gigabytes);
  add("epoch", run.manifest.epochs ?? latest("epoch"), number);
  return rows;
}

function showPlots(run) {
  const key = `${run.name} ${log.length} ${mark} ${run.steps}`;
  if (key === drawn) return;
  drawn = key;
  const points = (name) => log.filter((line) => name in line).map((line) => [line.step, line[name]]);
  const curves = [
    { title: texts.loss, unit: texts.nats, format: (value) => number(value), curves: [
      { label: texts.loss, points: points("loss") },
      { label: texts.heldout_loss, points: points("heldout_loss"), second: true },
    ] },
    { title: texts.drift, unit: texts.nats, fromZero: true, format: (value) => number(value), curves: [{ points: points("drift") }] },
    { title: texts.learning_rate, format: small, curves: [{ points: points("learning_rate") }] },
    { title: texts.tokens_per_second, fromZero: true, format: (value) => number(value), curves: [{ points: points("tokens_per_second") }] },
    { title: texts.memory, fromZero: true, format: gigabytesOnAxis, curves: [{ points: points("memory_bytes") }] },
  ];
  const drawable = curves.filter((one) => one.curves.some((curve) => curve.points.length));
  at("plots").replaceChildren(...drawable.map((one) => plot({ ...one, axis: texts.axis, steps: run.steps })));
}

function showRun(run) {
  at("run").hidden = false;
  at("name").textContent = run.name;
  at("state").textContent = run.state === "running" && !run.steps ? texts.starting : describe(run);
  at("state").className = run.state;
  at("recipe").textContent = `· ${run.recipe} ${texts.on} ${run.base}`;
  const share = run.steps ? (100 * run.step) / run.steps : 0;
  at("done").setAttribute("width", share);
  at("done").closest(".bar").setAttribute("aria-valuenow", Math.round(share));
  at("stop").hidden = !run.can_stop;
  at("go-on").hidden = !run.can_go_on;
  const note = refused || run.error || (run.state === "finished" && !log.length ? texts.no_log : "");
  at("note").textContent = note;
  at("note").hidden = !note;
  entries(at("figures"), figures(run));
  entries(at("settings"), [...Object.entries(run.settings).map(([name, value]) => [name, String(value)]), ["data", run.data.join(", ")]]);
  showPlots(run);
}

function take(part) {
  log = log.slice(0, part.start).concat(part.lines);
  mark = part.mark;
}

async function look() {
  clearTimeout(timer);
  let wait = IDLE_POLL_MILLISECONDS;
  try {
    const { runs } = await ask("/api/runs");
    const wanted = decodeURIComponent(location.hash.slice(1));
    const name = runs.some((run) => run.name === wanted) ? wanted : runs[0]?.name ?? "";
    if (name !== shown) [shown, log, mark, refused] = [name, [], "", ""];
    showList(runs);
    if (name) {
      const path = `/api/runs/${encodeURIComponent(name)}?after=${log.length}&mark=${mark}`;
      const { run, log: part } = await ask(path);
      if (name === shown) {
        take(part);
        showRun(run);
      }
    }
    if (runs.some((run) => run.state === "running" || run.state === "stopping")) wait = POLL_MILLISECONDS;
    at("trouble").hidden = true;
  } catch (error) {
    at("trouble").textContent = error instanceof Refusal ? error.message : texts.unreachable;
    at("trouble").hidden = false;
  }
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(look, wait);
}

async function press(button, wish) {
  button.disabled = true;
  refused = "";
  try {
    await ask(`/api/runs/${encodeURIComponent(shown)}/${wish}`, {
      method: "POST",
      headers: { "X-Frontdesk-Token": token },
    });
  } catch (error) {
    refused = error instanceof Refusal ? error.message : texts.unreachable;
  }
  await look();
  button.disabled = false;
}

translate(document);
at("stop").addEventListener("click", () => press(at("stop"), "stop"));
at("go-on").addEventListener("click", () => press(at("go-on"), "go-on"));
addEventListener("hashchange", look);
document.addEventListener("visibilitychange", () => document.hidden || look());
look();

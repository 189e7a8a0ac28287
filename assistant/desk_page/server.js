// Asks the server. What it refuses is a Refusal with what it said; no answer at all is an Unreachable.

import { desk } from "./state.js";

const API = new URL("../api/desk/", import.meta.url);
const PATIENCE_MILLISECONDS = 20_000; // a line that is dead says nothing, ever

export class Refusal extends Error {
  constructor(status, data) {
    super(data.error ?? `HTTP ${status}`);
    this.status = status;
    this.data = data;
  }
}

export class Unreachable extends Error {}

async function ask(path, options = {}) {
  const patience = new AbortController(), timer = setTimeout(() => patience.abort(), PATIENCE_MILLISECONDS);
  const { signal } = patience;
  let response, data;
  try {
    response = await fetch(new URL(path, API), { cache: "no-store", credentials: "same-origin", signal, ...options });
    data = await response.json();
  } catch {
    throw new Unreachable();
  } finally {
    clearTimeout(timer);
  }
  if (response.status === 503 || response.status === 502 || response.status === 504) throw new Unreachable();
  if (!response.ok) throw new Refusal(response.status, data);
  return data;
}

// Where the server has the case that the part of an address behind # names.
export function pathOf(hash) {
  const name = hash.slice(1), isWrite = name.startsWith("approval-");
  return isWrite ? `approvals/${encodeURIComponent(name.slice(9))}` : `tickets/${encodeURIComponent(name)}`;
}

export const get = (path) => ask(path);

// The header is one that no page of another site can send.
export const post = (path, body = {}) =>
  ask(path, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-Frontdesk-Desk": "1",
      ...(desk.me && { "X-Frontdesk-Operator": encodeURIComponent(desk.me) }), // never done as somebody else
    },
    body: JSON.stringify(body),
  });

export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(18));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// What the page knows, and how it says something; it has no rules of its own.

export const desk = {
  me: "", // who is signed in; "" for nobody
  cases: null, // what waits; null until it is known
  story: null, // the open case
  shown: "", // its hash
  skew: 0, // by how much the server's clock is ahead, in milliseconds
};

export const at = (id) => document.getElementById(id);

export function show(element, sentence) {
  element.textContent = sentence;
  element.hidden = !sentence;
}

// Says something to those who do not see it.
export function tell(sentence) {
  at("told").textContent = "";
  requestAnimationFrame(() => (at("told").textContent = sentence));
}

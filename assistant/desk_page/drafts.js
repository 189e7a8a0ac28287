// What is being written and has not arrived, kept in this tab until it has: {text, mode, key, sent}.
// A draft is its writer's alone: who sits down at the same tab next never sends it as theirs.
// What the browser has no room for, or may not keep, lasts as long as the page.

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
  sessionStorage.removeItem(name(of));
}

export function dropAll() {
  unkept.clear();
  sessionStorage.clear();
}

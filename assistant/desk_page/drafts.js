// What is being written and has not arrived, kept in this tab until it has: {text, mode, key, sent}.
// A draft is its writer's alone: who sits down at the same tab next never sends it as theirs.

const name = ({ hash, by }) => `frontdesk.desk.draft.${by}.${hash}`;

export function kept(of) {
  try {
    return { text: "", mode: "reply", key: "", sent: "", ...JSON.parse(sessionStorage.getItem(name(of)) ?? "{}") };
  } catch {
    return { text: "", mode: "reply", key: "", sent: "" };
  }
}

// Changes what is named of a draft; the rest stays. What a browser has no room for is in its box alone.
export function keep(of, changed) {
  try {
    sessionStorage.setItem(name(of), JSON.stringify({ ...kept(of), ...changed }));
  } catch {
    drop(of); // half of it would be worse than nothing
  }
}

export const drop = (of) => sessionStorage.removeItem(name(of));

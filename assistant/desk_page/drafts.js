// What is being written and has not arrived, kept in this tab until it has: {text, mode, key, sent}.

const name = (hash) => `frontdesk.desk.draft.${hash}`;

export function kept(hash) {
  try {
    return { text: "", mode: "reply", key: "", sent: "", ...JSON.parse(sessionStorage.getItem(name(hash)) ?? "{}") };
  } catch {
    return { text: "", mode: "reply", key: "", sent: "" };
  }
}

// Changes what is named of a draft; the rest stays.
export const keep = (hash, changed) => sessionStorage.setItem(name(hash), JSON.stringify({ ...kept(hash), ...changed }));

export const drop = (hash) => sessionStorage.removeItem(name(hash));

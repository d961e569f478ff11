// What the browser keeps: the language, unsent drafts. Works without where the browser forbids it.
const PREFIX = "inthread.";

export function stored(key) {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}

export function store(key, value) {
  try {
    if (value) localStorage.setItem(PREFIX + key, value);
    else localStorage.removeItem(PREFIX + key);
  } catch {
    // Kept for this visit only.
  }
}

/** Forget what belongs to a person; the language stays. */
export function forgetDrafts() {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(`${PREFIX}draft.`)) localStorage.removeItem(key);
  } catch {
    // There was nothing.
  }
}

/** Tell the other pages of this browser that somebody signed in or out, and hear it from them. */
export function tellOthers() {
  store("who", String(Date.now()));
}

export function onOthers(act) {
  addEventListener("storage", (event) => event.key === `${PREFIX}who` && act());
}

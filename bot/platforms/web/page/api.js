// The page's requests. Every failure is an ApiError with a code that `words.js` has words for.

export class ApiError extends Error {
  constructor(code, message, retryAfterSeconds = 0, said = null) {
    super(message);
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
    this.said = said; // in each language, where the words are the server's
  }
}

const NEVER_ARRIVED_SECONDS = 20;
const ERASED_SECONDS = 300; // the database is written anew

async function call(path, body, seconds = NEVER_ARRIVED_SECONDS) {
  const options = { credentials: "same-origin", signal: AbortSignal.timeout(seconds * 1000) };
  if (body !== undefined) {
    Object.assign(options, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
  }
  let response;
  let answer;
  try {
    response = await fetch(`/web/${path}`, options);
    answer = await response.json();
  } catch {
    throw new ApiError("not_sent", "");
  }
  if (response.ok) return answer;
  throw new ApiError(answer.error ?? "failed", answer.message ?? "", Number(response.headers.get("Retry-After")), answer.said);
}

export const api = {
  me: () => call("me"),
  signIn: (name) => call("sign-in", { name }),
  signOut: () => call("sign-out", {}),
  threads: (before) => call(before ? `threads?before=${before}` : "threads"),
  thread: (thread, before) => call(before ? `threads/${thread}?before=${before}` : `threads/${thread}`),
  ask: (text, thread, nonce) => call("questions", { text, thread, nonce }),
  stop: (reply) => call(`replies/${reply}/stop`, {}),
  again: (reply, nonce) => call(`replies/${reply}/again`, { nonce }),
  choose: (reply, number) => call(`replies/${reply}/choose`, { number }),
  askPeople: (reply) => call(`replies/${reply}/ask-people`, {}),
  told: (version) => call("notice", { version }),
  ownData: () => call("own-data"),
  eraseOwnData: () => call("own-data/erase", {}, ERASED_SECONDS),
  judge: (reply, verdict, comment) => call(`replies/${reply}/feedback`, { verdict, comment }),
};

/** Names a question, so that sending it twice asks once. (`crypto.randomUUID` is missing on plain http.) */
export function newNonce() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

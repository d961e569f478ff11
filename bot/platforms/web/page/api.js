// The page's requests. Every failure is an ApiError with a code that `words.js` has words for.

export class ApiError extends Error {
  constructor(code, message, retryAfterSeconds = 0) {
    super(message);
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

const NEVER_ARRIVED_SECONDS = 20;

async function call(path, body) {
  const options = { credentials: "same-origin", signal: AbortSignal.timeout(NEVER_ARRIVED_SECONDS * 1000) };
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
  throw new ApiError(answer.error ?? "failed", answer.message ?? "", Number(response.headers.get("Retry-After")));
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
  judge: (reply, verdict, comment) => call(`replies/${reply}/feedback`, { verdict, comment }),
};

/** Names a question, so that sending it twice asks once. (`crypto.randomUUID` is missing on plain http.) */
export function newNonce() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// What the page says about itself: problems near the question box, the connection, news for screen readers.
import { byId } from "./dom.js";
import { t } from "./words.js";

const ANNOUNCED_CHARACTERS = 600;

export function say(words) {
  byId("notice").textContent = words;
  byId("notice").hidden = false;
}

export function hush() {
  byId("notice").hidden = true;
}

/** Nothing that was said stays, for the eye or for a screen reader. */
export function silence() {
  hush();
  byId("notice").textContent = "";
  byId("announcer").textContent = "";
}

/** Say what became of a request. Somebody who is signed out meanwhile gets the form for it. */
export function tell(error) {
  if (error.code === "signed_out") location.reload();
  else say(t(error.code, { seconds: error.retryAfterSeconds, message: error.message }) ?? error.message);
}

export function sayLost(isLost) {
  byId("lost").textContent = t("lost");
  byId("lost").hidden = !isLost;
}

/** Once, when it is whole: an answer that grows would never stop talking. */
export function announceAnswer(text) {
  byId("announcer").textContent = `${t("answer_complete")} ${text.slice(0, ANNOUNCED_CHARACTERS)}`;
}

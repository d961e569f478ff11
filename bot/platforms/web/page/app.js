// The page: who is signed in, which conversation is open, what is done with it.
import { api, newNonce } from "./api.js";
import { Composer } from "./composer.js";
import { byId, h } from "./dom.js";
import { FirstNotice } from "./first_notice.js";
import { announceAnswer, hush, say, sayLost, silence, tell } from "./notices.js";
import { OwnData } from "./own_data.js";
import { Sidebar } from "./sidebar.js";
import { askName, confirmLeaving } from "./signing.js";
import { forgetDrafts, onOthers, tellOthers } from "./storage.js";
import { Stream } from "./stream.js";
import { Turns } from "./turns.js";
import { speak, switchLanguage, t } from "./words.js";

const { title, examples, mostCharacters } = document.documentElement.dataset;
const AGAIN_MILLISECONDS = 2_000;

let me = null;
let thread = null; // null: a new conversation
let opening = 0; // counts, so that an answer to an earlier click does not overwrite a later one

const turns = new Turns({ onStop: stop, onAgain: again, onChoose: choose, onAskPeople: askPeople, onJudge: judge });
const sidebar = new Sidebar({ onMore: moreThreads });
const composer = new Composer({ onSend: ask, onStop: stopNewest });
const stream = new Stream({ onOpen: onConnected, onLost, onReply, onBehind: refresh, onErased: forgetAll });
const ownData = new OwnData({ onErased });
const firstNotice = new FirstNotice({ onMore: () => ownData.open() });

// ── signing in and out ─────────────────────────────────────────────────────

async function begin() {
  speak();
  const found = await api.me().catch(() => null);
  if (found === null) {
    byId("chat").hidden = false;
    onLost();
    setTimeout(begin, AGAIN_MILLISECONDS);
    return;
  }
  me = found;
  if (found.user === null) {
    me = await askName();
    tellOthers();
  }
  sayLost(false);
  byId("sign-in").hidden = true;
  byId("chat").hidden = false;
  byId("who").textContent = me.name;
  firstNotice.show(me.notice);
  draw();
  composer.focus();
  await openFromAddress();
  stream.open();
}

async function signOut() {
  if (!(await confirmLeaving())) return;
  try {
    await api.signOut();
  } catch (error) {
    tell(error);
    return;
  }
  forgetDrafts();
  tellOthers();
  location.assign("/");
}

// ── the conversation ───────────────────────────────────────────────────────

async function openFromAddress() {
  const wanted = decodeURIComponent(location.hash.slice(1)) || null;
  const number = ++opening;
  thread = wanted;
  turns.clear();
  hush();
  composer.open(`${me.user}.${thread ?? "new"}`);
  draw();
  if (wanted === null) return;
  try {
    const loaded = await api.thread(wanted);
    if (number === opening) showTurns(loaded);
  } catch (error) {
    if (number !== opening) return;
    if (error.code === "not_found") {
      history.replaceState(null, "", "/");
      thread = null;
      composer.open(`${me.user}.new`);
    }
    draw();
    tell(error);
  }
}

function showTurns(loaded) {
  turns.show(loaded.turns);
  if (loaded.turns.length && loaded.turns[0].exchange <= turns.firstExchange()) byId("earlier").hidden = !loaded.earlier;
  turns.toEnd();
  draw();
}

/** Load what is shown anew: after the connection was away, or when something came that is not known here. */
async function refresh() {
  const number = opening;
  try {
    sidebar.show(await api.threads());
    if (thread !== null) {
      const loaded = await api.thread(thread);
      if (number === opening) turns.show(loaded.turns);
    }
    draw();
  } catch (error) {
    if (error.code === "signed_out") location.reload();
    if (error.code === "not_found" && number === opening) leave(); // erased meanwhile
  }
}

/** The conversation is not there any more. */
function leave() {
  silence();
  composer.forget();
  history.replaceState(null, "", "/");
  openFromAddress();
}

async function earlier() {
  const number = opening;
  try {
    const loaded = await api.thread(thread, turns.firstExchange());
    if (number !== opening) return;
    turns.keepPlace(() => turns.show(loaded.turns));
    byId("earlier").hidden = !loaded.earlier;
  } catch (error) {
    tell(error);
  }
}

async function moreThreads() {
  try {
    sidebar.add(await api.threads(sidebar.lastThread()));
  } catch (error) {
    tell(error);
  }
}

// ── asking ─────────────────────────────────────────────────────────────────

async function ask(text, nonce) {
  if (text.length > Number(mostCharacters)) {
    say(t("too_long", { limit: mostCharacters, length: text.length }));
    return false;
  }
  return accepted(() => api.ask(text, thread, nonce));
}

async function again(replyId) {
  if (turns.openReply() !== null) return; // the second click of a double click
  const nonce = newNonce();
  await accepted(() => api.again(replyId, nonce));
  composer.focus();
}

/** Send a question and show the thread it is in. Whether it was taken. */
async function accepted(send) {
  hush();
  const number = opening;
  try {
    const answer = await send();
    firstNotice.read(); // it stood above the box
    if (answer.asks === "own_data") {
      ownData.open();
      return true;
    }
    if (number === opening) await follow(answer.thread);
    return true;
  } catch (error) {
    tell(error);
    return false;
  }
}

async function follow(asked) {
  if (thread !== asked) {
    thread = asked;
    history.pushState(null, "", `#${asked}`);
  }
  const loaded = await api.thread(asked).catch(() => null); // the stream brings it later
  if (loaded && thread === asked) showTurns(loaded);
  composer.open(`${me.user}.${asked}`);
  const listed = await api.threads().catch(() => null);
  if (listed) sidebar.show(listed);
  draw();
}

async function stop(replyId) {
  try {
    await api.stop(replyId);
    composer.focus(); // the button that was pressed goes away
  } catch (error) {
    tell(error);
  }
}

/** Whether it was taken; what the answer says then comes by itself. */
async function choose(replyId, number) {
  return taken(() => api.choose(replyId, number));
}

async function askPeople(replyId) {
  return taken(() => api.askPeople(replyId));
}

async function judge(replyId, verdict, comment) {
  return taken(() => api.judge(replyId, verdict, comment));
}

async function taken(send) {
  hush();
  try {
    await send();
    return true;
  } catch (error) {
    tell(error);
    return false;
  }
}

function stopNewest() {
  const open = turns.openReply();
  if (open) stop(open.reply);
}

// ── one's own data ─────────────────────────────────────────────────────────

/** No text of any conversation stays in this page or in what the browser keeps for it. */
function forgetAll() {
  forgetDrafts();
  turns.clear();
  sidebar.clear();
  leave();
}

async function onErased() {
  forgetAll();
  tellOthers();
  me = (await api.me().catch(() => null)) ?? me;
  firstNotice.show(me.notice); // who is not known any more is told once more
}

// ── what comes by itself ───────────────────────────────────────────────────

let refreshing = 0;

function onReply(frame) {
  if (frame.thread === thread && turns.has(frame.reply)) {
    const hasEnded = turns.update(frame);
    composer.setStoppable(turns.openReply() !== null);
    if (hasEnded) announceAnswer(frame.text);
    return;
  }
  if (frame.thread !== thread && sidebar.titleOf(frame.thread) !== undefined) return;
  clearTimeout(refreshing); // asked in another window
  refreshing = setTimeout(refresh, 300);
}

function onConnected() {
  sayLost(false);
  refresh();
}

async function onLost() {
  sayLost(true);
  if (!me?.user) return;
  const found = await api.me().catch(() => null);
  if (found && found.user !== me.user) location.reload(); // signed out, or in as somebody else, elsewhere
}

// ── showing ────────────────────────────────────────────────────────────────

function draw() {
  const isNew = thread === null;
  const heading = isNew ? t("new_conversation") : sidebar.titleOf(thread) || t("untitled");
  byId("heading").textContent = heading;
  document.title = isNew ? title : `${heading.slice(0, 60)} · ${title}`;
  byId("empty").hidden = !isNew;
  if (isNew) byId("earlier").hidden = true;
  const questions = JSON.parse(examples);
  byId("examples").replaceChildren(
    ...(questions.length ? questions : t("examples")).map((question) =>
      h("li", {}, h("button", { type: "button", "data-testid": "example", onclick: () => composer.suggest(question) }, question)),
    ),
  );
  sidebar.mark(thread);
  composer.setStoppable(turns.openReply() !== null);
}

function startNew() {
  sidebar.close();
  if (location.hash) history.pushState(null, "", "/");
  openFromAddress();
  composer.focus();
}

function changeLanguage() {
  switchLanguage();
  speak();
  if (!me?.user) return;
  firstNotice.draw();
  turns.redraw();
  draw();
}

addEventListener("popstate", () => me?.user && openFromAddress());
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing && !sidebar.isOpen && !document.querySelector("dialog[open]")) stopNewest();
});
for (const button of document.querySelectorAll("button.language")) button.addEventListener("click", changeLanguage);
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address names the conversation
  byId("question").focus();
});
byId("new").addEventListener("click", startNew);
byId("new-small").addEventListener("click", startNew);
byId("earlier").addEventListener("click", earlier);
byId("sign-out").addEventListener("click", signOut);
byId("own-data").addEventListener("click", () => {
  sidebar.close();
  ownData.open();
});
onOthers(() => location.reload());
begin();

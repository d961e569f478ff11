// The page as a whole: takes frames, decides what to draw again, and passes on what the person does.
import { drawDialogs } from "/page/dialogs.js";
import { h, icon, redraw } from "/page/dom.js";
import { drawDrawer } from "/page/drawer.js";
import { Composer } from "/page/composer.js";
import { Live } from "/page/live.js";
import { drawMessages } from "/page/messages.js";
import { renderBlocks } from "/page/blocks.js";
import { drawSidebar } from "/page/sidebar.js";
import { State } from "/page/state.js";
import { t } from "/page/words.js";

const FIRST_PERSON = "U0ALICE";
const at = (id) => document.getElementById(id);

class Page {
  constructor() {
    this.state = new State();
    this.live = new Live((frame) => this.take(frame), (alive) => this.connection(alive));
    this.editing = null;
    this.tab = "messages";
    const people = () => [...this.state.people.values()].filter((person) => person.id !== this.state.you).sort((a, b) => b.is_bot - a.is_bot);
    this.composer = new Composer("composer", (text) => this.say(text, null), people);
    this.replyComposer = new Composer("reply-composer", (text) => this.say(text, this.state.thread), people);
    this.list = h("ol", { class: "messages", "data-testid": "messages", tabindex: "0" });
    this.replyList = h("ol", { class: "messages", "data-testid": "thread-messages", tabindex: "0" });
    this.header = h("header", { class: "top" });
    this.notice = h("div", { class: "notices" });
    this.status = h("div", { class: "status", "data-testid": "channel-status" });
    this.replyStatus = h("div", { class: "status", "data-testid": "thread-status" });
    this.problem = h("p", { class: "problem", role: "alert" });
    this.connectionNote = h("p", { class: "problem", role: "alert" });
    at("channel").append(this.header, this.connectionNote, this.notice, this.list, this.status, this.problem, this.composer.node);
    const back = h("button", { type: "button", class: "tool", "aria-label": t("close"), "data-testid": "close-thread", onclick: () => this.openThread(null) }, icon("close"));
    at("thread").append(h("header", { class: "top" }, h("h2", {}, t("thread")), back), this.replyList, this.replyStatus, this.replyComposer.node);
    at("thread").setAttribute("aria-label", t("thread"));
    this.replyComposer.label(t("writeReply"));
    document.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("click", (event) => this.clickOutside(event));
    setInterval(() => this.drawStatuses(), 1000);
    this.become(localStorage.getItem("you") ?? FIRST_PERSON);
  }

  // ── frames ────────────────────────────────────────────────────────────────

  take(frame) {
    const known = this.state.messages.get(frame.channel);
    const fresh = frame.type === "message" && !known?.has(frame.message.ts);
    const part = this.state.take(frame);
    if (fresh) this.announce(frame.message);
    if (fresh) this.followReply(frame);
    if (part === "views") drawDialogs(at("dialogs"), this);
    if (part === "views" || part === "all" || part === "channel") this.drawSoon();
    if (part === "log") this.drawDrawerSoon();
  }

  /** The bot's first answer in one's own thread opens it, as long as nothing else is open and there is room. */
  followReply({ channel, message }) {
    const root = this.state.messages.get(channel)?.get(message.thread_ts);
    const mine = root?.user === this.state.you && message.user === this.state.bot;
    if (mine && channel === this.state.here && !this.state.thread && innerWidth > 900) this.openThread(message.thread_ts);
  }

  announce(message) {
    if (message.user === this.state.you) return;
    at("announcer").textContent = t("newMessage", { name: this.state.people.get(message.user)?.real_name ?? message.user });
  }

  connection(alive) {
    this.connectionNote.textContent = alive ? "" : t("reconnecting");
  }

  // ── drawing ───────────────────────────────────────────────────────────────

  drawSoon() {
    this.pending ??= requestAnimationFrame(() => {
      this.pending = null;
      this.draw();
    });
  }

  drawDrawerSoon() {
    this.pendingDrawer ??= requestAnimationFrame(() => {
      this.pendingDrawer = null;
      drawDrawer(at("drawer"), this);
    });
  }

  draw() {
    const { state } = this;
    if (!state.you) return;
    if (document.visibilityState === "visible") state.markRead(state.here);
    drawSidebar(at("sidebar"), this);
    this.drawHeader();
    this.drawNotices();
    const channel = state.channels.get(state.here);
    const onHome = channel.kind === "im" && this.tab === "home";
    this.composer.node.hidden = onHome;
    if (onHome) this.drawHome();
    else drawMessages(this.list, state.listed(state.here), this, false);
    at("thread").hidden = !state.thread;
    at("workspace").classList.toggle("with-thread", Boolean(state.thread));
    if (state.thread) drawMessages(this.replyList, state.listed(state.here, state.thread), this, true);
    this.composer.label(t("write", { name: channel.kind === "im" ? state.nameOf(channel) : `#${channel.name}` }));
    this.drawStatuses();
    drawDrawer(at("drawer"), this);
    drawDialogs(at("dialogs"), this);
  }

  drawHeader() {
    const channel = this.state.channels.get(this.state.here);
    const name = this.state.nameOf(channel);
    const title = channel.kind === "im" ? name : `# ${name}`;
    document.title = `${title} · inthread sandbox`;
    const menu = h("button", { type: "button", class: "tool menu", "aria-label": t("menu"), "data-testid": "menu", onclick: () => at("workspace").classList.toggle("with-menu") }, icon("menu"));
    const tabs = () => (channel.kind === "im" ? [this.tabs()] : []);
    const purpose = h("span", { class: "purpose" }, channel.purpose);
    redraw(this.header, [channel.id, this.tab], () => [menu, h("h1", {}, title), purpose, ...tabs()]);
  }

  tabs() {
    const tab = (name, label) => {
      const open = () => {
        this.tab = name;
        this.act("open_home", { tab: name });
        this.draw();
      };
      return h("button", { type: "button", class: "tab", "data-testid": `tab-${name}`, "aria-pressed": String(this.tab === name), onclick: open }, label);
    };
    return h("span", { class: "tabs" }, tab("messages", t("messagesTab")), tab("home", t("home")));
  }

  drawNotices() {
    const { state } = this;
    const channel = state.channels.get(state.here);
    const notices = [];
    const heard = channel.members.includes(state.bot);
    if (!heard) {
      const invite = () => this.act("invite", { channel: channel.id });
      notices.push(h("div", { class: "notice" }, t("notMember"), " ", h("button", { type: "button", class: "button", onclick: invite }, t("invite"))));
    } else if (!state.sockets) {
      const lines = Object.entries(state.connect).map(([name, value]) => `${name}=${value}`).join("\n");
      notices.push(h("details", { class: "notice", "data-testid": "offline" }, h("summary", {}, t("offline")), h("pre", {}, lines)));
    }
    if (heard && !state.listed(state.here).length && this.tab === "messages") notices.push(this.invitation(channel));
    redraw(this.notice, notices.map((node) => node.textContent), () => notices);
  }

  invitation(channel) {
    const direct = channel.kind === "im";
    const suggested = this.state.prompts[channel.id]?.map((prompt) => prompt.message);
    const examples = (suggested ?? [t("example1"), t("example2"), t("example3")]).map((text) => (direct ? text : `@inthread ${text}`));
    const use = (text) => h("button", { type: "button", class: "example", "data-testid": "example", onclick: () => this.composer.fill(text) }, text);
    return h("div", { class: "invitation" }, h("h2", {}, t("emptyTitle")), h("p", {}, t(direct ? "emptyDm" : "emptyChannel")), examples.map(use));
  }

  drawHome() {
    const view = this.state.home;
    const surface = { people: this.state.people, click: (action_id, chosen) => this.act("click_in_view", { view_id: view.id, action_id, chosen }) };
    const blocks = view ? renderBlocks(view.blocks, surface) : [h("p", { class: "context" }, t("noHome"))];
    this.list.replaceChildren(h("li", { class: "message home" }, h("div", { class: "content" }, blocks)));
  }

  drawStatuses() {
    const { state } = this;
    if (!state.you) return;
    this.drawStatus(this.status, state.channels.get(state.here).kind === "im" ? "" : null);
    this.drawStatus(this.replyStatus, state.thread);
    const shown = [...state.statuses.values()].filter((status) => state.status(status.channel, status.thread_ts)).length;
    if (shown !== this.shownStatuses) this.drawSoon(); // one has run out: its line under the message goes
    this.shownStatuses = shown;
  }

  drawStatus(node, thread) {
    const status = thread === null ? null : this.state.status(this.state.here, thread);
    const turn = status?.loading_messages?.length ? Math.floor(Date.now() / 3000) % status.loading_messages.length : 0;
    const words = status ? status.loading_messages?.[turn] || `${this.state.people.get(this.state.bot).name} ${status.text}` : "";
    const stop = () => this.act("stop", { channel: this.state.here, thread_ts: thread });
    const button = status?.session === "processing" ? h("button", { type: "button", class: "button", "data-testid": "stop", onclick: stop }, t("stop")) : "";
    const dots = h("span", { class: "dots", "aria-hidden": "true" });
    redraw(node, [words, status?.session, thread], () => (status ? [dots, words, button] : []));
  }

  // ── what the person does ──────────────────────────────────────────────────

  become(user) {
    localStorage.setItem("you", user);
    this.editing = null;
    this.state.thread = null;
    this.list.replaceChildren();
    this.live.open(user);
  }

  go(channel) {
    this.state.here = channel;
    this.state.thread = null;
    this.editing = null;
    this.tab = "messages";
    this.problem.textContent = "";
    at("workspace").classList.remove("with-menu");
    this.list.replaceChildren();
    if (this.state.channels.get(channel).kind === "im") this.act("open_home", { tab: "messages" });
    this.draw();
    this.list.scrollTop = this.list.scrollHeight;
    if (innerWidth > 900) this.composer.field.focus();
  }

  openThread(ts) {
    this.state.thread = ts;
    this.replyList.replaceChildren();
    this.draw();
    this.replyList.scrollTop = this.replyList.scrollHeight;
    if (ts && innerWidth > 900) this.replyComposer.field.focus();
  }

  async say(text, thread_ts) {
    const command = text.match(/^(\/[a-z][\w-]*)(?:\s+([\s\S]*))?$/);
    const channel = this.state.here;
    if (command && !thread_ts) {
      this.act("command", { channel, command: command[1], text: command[2] ?? "" });
      return true;
    }
    const ts = await this.act("post", { channel, text, thread_ts });
    const list = thread_ts ? this.replyList : this.list;
    list.scrollTop = list.scrollHeight;
    return ts !== undefined;
  }

  edit(ts) {
    this.editing = ts;
    this.draw();
  }

  async saveEdit(message, text) {
    this.editing = null;
    await this.act("edit", { channel: this.state.here, ts: message.ts, text });
    this.draw();
  }

  async click(message, action_id, chosen, node) {
    node.disabled = true;
    const acked = await this.act("click", { channel: this.state.here, ts: message.ts, action_id, chosen });
    node.disabled = false;
    if (acked === false) this.problem.textContent = t("noAck");
  }

  /** The result of an act; undefined, and a line that says why, if it failed. */
  async act(act, details) {
    try {
      const result = await this.live.act(act, details);
      this.problem.textContent = "";
      return result ?? null;
    } catch (error) {
      this.problem.textContent = t("failed", { error: error.message });
      return undefined;
    }
  }

  toggleDrawer() {
    at("drawer").hidden = !at("drawer").hidden;
    at("workspace").classList.remove("with-menu");
    drawDrawer(at("drawer"), this);
  }

  key(event) {
    if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (!at("drawer").hidden) this.toggleDrawer();
    else if (this.state.thread && !this.editing) this.openThread(null);
  }

  clickOutside(event) {
    const menu = at("workspace").classList;
    if (menu.contains("with-menu") && event.target.isConnected && !event.target.closest("#sidebar, .menu")) menu.remove("with-menu");
  }
}

new Page();

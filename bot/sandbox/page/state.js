// What the page knows: one person's view of the workspace. Owns unread marks; draws nothing.

const ORDER = (a, b) => (a.ts < b.ts ? -1 : a.ts > b.ts ? 1 : 0);

export class State {
  constructor() {
    this.people = new Map();
    this.channels = new Map();
    this.messages = new Map();
    this.statuses = new Map();
    this.log = new Map();
    this.prompts = {};
    this.views = [];
    this.home = null;
    this.sockets = 0;
    this.here = null;
    this.thread = null;
  }

  welcome(frame) {
    this.you = frame.you;
    this.bot = frame.bot;
    this.team = frame.team;
    this.connect = frame.connect;
    this.people = new Map(frame.people.map((person) => [person.id, person]));
    this.channels = new Map(frame.channels.map((channel) => [channel.id, channel]));
    this.messages = new Map(Object.entries(frame.messages).map(([id, list]) => [id, new Map(list.map((m) => [m.ts, m]))]));
    this.statuses = new Map(frame.statuses.map((status) => [this.statusKey(status), this.dated(status)]));
    this.log = new Map(frame.log.map((entry) => [entry.id, entry]));
    Object.assign(this, { prompts: frame.prompts, views: frame.views, home: frame.home, sockets: frame.sockets });
    if (!this.channels.has(this.here)) {
      this.here = frame.channels[0].id;
      this.thread = null;
    }
    for (const id of this.channels.keys()) if (!localStorage.getItem(this.readKey(id))) this.markRead(id);
  }

  /** Takes one frame; returns what has to be drawn again: "all", "channel", "log", "views". */
  take(frame) {
    switch (frame.type) {
      case "welcome": this.welcome(frame); return "all";
      case "message": this.messages.get(frame.channel)?.set(frame.message.ts, frame.message); return "channel";
      case "gone": this.messages.get(frame.channel)?.delete(frame.ts); return "channel";
      case "channel":
        this.channels.set(frame.channel.id, frame.channel);
        this.messages.set(frame.channel.id, new Map(frame.messages.map((m) => [m.ts, m])));
        return "channel";
      case "status":
        this.statuses.set(this.statusKey(frame), this.dated(frame));
        this.prompts = frame.prompts;
        return "channel";
      case "views": this.views = frame.views; this.home = frame.home; return "views";
      case "sockets": { const was = this.sockets; this.sockets = frame.sockets; return !was === !frame.sockets ? "log" : "all"; }
      case "log": this.addLog(frame.entry); return "log";
      default: return "";
    }
  }

  addLog(entry) {
    this.log.delete(entry.id);
    this.log.set(entry.id, entry);
    if (this.log.size > 300) this.log.delete(this.log.keys().next().value);
  }

  /** Roots of a channel, or the messages of a thread, oldest first. */
  listed(channel, thread = null) {
    const all = [...(this.messages.get(channel)?.values() ?? [])].sort(ORDER);
    if (thread) return all.filter((m) => m.ts === thread || m.thread_ts === thread);
    return all.filter((m) => !m.thread_ts || m.thread_ts === m.ts || m.subtype === "thread_broadcast");
  }

  status(channel, thread) {
    const status = this.statuses.get(`${channel} ${thread}`);
    if (!status) return null;
    const text = status.until > Date.now() ? status.text : "";
    return text || status.session === "processing" ? { ...status, text } : null;
  }

  statusKey(status) { return `${status.channel} ${status.thread_ts}`; }
  dated(status) { return { ...status, until: Date.now() + status.seconds * 1000 }; }

  nameOf(channel) {
    if (channel.kind !== "im") return channel.name;
    return this.people.get(this.bot).name;
  }

  // ── unread ────────────────────────────────────────────────────────────────

  readKey(id) { return `read ${this.you} ${id}`; }

  markRead(id) {
    const last = [...(this.messages.get(id)?.keys() ?? [])].sort().at(-1) ?? "0";
    localStorage.setItem(this.readKey(id), last);
  }

  unread(id) {
    const read = localStorage.getItem(this.readKey(id)) ?? "0";
    return [...(this.messages.get(id)?.values() ?? [])].filter((m) => m.ts > read && m.user !== this.you).length;
  }
}

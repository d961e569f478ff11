// The connection to the sandbox: frames come by websocket, acts go by POST.

export class Live {
  constructor(onFrame, onState) {
    this.onFrame = onFrame;
    this.onState = onState;
    this.wait = 500;
  }

  /** Opens the view of one person; closes the one before. */
  open(user) {
    this.user = user;
    if (this.socket) {
      this.socket.onclose = null;
      this.socket.close();
    }
    clearTimeout(this.timer);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/_sandbox/live?user=${encodeURIComponent(user)}`);
    socket.onmessage = (event) => {
      this.wait = 500;
      this.onState(true);
      this.onFrame(JSON.parse(event.data));
    };
    socket.onclose = () => {
      this.onState(false);
      this.timer = setTimeout(() => this.open(this.user), this.wait);
      this.wait = Math.min(this.wait * 2, 8000);
    };
    this.socket = socket;
  }

  /** The result of an act in the person's name. Throws Error with Slack's code. */
  async act(act, details = {}) {
    const response = await fetch("/_sandbox/act", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ act, user: this.user, ...details }),
    });
    const answer = response.headers.get("Content-Type")?.includes("json") ? await response.json() : null;
    if (!answer?.ok) throw new Error(answer?.error ?? `HTTP ${response.status}`);
    return answer.result;
  }
}

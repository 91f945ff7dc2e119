// The drawers: the wire, failures of the platform, the clock.
const byId = (id) => document.getElementById(id);
let fading;
let latest;

/** One sentence at the foot of the page; `ms` 0 keeps it. */
export function announce(text, ms = 4000) {
  byId("status").textContent = text;
  clearTimeout(fading);
  if (ms) fading = setTimeout(() => { byId("status").textContent = ""; }, ms);
}

/** Asks the sandbox; throws with a sentence a person can read. */
export async function call(method, path, body) {
  const blob = body instanceof Blob;
  const options = { method };
  if (body !== undefined) {
    options.body = blob ? body : JSON.stringify(body);
    options.headers = { "Content-Type": blob ? "application/octet-stream" : "application/json" };
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("没有连上程序，请看看它是否还在运行");
  }
  const text = await response.text();
  if (!response.ok) throw new Error(response.status === 400 && text ? text : `没有成功（HTTP ${response.status}）`);
  return text ? JSON.parse(text) : undefined;
}

/** Shows what went over the wire for an entry. */
export async function openWire(entry) {
  // What was answered is added later than the entry arrives: ask again.
  let shown = entry;
  if (entry) {
    try {
      const all = await call("GET", `/sandbox/conversation?openid=${encodeURIComponent(entry.openid)}`);
      shown = all.find((other) => other.id === entry.id) ?? entry;
      // The answer travels with the message that it answers.
      if (shown.how === "reply" || (shown.how === "notice" && !shown.wire.length)) {
        shown = all.filter((other) => other.id < shown.id && ["said", "event"].includes(other.how)).pop() ?? shown;
      }
    } catch { /* what is here is better than nothing */ }
  }
  latest = entry ?? latest;
  const list = byId("wire-list");
  list.replaceChildren();
  const wire = shown?.wire ?? [];
  byId("wire-note").textContent = wire.length
    ? "这条消息在程序和平台之间的真实样子：上面是明文，下面是签名、加密后实际发送的内容。"
    : "点任何一条消息下面的「报文」，看它在线路上的真实样子。较早的消息不再保留报文。";
  for (const part of wire) {
    const head = document.createElement("h3");
    head.textContent = part.label;
    const text = document.createElement("pre");
    text.textContent = part.text;
    text.tabIndex = 0;
    list.append(head, text);
  }
  if (!byId("wire").open) byId("wire").showModal();
}

function item(fault) {
  const line = document.createElement("li");
  const api = [...byId("fault-api").options].find((option) => option.value === fault.api)?.text ?? fault.api;
  const kind = [...byId("fault-kind").options].find((option) => option.value === fault.kind)?.text ?? fault.kind;
  line.textContent = `${api}:${kind}${fault.times ? `(还有 ${fault.times} 次)` : ""}`;
  return line;
}

async function drawFaults() {
  const state = await call("GET", "/sandbox/state");
  const lines = state.faults.map(item);
  if (!lines.length) {
    const none = document.createElement("li");
    none.textContent = "没有，一切正常";
    lines.push(none);
  }
  byId("fault-list").replaceChildren(...lines);
  const rows = Object.entries(state.calls).map(([api, count]) => {
    const row = document.createElement("tr");
    const name = [...byId("fault-api").options].find((option) => option.value === api)?.text ?? api;
    for (const text of [name, count, state.failed[api] ?? 0]) {
      const cell = document.createElement("td");
      cell.textContent = String(text);
      row.append(cell);
    }
    return row;
  });
  byId("calls").replaceChildren(...rows);
}

async function drawClock() {
  const state = await call("GET", "/sandbox/state");
  byId("now").textContent = new Date(state.now).toLocaleString("zh-CN", { timeZone: "Asia/Shanghai", hour12: false });
  byId("jumps").hidden = !state.clock;
  if (!state.clock) byId("clock-note").textContent = "这里不能调整时钟：启动时把 sandbox.clock 设为 true 才可以。";
}

// Any of these may fail while the program restarts: then a sentence says so.
const guarded = (act) => async (event) => {
  try {
    await act(event);
  } catch (error) {
    announce(error.message);
  }
};

/** Wires up the buttons. */
export function startTools() {
  byId("open-wire").addEventListener("click", guarded(() => openWire(latest)));
  byId("open-faults").addEventListener("click", guarded(async () => {
    byId("faults").showModal();
    await drawFaults();
  }));
  byId("open-clock").addEventListener("click", guarded(async () => {
    byId("clock").showModal();
    await drawClock();
  }));
  byId("fault-add").addEventListener("click", guarded(async () => {
    const times = byId("fault-times").value;
    const fault = { api: byId("fault-api").value, kind: byId("fault-kind").value };
    if (fault.kind === "repeat" && !["robot", "paynotice"].includes(fault.api)) fault.api = "callback";
    if (times) fault.times = Number(times);
    await call("POST", "/sandbox/faults", fault);
    await drawFaults();
  }));
  byId("fault-clear").addEventListener("click", guarded(async () => {
    await call("DELETE", "/sandbox/faults");
    await drawFaults();
  }));
  byId("expire").addEventListener("click", guarded(async () => {
    await call("POST", "/sandbox/tokens/expire", {});
    announce("令牌已失效，下一次发送时程序会自己换新的");
  }));
  byId("jumps").addEventListener("click", guarded(async (event) => {
    const seconds = Number(event.target.dataset.seconds);
    if (!seconds) return;
    await call("POST", "/sandbox/clock", { seconds });
    await drawClock();
  }));
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  }
}

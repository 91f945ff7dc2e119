// The sandbox's page: conversations of several people side by side, live. Everything a person reads
// is written as text, never as markup.
import { openWire, startTools, announce, call } from "/sandbox/wire.js";
import { startGuide } from "/sandbox/guide.js";
import { startGroup } from "/sandbox/robot.js";
import { chipsFor } from "/sandbox/chips.js";
import { startMini } from "/sandbox/mini.js";
import { MEMBERS, drawWorkCard } from "/sandbox/work.js";
import { addMenu, openPage, openScan, watchMenu } from "/sandbox/account.js";
import { linked } from "/sandbox/links.js";

export const PEOPLE = [
  { id: "sandbox-resident", name: "张秀英", role: "居民", face: "resident",
    starters: ["报修 3栋电梯停了", "帮助", "我的管家", "进度"] },
  { id: "sandbox-steward", name: "宋卫东", role: "3 栋楼栋长", face: "steward", starters: ["待办", "帮助"] },
  { id: "sandbox-property", name: "吴师傅", role: "物业维修", face: "property", starters: ["待办", "帮助"] },
  { id: "sandbox-chair", name: "曹雪梅", role: "业委会主任", face: "chair", starters: ["待办", "帮助"] },
  { id: "sandbox-community", name: "邓小雨", role: "社区网格员", face: "community", starters: ["待办", "帮助"] },
  { id: "sandbox-newcomer", name: "新邻居", role: "还没有绑定房号", face: "newcomer",
    starters: ["你好", "绑定 3-2-502 高秀珍 13800000020", "帮助"] },
  ...MEMBERS,
];

const phones = new Map(); // id → { person, element, log, unread, entries, last }
let shown = ["sandbox-resident", "work:songweidong", "sandbox-chair"];
const listeners = [];

/** Calls back with every entry that arrives. */
export const onEntry = (listener) => listeners.push(listener);
export const entriesOf = (id) => phones.get(id)?.entries ?? [];

function columns() {
  const width = document.documentElement.clientWidth;
  return width < 720 ? 1 : width < 1080 ? 2 : width < 1700 ? 3 : width < 2200 ? 4 : 5;
}

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function build(person) {
  const element = document.getElementById("phone").content.firstElementChild.cloneNode(true);
  element.id = `phone-${person.face}`;
  element.setAttribute("aria-label", `${person.role} ${person.name} 的手机`);
  const face = element.querySelector(".face");
  face.classList.add(`face-${person.face}`);
  face.textContent = person.name.slice(0, 1);
  element.querySelector(".name").textContent = person.name;
  element.querySelector(".role").textContent = person.role;
  const input = element.querySelector(".text");
  input.id = `text-${person.face}`;
  input.placeholder = `以${person.name}的身份说…`;
  const label = element.querySelector("label.hidden");
  label.htmlFor = input.id;
  label.textContent = `${person.name}要说的话`;
  const log = element.querySelector(".log");
  log.setAttribute("aria-label", `${person.name}与公众号的对话`);
  log.append(make("li", "empty", "还没有消息。点下面的快捷回复，或自己输入。"));
  const phone = { person, element, log, input, unread: 0, entries: [] };
  phones.set(person.id, phone);
  element.querySelector(".say").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    input.value = "";
    say(person.id, { text });
  });
  const tray = element.querySelector(".tray");
  const more = element.querySelector(".more");
  more.addEventListener("click", () => {
    tray.hidden = !tray.hidden;
    more.setAttribute("aria-expanded", String(!tray.hidden));
    if (!tray.hidden) tray.querySelector("button").focus();
  });
  tray.addEventListener("click", (event) => {
    const act = event.target.closest("button")?.dataset.act;
    if (act) doAct(phone, act);
  });
  const file = element.querySelector(".file");
  file.addEventListener("change", () => {
    if (file.files[0]) sendFile(person.id, file.files[0]);
    file.value = "";
  });
  drawChips(phone);
  if (!person.id.startsWith("work:")) addMenu(phone, say);
  return element;
}

function buildCast() {
  const cast = document.getElementById("cast");
  for (const person of PEOPLE) {
    const button = make("button");
    button.type = "button";
    button.dataset.id = person.id;
    const face = make("span", `face face-${person.face}`, person.name.slice(0, 1));
    face.setAttribute("aria-hidden", "true");
    button.append(face, make("span", "", person.name), make("span", "badge"));
    button.addEventListener("click", () => show(person.id));
    cast.append(button);
  }
}

/** Brings a person's phone into view. */
export function show(id, { focus = true } = {}) {
  const count = columns();
  const visible = shown.slice(0, count);
  if (!visible.includes(id)) {
    // One column is a set of tabs; with more, the newcomer takes the last place.
    shown = [...visible.slice(0, count - 1), id, ...shown.filter((other) => other !== id && !visible.includes(other))];
    if (count === 1) shown = [id, ...shown.filter((other) => other !== id)];
  }
  draw();
  if (focus) phones.get(id).input.focus({ preventScroll: true });
}

function draw() {
  for (const person of PEOPLE) if (!shown.includes(person.id)) shown.push(person.id);
  const visible = shown.slice(0, columns());
  const stage = document.getElementById("stage");
  for (const [id, phone] of phones) {
    const there = visible.includes(id);
    phone.element.hidden = !there;
    // Moving an element would take the focus away: only the order is told.
    phone.element.dataset.order = String(PEOPLE.findIndex((person) => person.id === id));
    if (there) {
      phone.unread = 0;
      phone.log.scrollTop = phone.log.scrollHeight;
    }
  }
  for (const button of document.querySelectorAll("#cast button")) {
    const phone = phones.get(button.dataset.id);
    button.setAttribute("aria-pressed", String(visible.includes(button.dataset.id)));
    const badge = button.querySelector(".badge");
    badge.hidden = phone.unread === 0;
    badge.textContent = String(phone.unread);
    badge.setAttribute("aria-label", `${phone.unread} 条未读`);
  }
  stage.dataset.columns = String(visible.length);
}

/** A person says or does something. */
export async function say(id, what) {
  try {
    await call("POST", "/sandbox/say", { openid: id, ...what });
  } catch (error) {
    announce(error.message);
  }
}

async function doAct(phone, act) {
  const id = phone.person.id;
  if (act === "sample") sendFile(id, await samplePicture());
  if (act === "photo") phone.element.querySelector(".file").click();
  if (act === "location")
    say(id, { location: { latitude: 36.651216, longitude: 117.120095, label: "桂园小区 3 栋" } });
  if (act === "subscribe" || act === "unsubscribe") say(id, { event: { event: act } });
  if (act === "voice") {
    const text = phone.input.value.trim() || "三栋电梯又停了，麻烦来看看";
    phone.input.value = "";
    say(id, { voice: { recognition: text } });
  }
  if (act === "scan") {
    const key = phone.input.value.trim();
    phone.input.value = "";
    if (key) say(id, { event: { event: "SCAN", key } });
    else openScan(id, say);
  }
}

async function sendFile(id, file) {
  try {
    const blob = await shrink(file);
    const { media_id } = await call("POST", "/sandbox/media", blob);
    await say(id, { image: { media_id } });
  } catch (error) {
    announce(error.message || "图片发送失败");
  }
}

// As the real app does: a photograph is made smaller before it is sent.
async function shrink(file) {
  if (file.size < 60_000) return file;
  const image = await createImageBitmap(file);
  let side = 1280;
  for (;;) {
    const scale = Math.min(1, side / Math.max(image.width, image.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(image.width * scale));
    canvas.height = Math.max(1, Math.round(image.height * scale));
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.75));
    if (blob.size < 60_000 || side < 200) return blob;
    side = Math.round(side * 0.75);
  }
}

function samplePicture() {
  const canvas = document.createElement("canvas");
  canvas.width = 480;
  canvas.height = 360;
  const pen = canvas.getContext("2d");
  const box = (colour, ...at) => { pen.fillStyle = colour; pen.fillRect(...at); };
  box("#cfd6dc", 0, 0, 480, 360);
  box("#8b98a3", 0, 310, 480, 50);
  box("#5d6a75", 130, 50, 220, 262);
  box("#aeb9c2", 142, 62, 94, 250);
  box("#aeb9c2", 244, 62, 94, 250);
  box("#2d3338", 190, 14, 100, 30);
  pen.font = "bold 22px sans-serif";
  pen.textAlign = "center";
  pen.fillStyle = "#ff5a4d";
  pen.fillText("E-07", 240, 37);
  box("#ffd54a", 150, 168, 180, 64);
  pen.fillStyle = "#3a2f00";
  pen.font = "bold 30px sans-serif";
  pen.fillText("电梯故障", 240, 211);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.8));
}

function drawChips(phone) {
  const holder = phone.element.querySelector(".chips");
  holder.replaceChildren();
  for (const chip of chipsFor(phone.entries, phone.person.starters)) {
    const button = make("button", "", chip.label);
    button.type = "button";
    button.addEventListener("click", () => {
      if (chip.fill) {
        phone.input.value = chip.fill;
        phone.input.focus();
      } else {
        say(phone.person.id, { text: chip.send });
      }
    });
    holder.append(button);
  }
}

function clockTime(ms) {
  return new Intl.DateTimeFormat("zh-CN", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Shanghai", hour12: false }).format(ms);
}

function drawEntry(phone, entry) {
  if (entry.how === "notice" || entry.how === "event") {
    const item = make("li", "notice", entry.how === "event" ? `${phone.person.name}${entry.text}` : entry.text);
    if (entry.wire.length) item.append(" ", wireButton(entry));
    return item;
  }
  const mine = entry.how === "said";
  const item = make("li", mine ? "line mine" : "line");
  const face = mine ? phone.person : { face: "account", name: "邻里" };
  const badge = make("span", `face face-${face.face}`, face.name.slice(0, 1));
  badge.setAttribute("aria-hidden", "true");
  const body = make("div", "body");
  body.append(make("span", "hidden", mine ? `${phone.person.name}:` : "公众号:"));
  if (entry.work_card) {
    body.classList.add("wide");
    body.append(drawWorkCard(entry));
  } else if (entry.card) {
    body.classList.add("wide");
    body.append(drawCard(entry.card, entry.openid));
  } else if (entry.media) {
    const picture = make("img", "picture");
    picture.src = `/sandbox/media/${encodeURIComponent(entry.media)}`;
    picture.alt = mine ? "发送的照片" : "公众号发来的图片";
    picture.addEventListener("load", () => { phone.log.scrollTop = phone.log.scrollHeight; });
    body.append(picture);
  } else {
    const bubble = make("div", "bubble");
    bubble.append(linked(entry.text, entry.openid));
    for (const [tapped, content] of entry.menu ?? []) {
      const line = make("button", "tap", content);
      line.type = "button";
      line.addEventListener("click", () => say(entry.openid, { tap: { id: tapped, content } }));
      bubble.append(line);
    }
    body.append(bubble);
  }
  const under = make("div", "under");
  const kind = { template: "模板消息", custom: "客服消息", app: "企业微信", subscription: "小程序服务通知" }[entry.how];
  under.append(make("span", "", kind ? `${clockTime(entry.at)} · ${kind}` : clockTime(entry.at)), wireButton(entry));
  body.append(under);
  item.append(badge, body);
  return item;
}

function drawCard(card, owner) {
  const box = make("div", "card");
  box.append(make("h3", "", card.title));
  const list = make("dl");
  for (const [word, value] of card.fields) list.append(make("dt", "", word), make("dd", "", value));
  box.append(list);
  if (card.url) {
    const link = make("button", "foot", `点开：${card.url}`);
    link.type = "button";
    link.addEventListener("click", () => openPage(owner, card.url));
    box.append(link);
  }
  return box;
}

function wireButton(entry) {
  const button = make("button", "", "报文");
  button.type = "button";
  button.setAttribute("aria-label", `看这条消息的报文：${entry.text.slice(0, 20)}`);
  button.addEventListener("click", () => openWire(entry));
  return button;
}

// A card of WeCom has changed: in place, where it stands.
function redraw(phone, update) {
  const at = phone.entries.findIndex((entry) => entry.id === update.of);
  const old = phone.entries[at];
  if (!old || !phone.log.children[at]) return;
  const now = { ...old, text: update.text, work_card: update.work_card };
  phone.entries[at] = now;
  phone.log.children[at].replaceWith(drawEntry(phone, now));
  drawChips(phone);
  for (const listener of listeners) listener(now);
}

function receive(entry) {
  let phone = phones.get(entry.openid);
  if (!phone) return;
  if (phone.entries.some((known) => known.id === entry.id)) return;
  phone.log.querySelector(".empty")?.remove();
  const atEnd = phone.log.scrollHeight - phone.log.scrollTop - phone.log.clientHeight < 120;
  if (entry.how === "update") {
    redraw(phone, entry);
    return;
  }
  phone.entries.push(entry);
  if (phone.entries.length > 300) {
    phone.entries.shift();
    phone.log.firstElementChild.remove();
  }
  phone.log.append(drawEntry(phone, entry));
  if (atEnd || entry.how === "said") phone.log.scrollTop = phone.log.scrollHeight;
  if (phone.element.hidden && entry.how !== "said") phone.unread += 1;
  drawChips(phone);
  draw();
  for (const listener of listeners) listener(entry);
}

function listen() {
  let broken = false;
  const source = new EventSource("/sandbox/live?after=0");
  source.addEventListener("message", (event) => receive(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    if (!broken) announce("连接断开，正在重新连接…", 0);
    broken = true;
  });
  source.addEventListener("open", () => {
    if (broken) announce("已重新连接");
    broken = false;
  });
}

function startSize() {
  const button = document.getElementById("large");
  const apply = (on) => {
    document.documentElement.classList.toggle("large", on);
    button.setAttribute("aria-pressed", String(on));
  };
  let on = false;
  try { on = localStorage.getItem("large") === "yes"; } catch { /* a browser without memory */ }
  apply(on);
  button.addEventListener("click", () => {
    on = !on;
    apply(on);
    try { localStorage.setItem("large", on ? "yes" : "no"); } catch { /* the same */ }
  });
}

const stage = document.getElementById("stage");
for (const person of PEOPLE) stage.append(build(person));
buildCast();
startSize();
startTools();
startMini(PEOPLE);
startGroup();
startGuide({ say, show, onEntry, entriesOf, people: PEOPLE });
draw();
addEventListener("resize", draw);
watchMenu();
listen();

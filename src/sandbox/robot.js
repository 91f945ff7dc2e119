// The group chat: several members of the corporation and the robot, which hears what mentions it.
import { announce, call, openWire } from "/sandbox/wire.js";

const MEMBERS = [
  { id: "songweidong", name: "宋卫东", role: "3 栋楼栋长" },
  { id: "wushifu", name: "吴师傅", role: "物业维修" },
  { id: "caoxuemei", name: "曹雪梅", role: "业委会主任" },
  { id: "dengxiaoyu", name: "邓小雨", role: "社区网格员" },
  { id: "sandbox-visitor", name: "路人甲", role: "名册上没有的成员" },
];
const STARTERS = ["帮助", "待办", "报修 3栋电梯停了", "进度"];
const byId = (id) => document.getElementById(id);
const make = (tag, className, text) => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
};

let chat = "";
let source;
let last = 0;

function nameOf(id) {
  return MEMBERS.find((member) => member.id === id)?.name ?? id ?? "";
}

function draw(entry) {
  if (entry.openid !== `group:${chat}` || entry.id <= last) return;
  last = entry.id;
  const log = byId("group-log");
  log.querySelector(".empty")?.remove();
  if (entry.how === "notice") {
    log.append(make("li", "notice", entry.text));
    return;
  }
  const mine = entry.how === "said";
  const who = nameOf(entry.by);
  const item = make("li", mine ? "line mine" : "line");
  const face = make("span", `face face-${mine ? "steward" : "account"}`, who.slice(0, 1));
  face.setAttribute("aria-hidden", "true");
  const body = make("div", "body");
  const under = make("div", "under");
  under.append(make("span", "", who));
  if (entry.wire.length || mine) {
    const wire = make("button", "", "报文");
    wire.type = "button";
    wire.setAttribute("aria-label", `看这条消息的报文：${entry.text.slice(0, 20)}`);
    wire.addEventListener("click", () => openWire(entry));
    under.append(wire);
  }
  body.append(make("div", "bubble", entry.text), under);
  item.append(face, body);
  log.append(item);
  log.scrollTop = log.scrollHeight;
}

function listen() {
  source?.close();
  last = 0;
  byId("group-log").replaceChildren(make("li", "empty", "群里只有 @机器人 的话会送到程序。选一位成员，说一句试试。"));
  source = new EventSource("/sandbox/live?after=0");
  source.addEventListener("message", (event) => draw(JSON.parse(event.data)));
}

async function say(text) {
  const userid = byId("group-member").value;
  try {
    await call("POST", "/sandbox/robot/say", { userid, chat, text });
  } catch (error) {
    announce(error.message);
  }
}

/** Makes the button and the pane work. */
export function startGroup() {
  const pane = byId("group");
  const member = byId("group-member");
  for (const one of MEMBERS) {
    const option = make("option", "", `${one.name}（${one.role}）`);
    option.value = one.id;
    member.append(option);
  }
  for (const text of STARTERS) {
    const chip = make("button", "", text);
    chip.type = "button";
    chip.addEventListener("click", () => say(text));
    byId("group-chips").append(chip);
  }
  byId("open-group").addEventListener("click", async () => {
    try {
      const robot = await call("GET", "/sandbox/robot");
      chat = robot.groups[0] ?? "demo";
      byId("group-robot").textContent = `@${robot.name} `;
    } catch (error) {
      announce(error.message);
      return;
    }
    listen();
    pane.showModal();
    byId("group-text").focus();
  });
  pane.addEventListener("close", () => source?.close());
  byId("group-say").addEventListener("submit", (event) => {
    event.preventDefault();
    const input = byId("group-text");
    const text = input.value.trim();
    if (!text) return;
    input.value = "";
    say(text);
  });
}

// The mini-program: one screen of it, which talks to the program's own API (/api/v1) as the real one
// would. What WeChat itself does on a phone (codes, the question for messages) the sandbox does.
import { announce, call } from "/sandbox/wire.js";

const byId = (id) => document.getElementById(id);
const WORDS = { accept: "已同意", reject: "不要", ban: "平台已停用", filter: "已略过" };
const KINDS = { task: "要我办的事", progress: "办理进度", notice: "公告", due: "到期提醒" };
let tokens = new Map(); // openid → bearer token
let whose;

function make(tag, text, className) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
}

function button(text, act, primary) {
  const element = make("button", text, primary ? "primary" : "");
  element.type = "button";
  element.addEventListener("click", () => run(act));
  return element;
}

async function run(act) {
  try {
    await act();
  } catch (error) {
    announce(error.message);
  }
}

/** Asks the program; throws with its own kind sentence. */
async function api(method, path, body) {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() };
  const token = tokens.get(whose);
  if (token) headers.Authorization = `Bearer ${token}`;
  const response = await fetch(`/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  const answer = text ? JSON.parse(text) : {};
  if (response.status === 401) tokens.delete(whose);
  if (!response.ok) throw new Error(answer.detail ?? `没有成功（HTTP ${response.status}）`);
  return answer;
}

async function signIn() {
  const { code } = await call("POST", "/sandbox/code", { openid: whose });
  const session = await api("POST", "/session", { code });
  tokens.set(whose, session.token);
  await draw();
}

function drawLogin(screen) {
  const rules = make("p", "登录后继续使用，即表示您同意", "note");
  const link = make("a", "个人信息处理规则");
  link.href = "/privacy";
  link.target = "_blank";
  rules.append(link, "。");
  screen.append(make("p", "还没有登录。小程序用微信登录，不用输入密码。", "note"), rules, button("微信登录", signIn, true));
}

function drawHomes(screen, me) {
  screen.append(make("h3", "我的房号"));
  const list = make("ul", undefined, "plain");
  for (const home of me.homes) list.append(make("li", `${home.code}（${home.state === "verified" ? "已核验" : "已登记"}）`));
  if (!me.homes.length) list.append(make("li", "还没有绑定房号"));
  screen.append(list);
  const row = make("form", undefined, "row");
  const input = make("input");
  input.id = "mini-phone";
  input.inputMode = "numeric";
  input.placeholder = "假装这部手机的号码";
  const label = make("label", "手机号", "hidden");
  label.htmlFor = input.id;
  const send = make("button", "手机号一键绑定");
  row.append(label, input, send);
  row.addEventListener("submit", (event) => {
    event.preventDefault();
    run(async () => {
      const { code } = await call("POST", "/sandbox/mini/phone", { openid: whose, phone: input.value.trim() });
      await api("POST", "/me/phone", { code });
      announce("已绑定");
      await draw();
    });
  });
  screen.append(row);
}

async function drawCases(screen) {
  screen.append(make("h3", "我的诉求"));
  const { items } = await api("GET", "/cases?limit=5");
  const list = make("ul", undefined, "plain");
  for (const item of items) list.append(make("li", `#${item.id} ${item.kind_label}：${item.text.slice(0, 30)}（${item.state_label}）`));
  if (!items.length) list.append(make("li", "还没有提过诉求"));
  const form = make("form", undefined, "row");
  const kind = make("select");
  kind.setAttribute("aria-label", "类别");
  for (const [value, word] of [["repair", "报修"], ["complaint", "投诉"], ["suggestion", "建议"], ["help", "求助"]]) {
    const option = make("option", word);
    option.value = value;
    kind.append(option);
  }
  const text = make("input");
  text.required = true;
  text.maxLength = 2000;
  text.placeholder = "写下要反映的事";
  text.setAttribute("aria-label", "要反映的事");
  const send = make("button", "提交", "primary");
  form.append(kind, text, send);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(async () => {
      const filed = await api("POST", "/cases", { kind: kind.value, text: text.value });
      announce(`诉求 #${filed.id} 已收到`);
      await draw();
    });
  });
  screen.append(list, form);
}

async function drawSubscriptions(screen) {
  screen.append(make("h3", "要接收的提醒"));
  const { items } = await api("GET", "/me/subscriptions");
  const list = make("ul", undefined, "plain");
  for (const item of items) {
    const answer = item.answer ? `，${WORDS[item.answer] ?? item.answer}` : "";
    const line = make("li", `${KINDS[item.kind] ?? item.kind}：还可以发 ${item.remaining} 条${answer} `);
    line.append(button("同意一条", () => answerOne(item, true)), " ", button("不要", () => answerOne(item, false)));
    list.append(line);
  }
  if (!items.length) list.append(make("li", "没有配置订阅消息模板"));
  screen.append(list);
}

async function answerOne(item, accepted) {
  const told = await call("POST", "/sandbox/mini/answer", { openid: whose, answers: { [item.template_id]: accepted } });
  await api("POST", "/me/subscriptions", told);
  await draw();
}

async function drawReceived(screen) {
  screen.append(make("h3", "收到的提醒（服务通知）"));
  const all = await call("GET", `/sandbox/conversation?openid=${encodeURIComponent(whose)}`);
  const list = make("ul", undefined, "plain");
  const received = all.filter((entry) => entry.how === "subscription").slice(-5).reverse();
  for (const entry of received) list.append(make("li", `${entry.card?.title ?? ""}：${entry.text.replaceAll("\n", "，")}`));
  if (!received.length) list.append(make("li", "还没有。先同意接收，再提一件诉求，等人接单。"));
  screen.append(list);
}

async function draw() {
  const screen = make("div");
  if (!tokens.has(whose)) {
    drawLogin(screen);
  } else {
    const me = await api("GET", "/me");
    screen.append(make("p", me.person ? `${me.person.name}，您好` : "您好，请先绑定房号", "now"));
    drawHomes(screen, me);
    if (me.person) await drawCases(screen);
    await drawSubscriptions(screen);
    await drawReceived(screen);
    screen.append(button("刷新", draw));
  }
  byId("mini-screen").replaceChildren(screen);
}

/** The drawer of the mini-program, for these people. */
export function startMini(people) {
  const who = byId("mini-who");
  for (const person of people) {
    const option = make("option", `${person.name}（${person.role}）`);
    option.value = person.id;
    who.append(option);
  }
  whose = people[0].id;
  who.addEventListener("change", () => {
    whose = who.value;
    run(draw);
  });
  byId("open-mini").addEventListener("click", () => {
    byId("mini").showModal();
    run(draw);
  });
}

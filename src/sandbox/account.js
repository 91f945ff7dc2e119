// What the account has set up: the menu under each conversation, and the codes that hang on the walls.
import { announce, call } from "/sandbox/wire.js";

let columns = [];
const bars = [];

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

/** Puts the menu under a phone's conversation; `say` does what a button does. */
export function addMenu(phone, say) {
  const bar = make("div", "account-menu");
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "公众号菜单");
  phone.element.querySelector(".say").after(bar);
  bars.push({ bar, phone, say });
  draw(bars.at(-1));
}

function draw({ bar, phone, say }) {
  bar.replaceChildren();
  bar.hidden = columns.length === 0;
  for (const column of columns) {
    const holder = make("div", "column");
    const inside = column.sub_button ?? [];
    const head = make("button", "", column.name);
    head.type = "button";
    holder.append(head);
    if (inside.length === 0) {
      head.addEventListener("click", () => press(phone, say, column));
    } else {
      const list = make("div", "inside");
      list.hidden = true;
      head.setAttribute("aria-expanded", "false");
      head.addEventListener("click", () => {
        const open = list.hidden;
        closeAll();
        list.hidden = !open;
        head.setAttribute("aria-expanded", String(open));
        if (open) list.querySelector("button").focus();
      });
      for (const item of inside) {
        const button = make("button", "", item.name);
        button.type = "button";
        button.addEventListener("click", () => {
          closeAll();
          press(phone, say, item);
        });
        list.append(button);
      }
      holder.append(list);
    }
    bar.append(holder);
  }
}

function closeAll() {
  for (const list of document.querySelectorAll(".account-menu .inside")) list.hidden = true;
  for (const head of document.querySelectorAll(".account-menu [aria-expanded]")) head.setAttribute("aria-expanded", "false");
}

function press(phone, say, button) {
  if (button.type === "click") say(phone.person.id, { event: { event: "CLICK", key: button.key } });
  if (button.type === "view") {
    say(phone.person.id, { event: { event: "VIEW", key: button.url } });
    openPage(phone.person.id, button.url);
  }
  if (button.type === "miniprogram") announce(`打开小程序 ${button.appid}`);
}

/** Opens a page as this person: the pretended platform reads the cookie. */
export function openPage(id, url) {
  document.cookie = `sandbox_person=${id}; path=/sandbox; SameSite=Lax; max-age=600`;
  // Another person's session of the same browser would answer otherwise.
  const page = new URL(url, location.href);
  const local = page.origin === location.origin;
  const to = local ? `/wechat/oauth/start?to=${encodeURIComponent(page.pathname + page.search)}` : url;
  window.open(to, "_blank", "noopener");
}

/** Lets a person scan one of the codes, or the picture of one. */
export async function openScan(id, say) {
  const dialog = document.getElementById("scan");
  const list = document.getElementById("scan-list");
  const scan = (scene) => {
    dialog.close();
    say(id, { event: { event: "SCAN", key: scene } });
  };
  list.replaceChildren();
  let codes = [];
  try { codes = await call("GET", "/sandbox/codes"); } catch (error) { announce(error.message); }
  for (const { scene, ticket } of codes.slice(0, 60)) {
    const item = make("li");
    const button = make("button");
    button.type = "button";
    const picture = make("img");
    picture.loading = "lazy";
    picture.alt = "";
    picture.src = `/sandbox/api/cgi-bin/showqrcode?ticket=${encodeURIComponent(ticket)}`;
    button.append(picture, make("span", "", scene));
    button.addEventListener("click", () => scan(scene));
    item.append(button);
    list.append(item);
  }
  document.getElementById("scan-note").textContent = codes.length
    ? `平台上有 ${codes.length} 个二维码，点一个就是扫它；也可以选一张二维码图片。`
    : "平台上还没有二维码：运行 linli wechat qrcode 生成。现在可以扫小区的码：";
  if (codes.length === 0) {
    const item = make("li");
    const button = make("button", "", "GY");
    button.type = "button";
    button.addEventListener("click", () => scan("GY"));
    item.append(button);
    list.append(item);
  }
  const file = document.getElementById("scan-file");
  file.onchange = async () => {
    const picture = file.files[0];
    file.value = "";
    if (!picture) return;
    try {
      scan((await call("POST", "/sandbox/scan", picture)).scene);
    } catch (error) {
      announce(error.message || "图里没有二维码");
    }
  };
  dialog.showModal();
}

/** Looks at the menu now, and whenever the page comes to the front. */
export async function watchMenu() {
  const look = async () => {
    try {
      const menu = await call("GET", "/sandbox/menu");
      const text = JSON.stringify(menu.button);
      if (text !== JSON.stringify(columns)) {
        columns = menu.button;
        bars.forEach(draw);
      }
    } catch { /* the next look may succeed */ }
  };
  await look();
  addEventListener("focus", look);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") closeAll(); });
}

// WeCom: a card with its buttons. Pressing one is an event of the platform; the program answers it
// by another card, which comes as an entry of its own and takes the first one's place.
import { announce, call } from "/sandbox/wire.js";

/** Members of the corporation whose WeCom the page shows; `id` is `work:` and the user id. */
export const MEMBERS = [
  { id: "work:songweidong", name: "宋卫东", role: "企业微信 · 3 栋楼栋长", face: "work-song", starters: ["待办", "我的", "帮助"] },
  { id: "work:wushifu", name: "吴师傅", role: "企业微信 · 物业维修", face: "work-wu", starters: ["待办", "我的", "帮助"] },
];

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

async function press(entry, button, buttons) {
  for (const one of buttons) one.disabled = true;
  try {
    await call("POST", "/sandbox/press", { openid: entry.openid, entry: entry.id, key: button.key });
  } catch (error) {
    announce(error.message);
  }
  // Whatever came of it has replaced the card; if nothing did, it can be tried again.
  for (const one of buttons) one.disabled = false;
}

/** A card as WeCom shows it. */
export function drawWorkCard(entry) {
  const card = entry.work_card;
  const box = make("div", "card work-card");
  box.append(make("h3", "", card.title));
  if (card.desc) box.append(make("p", "work-desc", card.desc));
  if (card.text) box.append(make("p", "work-text", card.text));
  const list = make("dl");
  for (const [word, value] of card.rows) list.append(make("dt", "", word), make("dd", "", value));
  if (card.rows.length) box.append(list);
  if (card.over) {
    box.append(make("p", "work-over", card.over));
    return box;
  }
  const row = make("div", "work-buttons");
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", `${card.title} 的按钮`);
  const buttons = card.buttons.map((button, at) => {
    const element = make("button", at === 0 ? "primary" : "", button.text);
    element.type = "button";
    element.addEventListener("click", () => press(entry, button, buttons));
    return element;
  });
  row.append(...buttons);
  if (buttons.length) box.append(row);
  return box;
}

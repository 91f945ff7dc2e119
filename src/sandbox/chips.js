// Quick replies: what the last messages of the account invite to say.
const WITH_NUMBER = ["接单", "到场", "方案", "办结", "退单", "转派", "上报", "暂停", "恢复", "定级", "无法办结", "助力", "退出助力", "同意重开", "驳回重开", "进度", "补充", "催办", "评价", "重开", "撤回", "核验", "审核"];
// These need words after the number: the chip only begins the line.
const NEEDS_WORDS = new Set(["方案", "办结", "退单", "转派", "上报", "暂停", "补充", "重开", "无法办结", "驳回重开"]);
const NUMBERED = new RegExp(`(${WITH_NUMBER.join("|")})\\s*#?(\\d{1,9})(?:\\s*(通过|驳回))?`, "g");
const MOST = 8;

function chip(word, number, rest) {
  if (word === "评价") return { label: `评价 ${number} 5`, send: `评价 ${number} 5` };
  const text = rest ? `${word} ${number} ${rest}` : `${word} ${number}`;
  return NEEDS_WORDS.has(word) && !rest ? { label: `${text} …`, fill: `${text} ` } : { label: text, send: text };
}

/** Chips out of the latest messages, the newest first; a person's starters fill up. */
export function chipsFor(entries, starters) {
  const found = new Map();
  const heard = entries.filter((entry) => ["reply", "template", "custom", "app", "subscription"].includes(entry.how)).slice(-3).reverse();
  const said = entries.filter((entry) => entry.how === "said").slice(-4).map((entry) => entry.text);
  const done = (made) => said.some((text) => (made.fill ? text.startsWith(made.fill) : text === made.send));
  for (const [age, entry] of heard.entries()) {
    for (const [, word, number, rest] of entry.text.matchAll(NUMBERED)) {
      const made = chip(word, number, rest);
      if (!done(made)) found.set(made.label, made);
    }
    // A numbered menu counts only while it is the last word.
    if (age > 0) continue;
    for (const [, digit, words] of entry.text.matchAll(/^\s*(\d{1,2})(?:[.)\u3001\uff0e\uff09]\s*|\s+)([^\s:(,\uff1a\uff08\uff0c]{1,10})/gm)) {
      found.set(digit, { label: `${digit} ${words}`, send: digit });
    }
  }
  const chips = [...found.values()].slice(0, MOST);
  for (const text of starters) {
    if (chips.length >= MOST) break;
    chips.push({ label: text, send: text });
  }
  return chips;
}

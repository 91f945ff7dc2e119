// Addresses in what is said become links, as in the real app: each opens in a tab of its own, a personal
// page as the person whose phone shows it. Everything is written as text, never as markup.
import { openPage } from "/sandbox/account.js";

const ADDRESS = /https?:\/\/[\w.~:/?#[\]@!$&'*+,;=%-]+/g;
// Our pages that ask WeChat who looks.
const PERSONAL = /^\/(pay|me)(\/|$)/;
// What stands behind an address in a sentence and is none of it.
const BEHIND = /[.,;:!?'\]]+$/;

/** The text with its addresses as links; `person` is whose phone it is. */
export function linked(text, person) {
  const whole = document.createDocumentFragment();
  let from = 0;
  for (const found of text.matchAll(ADDRESS)) {
    const address = found[0].replace(BEHIND, "");
    if (!URL.canParse(address)) continue;
    whole.append(text.slice(from, found.index), link(address, person));
    from = found.index + address.length;
  }
  whole.append(text.slice(from));
  return whole;
}

function link(address, person) {
  const one = document.createElement("a");
  one.href = address;
  one.target = "_blank";
  one.rel = "noopener noreferrer";
  one.textContent = address;
  const page = new URL(address);
  if (PERSONAL.test(page.pathname) && !person.startsWith("work:")) {
    one.addEventListener("click", (event) => {
      event.preventDefault();
      openPage(person, address);
    });
  }
  return one;
}

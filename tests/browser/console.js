// The console as staff use it: signing in with a second factor, a case from the first button to the last
// with and without script, what somebody else does meanwhile, the figures; and every page of the menu
// with axe, on a phone and on a desk. Called by drive.js.
import { createHmac } from "node:crypto";

// The code that a phone shows for a secret (RFC 6238).
function totp(secret, at = Date.now()) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  let bits = "";
  for (const letter of secret.replace(/[^A-Z2-7]/g, "")) bits += alphabet.indexOf(letter).toString(2).padStart(5, "0");
  const bytes = bits.match(/.{8}/g).map((byte) => parseInt(byte, 2));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const tag = createHmac("sha1", Buffer.from(bytes)).update(step).digest();
  const from = tag[19] & 15;
  return String((tag.readUInt32BE(from) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

const PASSWORD = "春眠不觉晓处处闻啼鸟";

export async function consoleTests({ url, test, look, expect, browser, people, desk, phone }) {
  const signedIn = {};
  // Pages that were looked at, by everybody together.
  const seen = new Set();

  async function fill(page, label, words) {
    await page.getByLabel(label, { exact: true }).fill(words);
  }

  async function enter(page, person, check = async () => {}) {
    await page.goto(`${url}/console/`);
    await check("sign-in");
    await fill(page, "登录名", person.login);
    await fill(page, "密码", person.password);
    await page.getByRole("button", { name: "登录", exact: true }).click();
    await page.waitForURL(/\/console\/password/);
    await check("password");
    await fill(page, "新密码", PASSWORD);
    await fill(page, "再输一次新密码", PASSWORD);
    await page.getByRole("button", { name: "保存新密码" }).click();
    await page.waitForURL(/\/console\/factor/);
    await check("factor");
    const secret = await page.locator("code.secret").innerText();
    await fill(page, "验证码", totp(secret));
    await page.getByRole("button", { name: "完成设置" }).click();
    await page.getByText("记好了，继续").waitFor();
    await check("codes");
    await page.getByText("记好了，继续").click();
    await page.getByRole("heading", { level: 1 }).waitFor();
  }

  function newest(page) {
    return page.evaluate(() => {
      const all = [...document.body.innerText.matchAll(/诉求 #(\d+) 已收到/g)].map((found) => Number(found[1]));
      return Math.max(0, ...all);
    });
  }

  async function file(page, words) {
    await page.goto(`${url}/sandbox`);
    const field = page.locator("form.say input.text:visible").first();
    await field.waitFor();
    const before = await newest(page);
    await field.fill(words);
    await field.press("Enter");
    // Cases that were filed before stand above it.
    await page.waitForFunction((known) => {
      const all = [...document.body.innerText.matchAll(/诉求 #(\d+) 已收到/g)].map((found) => Number(found[1]));
      return Math.max(0, ...all) > known;
    }, before);
    return String(await newest(page));
  }

  // A context of its own with the session of somebody.
  async function as(name, options = {}) {
    return await browser.newContext({ viewport: phone, locale: "zh-CN", storageState: signedIn[name], ...options });
  }

  await test("staff sign in with a one-time password and set up a second factor", {}, async (page, context) => {
    const check = (name) => look(page, `console-${name}`);
    await enter(page, people.worker, check);
    signedIn.worker = await context.storageState();
    await look(page, "console-tasks");
    // By keyboard: the way past the menu comes first, and leads to the page itself.
    await page.goto(`${url}/console/tasks`);
    await page.keyboard.press("Tab");
    expect("the skip link is not first", await page.evaluate(() => document.activeElement.className === "skip"));
    await page.keyboard.press("Enter");
    expect("the skip link leads nowhere", await page.evaluate(() => document.activeElement.id === "main"));
    await page.goto(`${url}/console/tasks`);
    // On a phone the menu is folded: with it open there is more to go through.
    await page.locator("header summary").first().click();
    const order = [];
    for (let at = 0; at < 40; at += 1) {
      await page.keyboard.press("Tab");
      const place = await page.evaluate(() => {
        const one = document.activeElement;
        if (!one || one === document.body) return null;
        return [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")].indexOf(one);
      });
      if (place === null) break;
      order.push(place);
    }
    const sorted = [...order].sort((one, other) => one - other);
    expect(`the focus jumps: ${order}`, order.length > 5 && order.join() === sorted.join());
  });

  await test("a wrong password is told beside its field", { allow: /status of 4(22|29)/ }, async (page) => {
    await page.goto(`${url}/console/sign-in`);
    await fill(page, "登录名", "nobody");
    await fill(page, "密码", "wrong");
    await page.getByRole("button", { name: "登录", exact: true }).click();
    await page.getByRole("alert").first().waitFor();
    expect("the name is lost", (await page.getByLabel("登录名", { exact: true }).inputValue()) === "nobody");
    await look(page, "console-sign-in-wrong");
  });

  for (const name of ["officer", "manager", "mediator", "admin"]) {
    await test(`the ${name} signs in`, {}, async (page, context) => {
      await enter(page, people[name]);
      signedIn[name] = await context.storageState();
    });
  }

  for (const [script, words] of [[true, "报修 3栋楼道灯不亮了"], [false, "报修 3栋地下室的门坏了"]]) {
    const how = script ? "with" : "without";
    await test(`a case is worked from 接单 to 办结 ${how} script`, {}, async (page) => {
      const id = await file(page, words);
      const context = await as("worker", { javaScriptEnabled: script });
      const own = await context.newPage();
      own.setDefaultTimeout(15_000);
      try {
        await own.goto(`${url}/console/tasks`);
        await own.locator(`a[href="/console/cases/${id}"]`).first().click();
        await own.getByRole("button", { name: "接单", exact: true }).click();
        await own.getByText("已接单，居民会收到通知。").waitFor();
        await own.getByRole("button", { name: "到场", exact: true }).click();
        await own.getByText("已记下到场。").waitFor();
        if (script) await look(own, "console-case");
        await own.locator("summary", { hasText: /^办结$/ }).click();
        await own.locator("#finish-field").fill("已经处理好了");
        await own.getByRole("button", { name: "办结", exact: true }).click();
        await own.getByText("已办结，居民会收到通知，可以评价。").waitFor();
        expect("the state is not 已办结", (await own.locator("#live .state").first().innerText()) === "已办结");
      } finally {
        await context.close();
      }
    });
  }

  await test("an open page hears of what somebody else does", {}, async (page) => {
    const id = await file(page, "报修 3栋水管漏水了");
    const [watching, working] = [await as("manager", { viewport: desk }), await as("worker")];
    try {
      const [one, other] = [await watching.newPage(), await working.newPage()];
      await one.goto(`${url}/console/cases/${id}`);
      await one.evaluate(() => { window.same = true; });
      // The page has begun to listen.
      await one.waitForTimeout(2_500);
      await other.goto(`${url}/console/cases/${id}`);
      await other.getByRole("button", { name: "接单", exact: true }).click();
      await other.getByText("已接单，居民会收到通知。").waitFor();
      await one.locator("#live .state", { hasText: "已接单" }).first().waitFor({ timeout: 12_000 });
      expect("the page was loaded anew", await one.evaluate(() => window.same === true));
    } finally {
      await watching.close();
      await working.close();
    }
  });

  await test("a quarrel goes to mediation and gets its sides", {}, async (page) => {
    const id = await file(page, "纠纷 楼上半夜装修太吵");
    const context = await as("mediator");
    const own = await context.newPage();
    own.setDefaultTimeout(15_000);
    try {
      await own.goto(`${url}/console/cases/${id}`);
      await own.locator("summary", { hasText: /^转调解$/ }).click();
      await own.locator("#mediate-field").selectOption("street");
      await look(own, "console-mediate");
      await own.getByRole("button", { name: "转调解", exact: true }).click();
      await own.getByText("已转调解，调解员会收到提醒。").waitFor();
      await own.goto(`${url}/console/mediations`);
      await own.locator("table.list a").first().click();
      await own.locator("summary", { hasText: /^加当事人$/ }).click();
      await own.locator("#party-who").fill("诸葛亮");
      await own.getByRole("button", { name: "加当事人", exact: true }).click();
      await own.locator("#party-who-wrong").waitFor();
      expect("what was typed is lost", (await own.locator("#party-who").inputValue()) === "诸葛亮");
      await look(own, "console-mediation");
    } finally {
      await context.close();
    }
  });

  await test("the list finds a case by its filters", {}, async () => {
    const context = await as("manager", { viewport: desk });
    const page = await context.newPage();
    try {
      await page.goto(`${url}/console/cases`);
      await page.locator("#state").selectOption("all");
      await page.locator("#place").fill("3");
      await page.locator("#text").fill("楼道灯");
      await page.locator("#text").press("Enter");
      await page.waitForURL(/text=/);
      const rows = page.locator("table.list tbody tr");
      expect("the case is not found", (await rows.count()) >= 1);
      expect("another is found", !(await page.locator("table.list").innerText()).includes("水管"));
      await look(page, "console-cases-desk");
    } finally {
      await context.close();
    }
  });

  await test("a number of the figures opens as many cases", {}, async () => {
    const context = await as("officer");
    const page = await context.newPage();
    try {
      await page.goto(`${url}/console/figures`);
      await look(page, "console-figures");
      const link = page.locator("ul.rates + p + section.card td a.count").first();
      const count = Number(await link.innerText());
      await link.click();
      await page.waitForURL(/figures\/cases/);
      expect(`${count} cases are not listed`, (await page.locator("table.list tbody tr").count()) === Math.min(count, 30));
      await look(page, "console-figures-list");
    } finally {
      await context.close();
    }
  });

  for (const script of [true, false]) {
    await test(`the figures are drawn ${script ? "anew by script" : "by the server where there is no script"}`, {}, async () => {
      const context = await as("officer", { javaScriptEnabled: script });
      const page = await context.newPage();
      const errors = [];
      page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
      page.on("pageerror", (error) => errors.push(String(error)));
      try {
        for (const path of ["/console/figures", "/console/collection"]) {
          await page.goto(`${url}${path}`);
          const part = page.locator("section.card:has(th[data-plot])").first();
          const [server, canvas] = [part.locator("svg.chart"), part.locator(".plot canvas").first()];
          expect(`${path} has lost its table`, await part.locator("table.sheet").isVisible());
          if (!script) {
            expect(`${path} has no chart without script`, await server.isVisible());
            expect(`${path} draws without script`, (await part.locator(".plot").count()) === 0);
            continue;
          }
          await canvas.waitFor();
          expect(`${path} has two charts of one table`, !(await server.isVisible()));
          await page.waitForFunction((one) => one.getContext("2d").getImageData(0, 0, one.width, one.height).data.some((byte) => byte > 0), await canvas.elementHandle());
          const said = await part.locator(".plot").getAttribute("aria-label");
          expect(`${path} says «${said}» of its chart`, said === (await server.getAttribute("aria-label")));
          // The number under the finger must not ask for what the page forbids.
          await part.locator(".plot").hover();
          await page.waitForTimeout(300);
          await look(page, `drawn${path.replaceAll("/", "-")}`);
          await page.emulateMedia({ media: "print" });
          expect(`${path} is printed otherwise`, (await server.isVisible()) && !(await part.locator(".plot").isVisible()));
          await page.emulateMedia({ media: "screen" });
        }
        expect(`the browser complains: ${errors.join("; ")}`, errors.length === 0);
      } finally {
        await context.close();
      }
    });
  }

  // Every page of the menu of each, and what the first lines lead to: pages added later are looked at, too.
  for (const name of ["admin", "officer", "manager", "mediator", "worker"]) {
    await test(`every page of the menu of the ${name} is sound`, {}, async () => {
      const [small, large] = [await as(name), await as(name, { viewport: desk })];
      try {
        const [page, wide] = [await small.newPage(), await large.newPage()];
        const errors = [];
        for (const one of [page, wide]) one.on("console", (message) => message.type() === "error" && errors.push(message.text()));
        await page.goto(`${url}/console/tasks`);
        // Two levels: the groups, and the pages of the group in which one is.
        const links = (nav) => page.locator(`nav[aria-label=${nav}] a`).evaluateAll((all) => all.map((one) => one.getAttribute("href")));
        const groups = await links("菜单");
        const pages = new Set(groups);
        for (const group of groups) {
          await page.goto(`${url}${group}`);
          for (const path of await links("本组页面")) pages.add(path);
        }
        const menu = [...pages];
        expect(`the menu has ${menu.length} pages`, menu.length >= 2);
        const wanted = [...menu, "/console/cases/new"];
        for (let at = 0; at < wanted.length; at += 1) {
          const path = wanted[at];
          const kind = path.split("?")[0].replace(/\d+/g, "N");
          if (seen.has(kind)) continue;
          seen.add(kind);
          const answer = await page.goto(`${url}${path}`);
          if (path === "/console/cases/new" && answer.status() === 403) {
            errors.length = 0;
            seen.delete(kind);
            continue;
          }
          expect(`${path} answers ${answer.status()}`, answer.status() === 200);
          await look(page, `menu-${kind.replaceAll("/", "-")}`);
          const top = await page.locator("header.top").evaluate((one) => one.getBoundingClientRect().height);
          expect(`the head of ${path} is ${top}px high on a phone`, top <= 80);
          await wide.goto(`${url}${path}`);
          await look(wide, `menu-wide-${kind.replaceAll("/", "-")}`, { axes: false });
          // One page of each kind that the lists lead to.
          if (menu.includes(path)) {
            const inner = await page.locator("main a[href^='/console/']").evaluateAll((all) => all.map((one) => one.getAttribute("href")));
            const kinds = new Set(wanted.map((one) => one.split("?")[0].replace(/\d+/g, "N")));
            for (const one of inner) {
              const kind = one.split("?")[0].replace(/\d+/g, "N");
              if (kinds.has(kind) || /\/(files|picture)\/|\.(csv|xlsx)$/.test(kind)) continue;
              kinds.add(kind);
              wanted.push(one);
            }
          }
        }
        expect(`the browser complains: ${errors.join("; ")}`, errors.length === 0);
      } finally {
        await small.close();
        await large.close();
      }
    });
  }
}

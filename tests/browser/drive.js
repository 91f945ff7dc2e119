// Uses the pages of the running program as people do, and looks at each with axe: no serious finding, no
// error on the console, nothing that runs out of a narrow phone. The pages of staff are in console.js.
// Started by tests/browser/run:
//   node drive.js URL
// LINLI_CONSOLE_PEOPLE: who signs in to the console, `{"steward": {"login": …, "password": …}, …}`.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { consoleTests } from "./console.js";

const [url] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const shots = process.env.LINLI_SHOTS;
if (shots) mkdirSync(shots, { recursive: true });
const phone = { width: 360, height: 740 };
const desk = { width: 1280, height: 900 };
const lobby = { width: 1920, height: 1080 };

const browser = await chromium.launch({
  executablePath: process.env.LINLI_CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
let passed = 0;
let failed = 0;

function expect(what, right) {
  if (!right) throw new Error(what);
}

// A page of its own for each test; whatever the browser complains of fails it, unless it is meant.
async function test(name, { allow, ...options }, use) {
  const context = await browser.newContext({ viewport: phone, locale: "zh-CN", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const errors = [];
  page.on("console", (message) => message.type() === "error" && !allow?.test(message.text()) && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  try {
    await use(page, context);
    expect(`the browser complains: ${errors.join("; ")}`, errors.length === 0);
    passed += 1;
    console.log(`ok   ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${name}: ${error.message}`);
    if (shots) await page.screenshot({ path: `${shots}/failed-${name.replaceAll(" ", "-")}.png` }).catch(() => {});
  } finally {
    await context.close();
  }
}

async function picture(page, name, fullPage = true) {
  if (shots) await page.screenshot({ path: `${shots}/${name}.png`, fullPage });
}

// The page as it stands: axe, its width, and the size of what is touched.
async function look(page, name, { narrow = true, touch = true, axes = true } = {}) {
  await picture(page, name);
  if (narrow) {
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(`${name} scrolls sideways by ${wide}px`, wide <= 0);
  }
  if (touch) {
    const small = await page.evaluate(() =>
      [...document.querySelectorAll("button, select, summary, input:not([type=hidden], [type=checkbox], [type=radio]), a.button, nav a")]
        .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 43.5)
        .map((one) => `${one.tagName} ${one.textContent.trim().slice(0, 20)} ${one.getBoundingClientRect().height}px`));
    expect(`${name} has small targets: ${small.join(", ")}`, small.length === 0);
  }
  if (!axes) return;
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const bad = violations.filter((one) => ["serious", "critical"].includes(one.impact));
  const said = bad.map((one) => `${one.id} (${one.nodes.map((node) => node.target.join(" ")).slice(0, 3).join("; ")})`);
  expect(`${name}: ${said.join(", ")}`, bad.length === 0);
}

// No table is wider than the phone: an amount that has to be looked for by swiping is not seen.
async function fits(page, name) {
  const wide = await page.evaluate(() =>
    [...document.querySelectorAll(".wide")].filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.ariaLabel ?? "a table"));
  expect(`${name} is swiped in ${wide.join(", ")}`, wide.length === 0);
  const broken = await page.evaluate(() =>
    [...document.querySelectorAll(".rates b")].filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.innerText));
  expect(`${name} has numbers that are too long: ${broken.join(", ")}`, broken.length === 0);
}

await test("a resident files a case in the sandbox and reads the answer", { viewport: desk }, async (page) => {
  await page.goto(`${url}/sandbox`);
  const field = page.locator("form.say input.text:visible").first();
  await field.fill("报修 3栋电梯停了");
  await field.press("Enter");
  await page.getByText(/诉求 #\d+ 已收到/).first().waitFor();
  await look(page, "sandbox-desk", { touch: false });
});

await test("the sandbox on a phone", {}, async (page) => {
  await page.goto(`${url}/sandbox`);
  await page.locator("form.say input.text:visible").first().waitFor();
  await look(page, "sandbox-phone", { touch: false });
});

await test("a resident pays a bill by the link in the chat", { viewport: desk }, async (page, context) => {
  await page.goto(`${url}/sandbox`);
  const log = page.locator("#phone-resident .log");
  const say = async (words) => {
    const field = page.locator("#text-resident");
    await field.fill(words);
    await field.press("Enter");
  };
  await say("账单");
  await log.getByText("账单").last().waitFor();
  await say("缴费 全部");
  const link = log.locator("a[href*='/pay/']").last();
  await link.waitFor();
  expect("the link says something else", (await link.innerText()) === (await link.getAttribute("href")));
  const [pay] = await Promise.all([context.waitForEvent("page"), link.click()]);
  pay.setDefaultTimeout(15_000);
  await pay.getByRole("button", { name: "去付款" }).waitFor();
  await look(pay, "pay");
  await pay.getByRole("button", { name: "去付款" }).click();
  await pay.getByRole("button", { name: "付款", exact: true }).waitFor();
  await look(pay, "pay-window");
  await pay.getByRole("button", { name: "付款", exact: true }).click();
  await pay.getByText("已收到您的缴费").waitFor();
  await look(pay, "pay-done");
  await log.getByText(/已收到缴费/).last().waitFor();
  const receipt = log.locator("button.foot", { hasText: "/receipt/" }).last();
  await receipt.waitFor();
  await look(page, "sandbox-paid", { touch: false });
  const [paper] = await Promise.all([context.waitForEvent("page"), receipt.click()]);
  await paper.getByText("大写").waitFor();
  await look(paper, "receipt");
});

await test("the board on a phone", {}, async (page) => {
  const answer = await page.goto(`${url}/board/GY`);
  expect("the board may be kept", /max-age/.test(answer.headers()["cache-control"]));
  await page.getByRole("heading", { level: 1 }).waitFor();
  await look(page, "board-phone");
  const text = await page.locator("main").innerText();
  expect("the board is without figures", /响应率/.test(text));
  expect("the filed case is not on the board", /报修 · /.test(text));
  expect("the words of a resident are on the board", !/电梯停了/.test(text));
});

await test("the board in the dark", { colorScheme: "dark" }, async (page) => {
  await page.goto(`${url}/board/GY`);
  await look(page, "board-dark");
});

await test("the board without script turns its pages", { viewport: lobby, javaScriptEnabled: false }, async (page) => {
  await page.goto(`${url}/board/GY?screen=1`);
  await picture(page, "screen-1", false);
  const refresh = await page.locator("meta[http-equiv=refresh]").getAttribute("content");
  expect(`the page turns by ${refresh}`, /url=\?screen=1&page=2/.test(refresh));
});

// Each page of the screen fits it, and can be read from four metres.
async function turnScreen(page) {
  await page.goto(`${url}/board/GY?screen=1`);
  const count = Number(/共 (\d+) 页/.exec(await page.locator("footer").innerText())[1]);
  for (let at = 1; at <= count; at += 1) {
    await page.goto(`${url}/board/GY?screen=1&page=${at}`);
    await look(page, `screen-${at}`);
    const size = await page.evaluate(() => parseFloat(getComputedStyle(document.querySelector("main")).fontSize));
    expect(`the type is ${size}px`, size >= 30);
    const over = await page.evaluate(() => document.documentElement.scrollHeight - window.innerHeight);
    expect(`page ${at} is ${over}px too tall for the screen`, over <= 0);
  }
}

await test("the screen of a lobby", { viewport: lobby }, async (page) => {
  await turnScreen(page);
  await page.goto(`${url}/board/GY?screen=1`);
  await page.clock.install();
  await page.reload();
  await page.clock.fastForward(30_000);
  await page.waitForURL(/page=2/);
});

await test("the board on A3", { viewport: desk }, async (page) => {
  await page.goto(`${url}/board/GY`);
  const pdf = (await page.pdf({ preferCSSPageSize: true, printBackground: true, ...(shots && { path: `${shots}/board.pdf` }) })).toString("latin1");
  const box = /\/MediaBox \[\s*0 0 ([\d.]+) ([\d.]+)/.exec(pdf);
  expect(`the paper is ${box?.slice(1)}`, Math.abs(box[1] - 842) < 3 && Math.abs(box[2] - 1191) < 3);
  const sheets = pdf.match(/\/Type \/Page\b(?!s)/g).length;
  expect(`${sheets} sheets`, sheets <= 3);
});

// Says something as somebody of the sandbox, in as many lines as it takes; the answer's words.
async function says(context, openid, text) {
  const said = await context.request.post(`${url}/sandbox/say`, { data: { openid, text } });
  const words = (await said.json()).answer?.text ?? "";
  expect(`«${text}» was not answered`, said.ok() && words);
  return words;
}

function number(words) {
  return /#(\d+)/.exec(words)?.[1] ?? expect(`no number in ${words}`, false);
}

await test("a compound with something on every page of its board", {}, async (page, context) => {
  const chair = (text) => says(context, "sandbox-chair", text);
  const resident = (text) => says(context, "sandbox-resident", text);
  await chair("发起活动 邻里节\n明天 14:00-16:00\n中心花园\n30人");
  expect("the activity is not out", /已发布/.test(await chair("1")));
  await chair("发起志愿 楼道大扫除\n明天 9:00-11:00\n3栋门口\n5人");
  expect("the task is not out", /发出来了/.test(await chair("1")));
  await resident("志愿报名");
  for (const wish of ["想要一副老花镜", "想学用手机挂号", "想要一盆绿萝"])
    await chair(`通过心愿 ${number(await resident(`许愿 ${wish}`))}`);
  await chair(`通过清单 ${number(await resident("发需求 想找人教我做家常菜"))}`);
  await page.goto(`${url}/board/GY`);
  const text = await page.locator("main").innerText();
  for (const words of ["邻里节", "楼道大扫除", "想要一盆绿萝", "四项清单"])
    expect(`${words} is not on the board`, text.includes(words));
  await look(page, "board-full");
  await fits(page, "board-full");
  const ways = await page.locator("nav.ways").boundingBox();
  expect(`the ways to all else stand at ${ways.y}px`, ways.y + ways.height < 740);
  const way = await chair("公示栏");
  expect(`the chat leads elsewhere: ${way}`, way.includes("/board/GY"));
});

for (const [name, path, words] of [
  ["wishes", "/board/GY/wishes", "想要一副老花镜"],
  ["giving", "/board/GY/giving", "捐赠公示"],
  ["lists", "/board/GY/lists", "想找人教我做家常菜"],
  ["chart", "/board/GY/chart", "挂图作战"],
  ["accounts", "/board/GY/accounts", "财务公开"],
  ["expenses", "/board/GY/expenses", "支出公示"],
  ["handbook", "/handbook/GY", "查一查"],
]) {
  await test(`the page of the board with its ${name}`, {}, async (page) => {
    await page.goto(`${url}${path}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await look(page, `board-${name}`);
    await fits(page, `board-${name}`);
    expect(`${path} is without ${words}`, (await page.locator("main").innerText()).includes(words));
    const size = await page.evaluate(() => parseFloat(getComputedStyle(document.querySelector("main")).fontSize));
    expect(`the type is ${size}px`, size >= 20);
    await page.getByRole("link", { name: "返回公示栏" }).first().click();
    await page.waitForURL(/\/board\/GY$/);
  });
}

await test("an activity by its link on the board, and back", {}, async (page) => {
  await page.goto(`${url}/board/GY`);
  await page.getByRole("link", { name: /邻里节/ }).click();
  await page.getByText("加到手机日历").waitFor();
  await look(page, "board-activity");
  await page.getByRole("link", { name: "返回公示栏" }).click();
  await page.waitForURL(/\/board\/GY$/);
});

await test("the pages of the board in the dark", { colorScheme: "dark" }, async (page) => {
  for (const path of ["/board/GY", "/board/GY/wishes", "/handbook/GY"]) {
    await page.goto(`${url}${path}`);
    await look(page, `dark${path.replaceAll("/", "-")}`);
  }
});

await test("the screen of a lobby where there is more", { viewport: lobby }, turnScreen);

await test("an unknown board", {}, async (page, context) => {
  const answer = await context.request.get(`${url}/board/NOWHERE`);
  expect("it is found", answer.status() === 404);
  await page.setContent(await answer.text());
  expect("it says nothing", /没有/.test(await page.locator("main").innerText()));
});

const people = JSON.parse(process.env.LINLI_CONSOLE_PEOPLE);
await consoleTests({ url, test, look, expect, browser, people, desk, phone });

await browser.close();
console.log(`browser: ${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);

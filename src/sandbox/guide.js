// The walk-through for newcomers: each step waits for what happens, however it was brought about.
const HELD = new Set(["template", "custom", "reply", "app"]);

/** Begins the walk-through; it can be put away and taken out again. */
export function startGuide({ say, show, onEntry, entriesOf, people }) {
  const box = document.getElementById("guide");
  const title = document.getElementById("guide-title");
  const text = document.getElementById("guide-text");
  const doIt = document.getElementById("guide-do");
  const skip = document.getElementById("guide-skip");
  let at = 0;
  let begun = 0; // entries up to here were there before the walk

  const resident = "sandbox-resident";
  const name = (id) => people.find((person) => person.id === id)?.name ?? "";
  const fresh = (id) => entriesOf(id).filter((entry) => entry.id > begun);
  const number = () => {
    const reply = fresh(resident).find((entry) => entry.how === "reply" && /#\s*\d+/.test(entry.text));
    return reply?.text.match(/#\s*(\d+)/)[1];
  };
  // Who was told about the case: the rules of the compound decide, not this page.
  const handler = () => {
    const wanted = number();
    const asked = (entry) => HELD.has(entry.how) && entry.text.match(/接单\s*#?(\d+)/)?.[1] === wanted;
    return people.find((person) => fresh(person.id).some(asked))?.id;
  };
  const said = (pattern) => people.some((person) => fresh(person.id).some((entry) => entry.how === "said" && pattern.test(entry.text)));

  const steps = [
    { title: "第 1 步：居民报修", words: () => "以居民身份输入「报修 3栋电梯停了」。",
      who: () => resident, line: () => "报修 3栋电梯停了", done: () => number() !== undefined },
    { title: "第 2 步：接单", words: () => handler() ? `${name(handler())}收到了任务。回复「接单 ${number()}」。` : "任务正在派给负责的人，收到后回复「接单」。",
      who: handler, line: () => `接单 ${number()}`, done: () => said(/^接单/) },
    { title: "第 3 步：到场", words: () => "人到了现场，回复「到场」。居民会收到进度。",
      who: handler, line: () => `到场 ${number()}`, done: () => said(/^到场/) },
    { title: "第 4 步：办结", words: () => "修好了，回复「办结」和结果。",
      who: handler, line: () => `办结 ${number()} 已更换门机，恢复运行`, done: () => said(/^办结/) },
    { title: "第 5 步：评价", words: () => "居民打分：1 到 5 分。",
      who: () => resident, line: () => `评价 ${number()} 5`, done: () => said(/^评价/) },
    { title: "走完了一遍", words: () => "再试试：报一件新的事，不接单，点上面的「时钟」快 5 分钟，看看会催谁、转给谁。",
      who: () => undefined, line: () => "", done: () => false },
  ];

  function draw() {
    const step = steps[at];
    title.textContent = step.title;
    text.textContent = step.words();
    const ready = step.line() && step.who() && !step.line().includes("undefined");
    doIt.hidden = at === steps.length - 1;
    doIt.disabled = !ready;
    doIt.textContent = ready ? `替我发送「${step.line().slice(0, 12)}${step.line().length > 12 ? "…" : ""}」` : "等待任务…";
    skip.textContent = at === steps.length - 1 ? "重新开始" : "下一步";
  }
  function go(to) {
    at = to % steps.length;
    if (at === 0) begun = Math.max(0, ...people.flatMap((person) => entriesOf(person.id).map((entry) => entry.id)));
    draw();
  }
  function open(yes) {
    box.hidden = !yes;
    try { localStorage.setItem("guide", yes ? "open" : "closed"); } catch { /* a browser without memory */ }
  }
  doIt.addEventListener("click", () => {
    const step = steps[at];
    show(step.who(), { focus: false });
    say(step.who(), { text: step.line() });
  });
  skip.addEventListener("click", () => go(at + 1));
  document.getElementById("guide-close").addEventListener("click", () => open(false));
  document.getElementById("open-guide").addEventListener("click", () => open(box.hidden));
  onEntry(() => {
    while (at < steps.length - 1 && steps[at].done()) at += 1;
    const who = steps[at].who();
    if (who && !box.hidden) show(who, { focus: false });
    draw();
  });
  let remembered = "open";
  try { remembered = localStorage.getItem("guide") ?? "open"; } catch { /* the same */ }
  box.hidden = remembered !== "open";
  draw();
}

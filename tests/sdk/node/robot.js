// The platform's side of the robot, played by packages that know nothing of this program:
// @wecom/crypto signs and seals callbacks and opens the answers; @wecom/aibot-node-sdk subscribes to
// the pretended platform's long connection, is spoken to, answers, and is kicked.
//
//   node robot.js URL        the running program's; one line a check, the last line counts them
const { randomBytes, createCipheriv } = require("node:crypto");
const assert = require("node:assert/strict");
const { getSignature, encrypt, decrypt } = require("@wecom/crypto");
const { WSClient, decryptFile } = require("@wecom/aibot-node-sdk");

const url = process.argv[2];
// As config/development.toml has them: they open nothing real.
const TOKEN = "sandboxrobottoken";
const KEY = "sandboxrobotsandboxrobotsandboxrobotsandbo1";
const NAME = "邻里助手";
const BOT = { botId: "sandbox-bot", secret: "sandbox-robot-secret" };

const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const nonce = () => randomBytes(6).toString("hex");
const now = () => Math.floor(Date.now() / 1000);
let count = 0;

function query(sealed, more = {}) {
  const timestamp = String(now());
  const salt = nonce();
  const msg_signature = getSignature(TOKEN, timestamp, salt, sealed);
  return new URLSearchParams({ msg_signature, timestamp, nonce: salt, ...more }).toString();
}

async function post(message) {
  const sealed = encrypt(KEY, JSON.stringify(message), "");
  const answer = await fetch(`${url}/wechat/robot?${query(sealed)}`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ encrypt: sealed }),
  });
  const body = await answer.text();
  if (answer.status !== 200 || body === "") return { status: answer.status, body };
  const outer = JSON.parse(body);
  assert.equal(typeof outer.timestamp, "number");
  assert.equal(outer.msgsignature, getSignature(TOKEN, outer.timestamp, outer.nonce, outer.encrypt));
  const opened = decrypt(KEY, outer.encrypt);
  assert.equal(opened.id, "", "the receiver's id is empty");
  return { status: 200, reply: JSON.parse(opened.message) };
}

const said = (userid, content, more = {}) => ({
  msgid: nonce(), aibotid: BOT.botId, chattype: "group", chatid: "GY-committee", from: { userid },
  msgtype: "text", text: { content: `@${NAME} ${content}` }, ...more,
});

// The whole answer, polled as the platform does.
async function ask(message) {
  let { reply } = await post(message);
  for (let round = 0; round < 50 && !reply.stream.finish; round += 1) {
    await pause(100);
    const poll = { ...message, msgid: nonce(), msgtype: "stream", stream: { id: reply.stream.id } };
    ({ reply } = await post(poll));
  }
  assert.equal(reply.msgtype, "stream");
  assert.ok(reply.stream.finish);
  return reply.stream.content;
}

async function check(name, work) {
  await work();
  count += 1;
  console.log(`ok ${count} ${name}`);
}

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

function client(options = {}) {
  const wsUrl = `${url.replace("http", "ws")}/sandbox/socket`;
  return new WSClient({ ...BOT, wsUrl, logger: quiet, maxReconnectAttempts: 0, maxAuthFailureAttempts: 0, ...options });
}

const once = (emitter, event, ms = 10_000) => new Promise((done, fail) => {
  const timer = setTimeout(() => fail(new Error(`no ${event}`)), ms);
  emitter.once(event, (value) => { clearTimeout(timer); done(value); });
});

async function callbacks() {
  await check("the address check is answered with the plain text", async () => {
    for (let round = 0; round < 20; round += 1) {
      const echo = String(1e15 + round);
      const sealed = encrypt(KEY, echo, "");
      const answer = await fetch(`${url}/wechat/robot?${query(sealed, { echostr: sealed })}`);
      assert.equal(await answer.text(), echo);
    }
  });
  await check("a command in a group is answered", async () => {
    assert.match(await ask(said("wushifu", "帮助")), /待办/);
  });
  await check("what is not for a group is not in it", async () => {
    assert.equal(await ask(said("wushifu", "我的")), "已发到您的企业微信。");
  });
  await check("the same message has the same answer", async () => {
    const message = said("wushifu", "报修 3栋电梯停了");
    const first = await ask(message);
    assert.match(first, /诉求 #\d+ 已收到/);
    assert.equal(await ask(message), first);
  });
  await check("unknown kinds and events do no harm", async () => {
    const event = { msgtype: "event", event: { eventtype: "feedback_event" } };
    assert.deepEqual(await post(said("wushifu", "", event)), { status: 200, body: "" });
    const odd = await post(said("wushifu", "", { msgtype: "hologram" }));
    assert.ok(odd.reply.stream.finish);
  });
  await check("another key, another receiver, another token are refused", async () => {
    const sealed = encrypt(KEY, JSON.stringify(said("wushifu", "帮助")), "wwsomebody");
    const body = JSON.stringify({ encrypt: sealed });
    const foreign = await fetch(`${url}/wechat/robot?${query(sealed)}`, { method: "POST", body });
    assert.equal(foreign.status, 403);
    const stamp = String(now());
    const forged = getSignature("othertoken", stamp, "n1", sealed);
    const target = `${url}/wechat/robot?msg_signature=${forged}&timestamp=${stamp}&nonce=n1`;
    assert.equal((await fetch(target, { method: "POST", body })).status, 403);
  });
}

const speak = async (userid, text) => {
  const answer = await fetch(`${url}/sandbox/robot/say`, {
    method: "POST", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ userid, chat: "GY-committee", text }),
  });
  return answer.json();
};

async function connections() {
  await check("a wrong secret is refused", async () => {
    const wrong = client({ secret: "wrong" });
    wrong.connect();
    const error = await once(wrong, "error");
    assert.match(error.message, /40001/);
    wrong.disconnect();
  });
  const first = client({ heartbeatInterval: 200 });
  await check("the kit subscribes and its heartbeats are answered", async () => {
    first.connect();
    await once(first, "authenticated");
    await pause(1500);
    assert.ok(first.isConnected, "still there after seven heartbeats");
  });
  await check("what members say reaches the kit, and its stream reaches them", async () => {
    first.once("message.text", async (frame) => {
      assert.equal(frame.body.chatid, "GY-committee");
      assert.equal(frame.body.from.userid, "wushifu");
      await first.replyStream(frame, "s1", "正在", false);
      await first.replyStream(frame, "s1", "正在看", true);
    });
    const answer = await speak("wushifu", "你好");
    assert.deepEqual(answer.answers.map((one) => one.stream.content), ["正在", "正在看"]);
  });
  await check("a stream of 20 481 bytes is refused, one of 20 480 is not", async () => {
    const codes = [];
    first.once("message.text", async (frame) => {
      await first.replyStream(frame, "s2", "a".repeat(20481), false).catch((ack) => codes.push(ack.errcode));
      await first.replyStream(frame, "s2", "a".repeat(20480), true);
    });
    await speak("wushifu", "长");
    assert.deepEqual(codes, [40058]);
  });
  await check("the kit may speak unasked", async () => {
    const ack = await first.sendMessage("GY-committee", { msgtype: "markdown", markdown: { content: "通知" } });
    assert.equal(ack.errcode, 0);
  });
  await check("a second subscriber takes the first one's place", async () => {
    const kicked = once(first, "event.disconnected_event");
    const second = client();
    second.connect();
    await once(second, "authenticated");
    await kicked;
    second.disconnect();
  });
}

function files() {
  const key = randomBytes(32);
  const plain = Buffer.from("照片");
  const pad = 32 - (plain.length % 32);
  const cipher = createCipheriv("aes-256-cbc", key, key.subarray(0, 16)).setAutoPadding(false);
  const sealed = Buffer.concat([cipher.update(Buffer.concat([plain, Buffer.alloc(pad, pad)])), cipher.final()]);
  assert.deepEqual(decryptFile(sealed, key.toString("base64")), plain);
}

async function main() {
  await callbacks();
  await connections();
  await check("files are sealed as the kit opens them", async () => files());
  console.log(`robot: ${count} passed, 0 failed`);
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  console.log(`robot: ${count} passed, 1 failed`);
  process.exit(1);
});

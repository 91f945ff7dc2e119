"""Plays WeChat and WeCom by wechatpy's own crypto and parsers; called by wechatpy.sh with the
addresses of a server in safe and one in compatible mode. The last line counts."""
import base64
import sys
import time
import traceback
import warnings

warnings.filterwarnings("ignore")

import requests  # noqa: E402
import xmltodict  # noqa: E402
from wechatpy.crypto import WeChatCrypto  # noqa: E402
from wechatpy.enterprise.crypto import PrpCrypto, WeChatCrypto as WorkCrypto  # noqa: E402
from wechatpy.enterprise.parser import parse_message as parse_work  # noqa: E402
from wechatpy.replies import deserialize_reply  # noqa: E402
from wechatpy.utils import WeChatSigner  # noqa: E402

# As config/development.toml has them: they open nothing real.
OFFICIAL = ("sandboxtoken", "sandboxsandboxsandboxsandboxsandboxsandbox1", "wxsandbox0000000a")
WORK = ("sandboxworktoken", "sandboxworksandboxworksandboxworksandboxwo1", "wwsandbox00000001")
COUNT = {"passed": 0, "failed": 0}
NEXT = [int(time.time() * 1000)]


def number():
    NEXT[0] += 1
    return str(NEXT[0])


def sign(*parts):
    signer = WeChatSigner()
    signer.add_data(*parts)
    return signer.signature


def check(name, act):
    try:
        act()
        COUNT["passed"] += 1
        print("ok   ", name)
    except Exception:  # every fault of a check is that check's failure
        COUNT["failed"] += 1
        print("FAIL ", name)
        traceback.print_exc()


def message(sender, receiver, kind, fields, with_id=True):
    parts = [("ToUserName", receiver), ("FromUserName", sender), ("MsgType", kind), *fields]
    text = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in parts)
    ident = f"<MsgId>{number()}</MsgId>" if with_id else ""
    return f"<xml>{text}<CreateTime>{int(time.time())}</CreateTime>{ident}</xml>"


class Official:
    """WeChat's side of the official account in one mode."""

    def __init__(self, url, mode):
        self.url, self.mode = url + "/wechat/official", mode
        self.crypto = WeChatCrypto(*OFFICIAL)

    def post(self, xml, **bend):
        nonce, at = number(), str(int(time.time()))
        sealed = xmltodict.parse(self.crypto.encrypt_message(xml, nonce, at))["xml"]
        query = {
            "signature": sign(OFFICIAL[0], at, nonce), "timestamp": at, "nonce": nonce,
            "encrypt_type": "aes", "msg_signature": sealed["MsgSignature"], **bend,
        }
        inner = xml[len("<xml>"):-len("</xml>")] if self.mode == "compatible" else ""
        inner = inner or "<ToUserName><![CDATA[gh_1]]></ToUserName>"
        body = f"<xml>{inner}<Encrypt><![CDATA[{sealed['Encrypt']}]]></Encrypt></xml>"
        return requests.post(self.url, params=query, data=body.encode(), timeout=5)

    def says(self, openid, words):
        return self.reply(self.post(message(openid, "gh_1", "text", [("Content", words)])), openid)

    def reply(self, answer, openid):
        assert answer.status_code == 200, (answer.status_code, answer.text)
        if answer.text in ("", "success"):
            return None
        sealed = xmltodict.parse(answer.text)["xml"]
        plain = self.crypto.decrypt_message(
            answer.text, sealed["MsgSignature"], sealed["TimeStamp"], sealed["Nonce"])
        read = deserialize_reply(plain)
        assert read.type == "text" and read.target == openid and read.source == "gh_1", plain
        return read.content

    def checks(self):
        here = f"official, {self.mode}: "

        def address():
            nonce, at, echo = number(), str(int(time.time())), number()
            query = {"signature": sign(OFFICIAL[0], at, nonce), "timestamp": at, "nonce": nonce}
            answer = requests.get(self.url, params={**query, "echostr": echo}, timeout=5)
            assert answer.text == echo, answer.text

        def menu():
            words = self.says("sandbox-resident", "帮助")
            assert "报修" in words, words

        def filing():
            words = self.says("sandbox-resident", "报修 3栋电梯停了 🛗 <b>")
            assert "已收到" in words, words

        def every_length():
            # Paddings of all sizes, some of several blocks.
            for length in (1, 15, 16, 17, 31, 32, 33, 200):
                assert self.says("sandbox-newcomer", "你" * length), length

        def event():
            xml = message("o-sdk-" + self.mode, "gh_1", "event",
                          [("Event", "subscribe"), ("EventKey", "")], with_id=False)
            assert "欢迎" in self.reply(self.post(xml), "o-sdk-" + self.mode)

        def repeat():
            xml = message("sandbox-resident", "gh_1", "text", [("Content", "进度")])
            first = self.reply(self.post(xml), "sandbox-resident")
            assert first == self.reply(self.post(xml), "sandbox-resident")

        def forged():
            xml = message("sandbox-resident", "gh_1", "text", [("Content", "进度")])
            for bend in ({"msg_signature": "0" * 40}, {"signature": "0" * 40},
                         {"timestamp": "1"}, {"encrypt_type": "raw"}):
                assert self.post(xml, **bend).status_code in (400, 403), bend

        for act in (address, menu, filing, every_length, event, repeat, forged):
            check(here + act.__name__, act)


class Work:
    """WeCom's side of the application."""

    def __init__(self, url):
        self.url, self.crypto = url + "/wechat/work", WorkCrypto(*WORK)

    def post(self, xml, **bend):
        nonce, at = number(), str(int(time.time()))
        sealed = xmltodict.parse(self.crypto.encrypt_message(xml, nonce, at))["xml"]
        query = {"msg_signature": sealed["MsgSignature"], "timestamp": at, "nonce": nonce, **bend}
        body = (f"<xml><ToUserName><![CDATA[{WORK[2]}]]></ToUserName><AgentID>1000002</AgentID>"
                f"<Encrypt><![CDATA[{sealed['Encrypt']}]]></Encrypt></xml>")
        return requests.post(self.url, params=query, data=body.encode(), timeout=5)

    def plain(self, answer, userid):
        assert answer.status_code == 200, (answer.status_code, answer.text)
        if not answer.text:
            return None
        sealed = xmltodict.parse(answer.text)["xml"]
        xml = self.crypto.decrypt_message(
            answer.text, sealed["MsgSignature"], sealed["TimeStamp"], sealed["Nonce"])
        read = xmltodict.parse(xml)["xml"]
        assert read["FromUserName"] == WORK[2] and read["ToUserName"] == userid.lower(), read
        return read

    def says(self, userid, words):
        xml = message(userid, WORK[2], "text", [("Content", words), ("AgentID", "1000002")])
        assert parse_work(xml).content == words
        return self.plain(self.post(xml), userid)["Content"]

    def checks(self):
        def address():
            for _ in range(8):
                nonce, at, echo = number(), str(int(time.time())), number()
                sealed = PrpCrypto(self.crypto.key).encrypt(echo, WORK[2]).decode()
                query = {"msg_signature": sign(WORK[0], at, nonce, sealed), "timestamp": at,
                         "nonce": nonce, "echostr": sealed}
                answer = requests.get(self.url, params=query, timeout=5)
                assert answer.text == echo, answer.text
                known = self.crypto.check_signature(query["msg_signature"], at, nonce, sealed)
                assert (known.decode() if isinstance(known, bytes) else known) == echo

        def member():
            words = self.says("WuShiFu", "我的")
            assert "吴师傅" in words, words

        def stranger():
            words = self.says("nobody-sdk", "待办")
            assert "还没有登记" in words, words

        def every_length():
            for length in (1, 15, 16, 17, 31, 32, 33, 200):
                assert self.says("wushifu", "你" * length), length

        def press():
            xml = message("wushifu", WORK[2], "event", [
                ("Event", "template_card_event"), ("EventKey", "待办"), ("TaskId", "sdk-1"),
                ("CardType", "button_interaction"), ("ResponseCode", "code")], with_id=False)
            read = self.plain(self.post(xml), "wushifu")
            assert read["MsgType"] == "update_button" and read["Button"]["ReplaceName"], read

        def event():
            xml = message("wushifu", WORK[2], "event",
                          [("Event", "enter_agent"), ("EventKey", "")], with_id=False)
            assert self.plain(self.post(xml), "wushifu") is None

        def repeat():
            xml = message("wushifu", WORK[2], "text", [("Content", "待办")])
            first = self.plain(self.post(xml), "wushifu")["Content"]
            assert first == self.plain(self.post(xml), "wushifu")["Content"]

        def forged():
            xml = message("wushifu", WORK[2], "text", [("Content", "待办")])
            for bend in ({"msg_signature": "0" * 40}, {"timestamp": "1"}, {"nonce": "1"}):
                assert self.post(xml, **bend).status_code in (400, 403), bend
            other = WorkCrypto(WORK[0], WORK[1], "wwother")
            self.crypto, own = other, self.crypto
            try:
                assert self.post(xml).status_code == 403
            finally:
                self.crypto = own

        for act in (address, member, stranger, every_length, press, event, repeat, forged):
            check("work: " + act.__name__, act)


if __name__ == "__main__":
    assert len(base64.b64decode(OFFICIAL[1] + "=")) == 32
    Official(sys.argv[1], "safe").checks()
    Official(sys.argv[2], "compatible").checks()
    Work(sys.argv[1]).checks()
    print(f"wechatpy: {COUNT['passed']} passed, {COUNT['failed']} failed")
    sys.exit(COUNT["failed"] != 0)

"""What wechatpy does per second on one core: verify, decrypt and parse a message, build and encrypt the reply.

The message is the one in ../message.json, in safe mode. Time is the processor's, so that other
programs on the machine do not count. Prints one line of JSON: the median of five rounds.
"""

import json
import pathlib
import statistics
import time

from wechatpy import parse_message
from wechatpy.crypto import PrpCrypto, WeChatCrypto, _get_signature
from wechatpy.replies import TextReply

SAMPLE = json.loads((pathlib.Path(__file__).parent.parent / "message.json").read_text("utf-8"))
TIMESTAMP, NONCE = "1714112445", "415670741"
ROUNDS, SECONDS = 5, 2.0


def callback():
    """The body and msg_signature of the message as the platform would send it."""
    plain = (
        f"<xml><ToUserName><![CDATA[{SAMPLE['account']}]]></ToUserName>"
        f"<FromUserName><![CDATA[{SAMPLE['open_id']}]]></FromUserName>"
        f"<CreateTime>{TIMESTAMP}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{SAMPLE['text']}]]></Content><MsgId>24531780932417000</MsgId></xml>"
    )
    crypto = WeChatCrypto(SAMPLE["token"], SAMPLE["encoding_aes_key"], SAMPLE["app_id"])
    encrypted = PrpCrypto(crypto.key).encrypt(plain, SAMPLE["app_id"]).decode()
    body = (
        f"<xml><ToUserName><![CDATA[{SAMPLE['account']}]]></ToUserName>"
        f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    )
    return crypto, body, _get_signature(SAMPLE["token"], TIMESTAMP, NONCE, encrypted)


def main():
    crypto, body, signature = callback()

    def answer():
        message = parse_message(crypto.decrypt_message(body, signature, TIMESTAMP, NONCE))
        reply = TextReply(content=SAMPLE["reply"], message=message)
        return message, crypto.encrypt_message(reply.render(), NONCE, TIMESTAMP)

    message, reply = answer()
    assert message.content == SAMPLE["text"] and "<Encrypt>" in reply

    rates = []
    for _ in range(ROUNDS):
        done, began = 0, time.process_time()
        while (spent := time.process_time() - began) < SECONDS:
            for _ in range(50):
                answer()
            done += 50
        rates.append(done / spent)
    print(json.dumps({"name": "wechatpy 1.8.18", "per_second": round(statistics.median(rates))}))


main()

// Opens WeChat's payment window with what the page carries, then goes on to where the page says. The
// window's word is no proof: the page that follows asks the platform.
(() => {
  "use strict";
  const box = document.getElementById("window");
  if (!box) return;
  const params = {
    appId: box.dataset.appId,
    timeStamp: box.dataset.timeStamp,
    nonceStr: box.dataset.nonceStr,
    package: box.dataset.package,
    signType: box.dataset.signType,
    paySign: box.dataset.paySign,
  };
  const say = (text) => { document.getElementById("said").textContent = text; };
  const goOn = () => { location.href = box.dataset.next; };
  const open = () => window.WeixinJSBridge.invoke("getBrandWCPayRequest", params, (answer) => {
    if (answer.err_msg === "get_brand_wcpay_request:cancel") {
      say("您取消了付款，没有扣款。要付请再按一次。");
    } else {
      goOn();
    }
  });
  const pretend = async () => {
    const answer = await fetch(box.dataset.sandbox, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(params),
    });
    if (answer.ok) goOn(); else say(await answer.text());
  };
  document.getElementById("pay").addEventListener("click", () => {
    if (window.WeixinJSBridge) open();
    else if (box.dataset.sandbox) pretend();
    else say("请在微信里打开这个页面再付款。");
  });
  if (window.WeixinJSBridge) open();
  else document.addEventListener("WeixinJSBridgeReady", open, { once: true });
})();

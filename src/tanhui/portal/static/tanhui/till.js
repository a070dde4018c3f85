/* The till on a phone that a manager let in: asks the api while there is network, judges by itself where there is none,
   and uploads what it took as soon as it can. Its parts without network are in offline/*.js. */
"use strict";

(function () {
  const { tokens, queue: queues, scan, ask, uploader: newUploader } = window.tanhuiOffline;
  const facts = JSON.parse(document.getElementById("till-facts").textContent);
  const at = (id) => document.getElementById(id);
  const MINUTE = 60_000, DAY = 86_400_000;
  const KEPT_DAYS = 31, SHOWN = 200, PATIENCE_MS = 6_000, LOOK_MS = 300_000;

  let queue, uploader, camera = null, busy = false, lost = !navigator.onLine;
  let me = null, token = "", skew = 0, tries = new Map();

  // ------------------------------------------------------------------------------------------------- words and shapes

  const clock = new Intl.DateTimeFormat("zh-CN", { timeZone: facts.zone, month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false });
  const days = new Intl.DateTimeFormat("en-CA", { timeZone: facts.zone, year: "numeric", month: "2-digit", day: "2-digit" });
  const yuan = (fen) => `${Math.trunc(fen / 100).toLocaleString("zh-CN")}.${String(fen % 100).padStart(2, "0")}`;
  const moment = (value) => clock.format(new Date(value));
  const day = (value) => days.format(new Date(value));

  function make(name, text, className) {
    const element = document.createElement(name);
    if (text) element.textContent = text;
    if (className) element.className = className;
    return element;
  }

  function say(id, text) {
    at(id).hidden = !text;
    at(id).replaceChildren(...(text ? [make("p", text)] : []));
  }

  function show(answer) {
    const box = at("verdict");
    const yes = answer.outcome === "redeemed";
    box.className = `verdict ${yes ? "yes" : "no"} section-top`;
    const sign = make("p", "", "verdict-sign");
    const mark = make("span", yes ? "✓" : "✗");
    mark.setAttribute("aria-hidden", "true");
    sign.append(mark, yes ? (answer.offline ? " 可以受理（离线）" : " 可以受理") : " 不能受理");
    const parts = [sign, make("p", yes ? answer.title : answer.message, "verdict-what")];
    if (yes) parts.push(make("p", `抵 ${yuan(answer.face_value_fen)} 元 · ${moment(answer.claimed_at)}`));
    if (yes && answer.offline) parts.push(make("p", "没有网络，已记在这台手机里，有网络时自动上传。"));
    if (yes && answer.replayed) parts.push(make("p", "这是刚才那一次的结果，没有重复核销。"));
    if (!yes && answer.fix) parts.push(make("p", answer.fix));
    if (answer.number) parts.push(make("p", answer.number, "mono small"));
    box.replaceChildren(...parts);
    box.hidden = false;
  }

  const refusal = (outcome, message, fix) => ({
    outcome,
    message: message || (facts.outcomes[outcome] || {}).message || "不能受理",
    fix: fix === undefined ? (facts.outcomes[outcome] || {}).fix : fix,
  });

  // ------------------------------------------------------------------------------------------------- asking the server

  class Ended extends Error {}

  async function request(path, method, content, patience) {
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    let answer;
    try {
      answer = await ask(facts.api + path, { method, headers, content, patience });
    } catch (error) {
      network(false);
      throw error;
    }
    network(true);
    if (answer.status === 401 && token) {
      await end();
      throw new Ended("这台手机已停用");
    }
    return answer;
  }

  function network(there) {
    lost = !there;
    const words = at("net");
    words.textContent = there ? "有网络" : "没有网络";
    words.className = `till-net ${there ? "" : "lost"}`;
  }

  async function refresh() {
    if (!token) return;
    const before = Date.now();
    const answer = await request("me", "GET", undefined, PATIENCE_MS);
    if (answer.status !== 200) return;
    me = answer.content;
    if (answer.date) skew = (before + Date.now()) / 2 - answer.date;
    await queue.keep("me", me);
    await queue.keep("skew", skew);
    await draw();
  }

  async function end() {
    token = "";
    await queue.drop("token");
    const waiting = await queue.count();
    say("trouble", waiting
      ? `这台手机已停用，还有 ${waiting} 笔核销没有上传。请店长重新允许这台手机，配对后会自动上传；请不要清除浏览器数据。`
      : "这台手机已停用，或经办人已不是本店人员。请店长重新允许。");
    await draw();
  }

  // ------------------------------------------------------------------------------------------------------- redeeming

  const code = async (text) => (text.startsWith("TH") ? ((await able()) && (await read(text)) || {}).c : tokens.digits(text));
  const able = () => tokens.able();
  const read = (text) => tokens.read(text, "TH1.", me.voucher_key.public_key);

  /* The same text gets the same nonce until the server has answered: a lost answer is asked for again, never repeated. */
  async function nonceFor(text) {
    const known = tries.get(text);
    const nonce = known || queues.nonce();
    tries.delete(text);
    tries.set(text, nonce);
    while (tries.size > 50) tries.delete(tries.keys().next().value);
    await queue.keep("tries", [...tries]);
    return nonce;
  }

  async function answered(text) {
    tries.delete(text);
    await queue.keep("tries", [...tries]);
  }

  async function redeem(text) {
    const nonce = await nonceFor(text);
    if (navigator.onLine) {
      try {
        return await redeemNow(text, nonce);
      } catch (error) {
        if (error instanceof Ended) return refusal("ended", error.message, "请店长重新允许这台手机。");
        if (error.name !== "NoNetwork") throw error;
      }
    } else {
      network(false);
    }
    return redeemLater(text, nonce);
  }

  async function redeemNow(text, nonce) {
    const { status, content } = await request("redemptions", "POST", { code: text, nonce }, PATIENCE_MS);
    if (status !== 200) return refusal(content.code, content.detail, content.fix || "");
    await answered(text);
    const taken = content.outcome === "redeemed";
    const entry = { nonce, answer: content, shown: { title: content.title, face_value_fen: content.face_value_fen } };
    const mark = taken ? await code(text) : undefined;
    try {
      await queue.add({ ...entry, mark });
    } catch (error) {
      // The server answered, so its word stands: the voucher was given back elsewhere, or this is a repeated answer.
      if (!(error instanceof queues.Seen)) throw error;
      if (error.entry.nonce !== nonce) await queue.add(entry);
    }
    return content;
  }

  /* What can be judged without network: the rest is known after the upload. */
  async function judge(text, now) {
    if (skew > facts.clock_tolerance_s * 1000) return refusal("clock_off", "这台手机的时间快了十分钟以上，离线不能核销", "请校正手机时间。");
    if (me.merchant.state !== "active") return refusal("merchant_suspended");
    if (day(now) < me.merchant.contract_from || day(now) >= me.merchant.contract_to) return refusal("merchant_suspended");
    if (me.shop_closed) return refusal("shop_unknown");
    if (!text.startsWith("TH")) {
      if (!tokens.digits(text)) return refusal("bad_check_digit");
      return refusal("no_network", "没有网络，数字券码不能核对", "请客人出示二维码，扫码核销；或有网络时再输入。");
    }
    if (!(await able())) return refusal("no_network", "这台手机的浏览器太旧，没有网络时不能验券", "有网络时再核销，或换一台手机。");
    const voucher = await read(text);
    if (!voucher) return refusal("bad_signature");
    const named = voucher.m.length ? voucher.m.includes(me.merchant.number) : me.offers.includes(voucher.o);
    if (!named) return refusal("other_merchant");
    if (now / 1000 < voucher.f - facts.clock_tolerance_s) return refusal("not_yet_valid");
    if (now / 1000 >= voucher.u) return refusal("expired");
    return { outcome: "redeemed", offline: true, title: voucher.t, face_value_fen: voucher.w, claimed_at: now, mark: voucher.c };
  }

  async function redeemLater(text, nonce) {
    const answer = await judge(text, Date.now());
    if (answer.outcome !== "redeemed") return answer;
    const { mark, title, face_value_fen } = answer;
    const content = { code: text, merchant: me.merchant.number, shop: me.shop };
    try {
      await queue.add({ nonce, mark, content, shown: { title, face_value_fen } });
    } catch (error) {
      if (!(error instanceof queues.Seen)) throw error;
      return refusal("already_redeemed", `这张券已于 ${moment(error.entry.made_at)} 在这台手机上核销过`);
    }
    await answered(text);
    return answer;
  }

  // -------------------------------------------------------------------------------------------------- uploading, undoing

  async function send(entries) {
    if (!token) throw new Ended("这台手机没有配对");
    const own = entries.filter((entry) => entry.content.merchant === me.merchant.number);
    const others = entries.filter((entry) => entry.content.merchant !== me.merchant.number);
    const result = others.map((entry) => ({ nonce: entry.nonce, again: "属于另一家商户，请那家的店长允许这台手机" }));
    if (!own.length) return result;
    const redemptions = own.map((entry) => ({
      code: entry.content.code,
      shop: entry.content.shop,
      nonce: entry.nonce,
      claimed_at: entry.made_at,
    }));
    const { status, content } = await request("redemptions/batch", "POST", { redemptions });
    if (status !== 200) throw new Error(content.detail);
    for (const each of content.answers) {
      if (each.again) result.push({ nonce: each.nonce, again: each.detail });
      else {
        const answer = each.result || refusal(each.code, each.detail, "");
        result.push({ nonce: each.nonce, answer, release: answer.outcome !== "redeemed" });
      }
    }
    return result;
  }

  async function uploaded({ busy: sending, waiting, trouble }) {
    at("waiting").textContent = waiting;
    at("upload-row").hidden = !waiting;
    at("upload").disabled = sending;
    at("upload-note").textContent = sending ? "正在上传……" : trouble ? (trouble.name === "NoNetwork" ? "没有网络，稍后自动上传" : trouble.message) : "";
    if (!sending) await draw();
  }

  let undoing = null;

  function askUndo(entry) {
    undoing = entry;
    at("undo-what").textContent = `${entry.answer.title}，${yuan(entry.answer.face_value_fen)} 元，${moment(entry.answer.recorded_at)}。撤销后券回到客人手里，可以再次使用。`;
    at("undo-reason").value = "";
    at("undo-error").hidden = true;
    at("undo").showModal();
  }

  async function undo() {
    const reason = at("undo-reason").value.trim();
    let words = reason ? "" : "请写明原因";
    if (!words) {
      try {
        const { status, content } = await request(`redemptions/${undoing.answer.number}/undo`, "POST", { reason });
        if (status === 200) await queue.settle(undoing.nonce, { ...undoing.answer, outcome: "undone" }, true);
        else words = [content.detail, content.fix].filter(Boolean).join("。");
      } catch (error) {
        words = error.name === "NoNetwork" ? "没有网络，撤销要联网办理" : error.message;
      }
    }
    at("undo-error").textContent = words;
    at("undo-error").hidden = !words;
    if (words) return;
    at("undo").close();
    at("verdict").hidden = true;
    await draw();
  }

  // --------------------------------------------------------------------------------------------------------- drawing

  const BADGES = { redeemed: ["good", "✓ 已核销"], undone: ["", "已撤销"], waiting: ["warn", "待上传"] };

  function line(entry) {
    const kind = entry.state === "waiting" ? "waiting" : entry.answer.outcome;
    const [color, words] = BADGES[kind] || ["bad", "✗ 未受理"];
    const row = make("tr");
    const time = make("th", moment(entry.made_at), "nowrap");
    time.scope = "row";
    const result = make("td");
    result.dataset.label = "结果";
    result.append(make("span", words, `badge ${color}`));
    const what = make("td");
    what.dataset.label = "券";
    const refused = color === "bad";
    what.append(make("span", refused ? entry.answer.message : entry.shown.title, refused ? "soft" : ""));
    if (refused && entry.shown.title) what.firstChild.textContent = `${entry.shown.title}：${entry.answer.message}`;
    if (entry.note) what.append(make("span", entry.note, "soft"));
    const value = make("td", entry.shown.title && !refused ? yuan(entry.shown.face_value_fen) : "—", "number");
    value.dataset.label = "面值（元）";
    const act = make("td");
    const late = kind === "redeemed" && Date.now() - skew - Date.parse(entry.answer.recorded_at) > me.undo_minutes * MINUTE;
    if (kind === "redeemed" && !late) {
      const button = make("button", "撤销", "button quiet");
      button.type = "button";
      button.append(make("span", entry.shown.title, "unseen"));
      button.addEventListener("click", () => askUndo(entry));
      act.append(button);
    }
    row.append(time, result, what, value, act);
    return row;
  }

  async function draw() {
    at("pair").hidden = Boolean(token);
    at("desk").hidden = !token || !me;
    if (!token || !me) return;
    at("whose").textContent = `${me.merchant.title}，${me.shop_title}，经办人 ${me.staff}`;
    at("about-merchant").textContent = me.merchant.title;
    at("about-shop").textContent = me.shop_title;
    at("about-staff").textContent = me.staff;
    at("about-title").textContent = me.device_title;
    at("about-offline").textContent = (await able()) ? "可以：没有网络时核对二维码的签名" : "不可以：这个浏览器太旧，请更新浏览器";
    const entries = await queue.list(SHOWN);
    const today = entries.filter((entry) => day(entry.made_at) === day(Date.now()) || entry.state === "waiting");
    const good = today.filter((entry) => entry.state === "waiting" || entry.answer.outcome === "redeemed");
    at("count").textContent = good.length;
    at("sum").textContent = yuan(good.reduce((sum, entry) => sum + entry.shown.face_value_fen, 0));
    at("waiting").textContent = await queue.count();
    at("rows").replaceChildren(...today.map(line));
    at("lines").hidden = !today.length;
    at("none").hidden = Boolean(today.length);
    const oldest = today.filter((entry) => entry.state === "waiting").at(-1);
    const late = oldest && Date.now() - Date.parse(oldest.made_at) > facts.offline_window_s * 500;
    say("warning",
      me.merchant.state !== "active" ? "本商户目前不在合作状态，不能核销。请联系平台运营人员。"
        : Math.abs(skew) > facts.clock_tolerance_s * 1000 ? "这台手机的时间差了十分钟以上，请校正，否则离线核销会被退回。"
          : late ? `有离线核销快到 72 小时了，请尽快联网上传，最早一笔在 ${moment(oldest.made_at)}。` : "");
  }

  // ---------------------------------------------------------------------------------------------------------- the page

  async function pair() {
    say("trouble", at("pair-code").value.trim() ? "" : "请输入配对码。");
    if (!at("trouble").hidden) return at("pair-code").focus();
    try {
      const { status, content } = await request("sign-in", "POST", { code: at("pair-code").value.trim() });
      if (status !== 200) return say("trouble", [content.detail, content.fix].filter(Boolean).join("。"));
      ({ token, ...me } = content);
      await queue.keep("token", token);
      await queue.keep("me", me);
      await queues.persist();
      at("pair-code").value = "";
    } catch (error) {
      return say("trouble", error.name === "NoNetwork" ? "没有网络，配对要联网" : error.message);
    }
    await draw();
    at("code").focus();
    await uploader.run();
  }

  async function take(text) {
    if (busy || !text) return;
    busy = true;
    at("code-form").setAttribute("aria-busy", "true");
    try {
      show(await redeem(text));
      at("code").value = "";
    } catch (error) {
      show(refusal("failed", "没有核销成功，请重试", String(error.message || error)));
    } finally {
      busy = false;
      at("code-form").removeAttribute("aria-busy");
    }
    await draw();
    if (!lost) uploader.run();
    if (!camera) at("code").focus();
  }

  function stopCamera() {
    if (camera) camera.stop();
    camera = null;
    at("camera").hidden = true;
  }

  async function startCamera() {
    at("camera").hidden = false;
    try {
      camera = await scan.start(at("video"), take);
    } catch {
      stopCamera();
      show(refusal("failed", "打不开摄像头", "请在浏览器里允许使用摄像头，或输入券码。"));
    }
  }

  async function leave() {
    const waiting = await queue.count();
    if (waiting) return say("trouble", `还有 ${waiting} 笔没有上传，上传完才能解除配对。`);
    await queue.drop("token");
    token = "";
    say("trouble", "已解除配对。请店长在“本店”页面上停用这台手机。");
    await draw();
  }

  function submits(id, act) {
    at(id).addEventListener("submit", (event) => {
      event.preventDefault();
      act();
    });
  }

  /* The manager's QR code leads here with the code behind the #, which no server sees. Pairing stays a decision. */
  function readAddress() {
    const shown = new URLSearchParams(location.hash.slice(1)).get("code");
    if (!shown) return;
    at("pair-code").value = shown;
    history.replaceState(null, "", location.pathname);
    if (token) say("trouble", "这台手机已经配对。要换成另一家或另一人，请先在下面“关于这台手机”里解除配对。");
  }

  async function begin() {
    if ("serviceWorker" in navigator) navigator.serviceWorker.register(facts.worker).catch(() => {});
    queue = await queues.open("till");
    token = (await queue.kept("token")) || "";
    me = (await queue.kept("me")) || null;
    skew = (await queue.kept("skew")) || 0;
    tries = new Map((await queue.kept("tries")) || []);
    uploader = newUploader({ queue, batch: 200, send, changed: uploaded });
    await queue.forget(new Date(Date.now() - KEPT_DAYS * DAY));

    submits("pair-form", pair);
    submits("code-form", () => take(at("code").value.trim()));
    submits("undo-form", undo);
    at("undo-no").addEventListener("click", () => at("undo").close());
    at("upload").addEventListener("click", () => uploader.run());
    at("leave").addEventListener("click", leave);
    at("scan").addEventListener("click", startCamera);
    at("scan-stop").addEventListener("click", stopCamera);
    window.addEventListener("offline", () => network(false));
    window.addEventListener("online", () => refresh().catch(() => {}));

    window.addEventListener("hashchange", readAddress);
    readAddress();
    network(navigator.onLine);
    await draw();
    at("scan").hidden = !(await scan.able().catch(() => false));
    await refresh().catch(() => {});
    await uploader.start();
    setInterval(() => refresh().catch(() => {}), LOOK_MS);
  }

  begin();
})();

/* Sends what a queue holds as soon as the server can be reached, as often as needed, in order.

   const uploader = tanhuiOffline.uploader({
     queue,                  of queue.js
     batch: 200,             entries a request, at most
     send(entries),          sends them, each with its nonce, and gives back one of these for each entry, in any order:
                               { nonce, answer, release }   the server has answered (release: free its mark)
                               { nonce, again: "why" }      the server asks to try later
                             It throws where nothing was answered at all: `NoNetwork` to try again by itself, any other
                             error to stop until `run` is called again (such as a token that has ended).
     changed(state),         called after every step: { busy, waiting, trouble: Error | null }
   });
   uploader.start()          now, whenever the browser is online again, and every half minute while entries wait
   await uploader.run()      now; two pages of one browser take turns

   await tanhuiOffline.ask(address, { method, headers, content, patience })   a request with JSON, told apart as the uploader needs
                             it: gives { status, content, date }; throws NoNetwork where no answer came within ten seconds (`patience`, ms)
                             or the server is away (502 to 504)

   Nothing is ever sent under a second nonce, so an upload whose answer was lost is only answered again. */
"use strict";

(function () {
  const offline = (window.tanhuiOffline = window.tanhuiOffline || {});
  const AGAIN_MS = 30_000;
  const PATIENCE_MS = 10_000;

  class NoNetwork extends Error {
    constructor(why) {
      super(why);
      this.name = "NoNetwork";
    }
  }

  async function ask(address, { method = "GET", headers = {}, content, patience = PATIENCE_MS } = {}) {
    const options = { method, headers: { Accept: "application/json", ...headers }, cache: "no-store" };
    if (content !== undefined) {
      options.headers["Content-Type"] = "application/json";
      options.body = JSON.stringify(content);
    }
    let response, text;
    try {
      response = await fetch(address, { ...options, signal: AbortSignal.timeout(patience) });
      text = await response.text();
    } catch (error) {
      throw new NoNetwork(String(error));
    }
    if (response.status >= 502 && response.status <= 504) throw new NoNetwork(`answer ${response.status}`);
    let read = null;
    try {
      read = JSON.parse(text);
    } catch {
      // A page between us and the server, such as the sign-in of a wireless network, is no answer of ours.
      throw new NoNetwork("no JSON");
    }
    return { status: response.status, content: read, date: Date.parse(response.headers.get("Date") || "") };
  }

  function alone(name, work) {
    return navigator.locks ? navigator.locks.request(name, work) : work();
  }

  function uploader({ queue, send, batch = 200, changed = () => {} }) {
    let timer = 0;
    let running = null;

    async function tell(busy, trouble) {
      const waiting = await queue.count();
      changed({ busy, waiting, trouble });
      return waiting;
    }

    async function once() {
      // Entries that the server put off are not asked for again in the same turn.
      const put = new Set();
      for (;;) {
        const entries = (await queue.waiting(batch + put.size)).filter((entry) => !put.has(entry.nonce)).slice(0, batch);
        if (!entries.length) return;
        for (const each of await send(entries)) {
          if (each.again === undefined) await queue.settle(each.nonce, each.answer, each.release);
          else await queue.postpone(each.nonce, each.again);
        }
        entries.forEach((entry) => put.add(entry.nonce));
      }
    }

    async function turn() {
      clearTimeout(timer);
      let trouble = null;
      try {
        if (await tell(true, null)) await alone(`tanhui-${queue.database.name}`, once);
      } catch (error) {
        trouble = error;
      }
      const waiting = await tell(false, trouble);
      if (waiting && (!trouble || trouble.name === "NoNetwork")) timer = setTimeout(run, AGAIN_MS);
    }

    function run() {
      running = running || turn().finally(() => (running = null));
      return running;
    }

    function start() {
      window.addEventListener("online", run);
      return run();
    }

    return { start, run };
  }

  Object.assign(offline, { ask, uploader, NoNetwork });
})();

/* The code on the wall changes by itself and stays on; and the buttons that only a script can make work: print, full
   screen. Without script the page loads itself anew, and the browser's own menu prints. */
"use strict";

(function () {
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  const wall = document.getElementById("wall");
  if (!wall) return;
  const code = document.getElementById("wall-code");
  const note = document.getElementById("wall-note");
  const full = document.getElementById("wall-full");
  const said = note.textContent;

  async function change() {
    try {
      const answer = await fetch(wall.dataset.code, { cache: "no-store", signal: AbortSignal.timeout(8000) });
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      const drawn = new DOMParser().parseFromString((await answer.json()).svg, "text/html").querySelector("svg");
      code.replaceChildren(drawn);
      note.textContent = said;
    } catch {
      note.textContent = "连不上网络，这个码可能已经过期。网络恢复后自动换新。";
    }
  }

  setInterval(change, (Number(wall.dataset.seconds) * 1000) / 3);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && change());
  if (wall.requestFullscreen) {
    full.hidden = false;
    full.addEventListener("click", () => wall.requestFullscreen());
  }
  if (navigator.wakeLock) navigator.wakeLock.request("screen").catch(() => undefined);
})();

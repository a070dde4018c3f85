/* Reads a QR code with the camera, where the browser can (BarcodeDetector); elsewhere people type, or use a scanner
   that types.

   await tanhuiOffline.scan.able()                 whether there are a camera and a reader
   const camera = await tanhuiOffline.scan.start(video, found)   shows the camera in a <video>, calls found(text) for
                                                   every new text that it reads; throws where the camera is not allowed
   camera.stop()                                   turns the camera off

   The page must be answered with `Permissions-Policy: camera=(self)`. Pictures never leave the phone. */
"use strict";

(function () {
  const offline = (window.tanhuiOffline = window.tanhuiOffline || {});
  const EVERY_MS = 200;
  const SAME_MS = 5_000;

  async function able() {
    if (!("BarcodeDetector" in window) || !navigator.mediaDevices) return false;
    return (await BarcodeDetector.getSupportedFormats()).includes("qr_code");
  }

  async function start(video, found) {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
    video.srcObject = stream;
    await video.play();
    let last = { text: "", at: 0 };
    let going = true;

    async function look() {
      if (!going) return;
      const codes = await detector.detect(video).catch(() => []);
      for (const { rawValue } of codes) {
        const now = performance.now();
        if (rawValue === last.text && now - last.at < SAME_MS) continue;
        last = { text: rawValue, at: now };
        if (going) found(rawValue);
      }
      if (going) setTimeout(look, EVERY_MS);
    }

    look();
    return {
      stop() {
        going = false;
        stream.getTracks().forEach((track) => track.stop());
        video.srcObject = null;
      },
    };
  }

  offline.scan = { able, start };
})();

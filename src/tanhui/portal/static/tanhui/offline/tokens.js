/* Checks a signed token without network: Ed25519 by WebCrypto, with the public key that was fetched before.

   A token is `HEAD.<content>.<signature>`: both parts base64url without padding, the content JSON in UTF-8, the
   signature over everything before the last dot. `TH1.` is a voucher (key: /api/v1/open/voucher-key), `TC1.` a card of
   the village mode (key: in its pack).

   await tanhuiOffline.tokens.able()                 whether this browser can check at all (https, Ed25519)
   await tanhuiOffline.tokens.read(text, head, key)  the content as an object, or null where the token is not ours or
                                                     was changed; `head` such as "TH1.", `key` 64 hexadecimal digits
   tanhuiOffline.tokens.digits(text)                 the sixteen digits of a code that was typed or read aloud, or null
                                                     where the check digits (ISO/IEC 7064, MOD 97-10) do not fit

   A genuine token is only that: whether it was used elsewhere is known after the upload. */
"use strict";

(function () {
  const offline = (window.tanhuiOffline = window.tanhuiOffline || {});
  const MOST = 2900;
  const ALGORITHM = { name: "Ed25519" };
  const keys = new Map();

  function fromBase64(text) {
    if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new TypeError("not base64url");
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  }

  function fromHex(text) {
    if (!/^([0-9a-f]{2})+$/i.test(text)) throw new TypeError("not hexadecimal");
    return Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
  }

  function imported(hex) {
    if (!keys.has(hex)) keys.set(hex, crypto.subtle.importKey("raw", fromHex(hex), ALGORITHM, false, ["verify"]));
    return keys.get(hex);
  }

  async function able() {
    if (!window.isSecureContext || !window.crypto || !crypto.subtle) return false;
    try {
      // The public key of RFC 8032, test 1: a browser without the algorithm refuses it.
      await imported("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
      return true;
    } catch {
      keys.clear();
      return false;
    }
  }

  async function read(text, head, key) {
    const token = text.trim();
    const cut = token.lastIndexOf(".");
    if (token.length > MOST || !token.startsWith(head) || cut < head.length) return null;
    const publicKey = await imported(key);
    try {
      const signature = fromBase64(token.slice(cut + 1));
      const signed = new TextEncoder().encode(token.slice(0, cut));
      if (!(await crypto.subtle.verify(ALGORITHM, publicKey, signature, signed))) return null;
      const content = new TextDecoder("utf-8", { fatal: true }).decode(fromBase64(token.slice(head.length, cut)));
      const value = JSON.parse(content);
      return value && typeof value === "object" ? value : null;
    } catch {
      return null;
    }
  }

  function digits(text) {
    const narrow = text.replace(/[０-９]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0));
    const code = narrow.replace(/[\s\-·　]+/g, "");
    return /^[0-9]{16}$/.test(code) && BigInt(code) % 97n === 1n ? code : null;
  }

  offline.tokens = { able, read, digits };
})();

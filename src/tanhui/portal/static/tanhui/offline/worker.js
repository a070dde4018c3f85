/* The part of a service worker that every page without network shares: it keeps the page's shell and nothing else.

   A view writes the worker itself, at an address above which it may not reach (its scope):
     self.SHELL = { name: "till", version: "…", pages: ["/till/"], files: ["/static/…", …] };
     importScripts("/static/tanhui/offline/worker.js");

   `pages` are asked from the network first, and from the store where no network answers; `files` from the store first
   (a new version of any of them is a new `version`, which the view computes from their content). All other requests,
   above all those to the api, go past the worker. Pages of the shell carry nothing personal. */
"use strict";

const { name, version, pages, files } = self.SHELL;
const STORE = `tanhui-${name}-${version}`;
const PATIENCE_MS = 4_000;

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      const store = await caches.open(STORE);
      await store.addAll([...pages, ...files].map((address) => new Request(address, { cache: "reload" })));
      await self.skipWaiting();
    })(),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const key of await caches.keys()) {
        if (key.startsWith(`tanhui-${name}-`) && key !== STORE) await caches.delete(key);
      }
      await self.clients.claim();
    })(),
  );
});

async function page(request, path) {
  const store = await caches.open(STORE);
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (response.ok && !response.redirected) await store.put(path, response.clone());
    return response;
  } catch (error) {
    const kept = await store.match(path);
    if (kept) return kept;
    throw error;
  }
}

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== self.location.origin) return;
  if (event.request.mode === "navigate" && pages.includes(address.pathname)) {
    event.respondWith(page(event.request, address.pathname));
  } else if (files.includes(address.pathname)) {
    event.respondWith(
      (async () => {
        const store = await caches.open(STORE);
        return (await store.match(address.pathname)) || fetch(event.request);
      })(),
    );
  }
});

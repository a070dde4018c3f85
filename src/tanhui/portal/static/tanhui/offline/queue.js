/* What happened without network, kept in the browser (IndexedDB) until the server has answered for it.

   const queue = await tanhuiOffline.queue.open("till");     one database a purpose
   await queue.add({ mark, content, shown })   keeps an entry under a new nonce and gives it back. `mark` (optional) names
                                               what was used up, such as a code or a serial: the same mark a second time
                                               is refused with `Seen`, whose `.entry` is the first one. `content` is what
                                               is sent; `shown` is what the page shows and stays after the upload.
   await queue.add({ …, nonce, answer })       an entry that the server has answered already (nothing to upload)
   await queue.waiting(most)                   the oldest entries that wait for their upload
   await queue.count()                         how many wait
   await queue.settle(nonce, answer, release)  the server has answered: `content` is dropped, `answer` kept; `release`
                                               frees the mark (it was refused, or taken back)
   await queue.postpone(nonce, note)           not now: stays waiting, with a note for the page
   await queue.list(most)                      entries, newest first
   await queue.forget(before)                  deletes answered entries made before that Date
   await queue.keep(name, value) · kept(name) · drop(name)   small facts: the token, the public key, a pack
   tanhuiOffline.queue.nonce()                 a new name for an attempt: 24 letters
   tanhuiOffline.queue.persist()               asks the browser not to clear this storage when space is short

   An entry: { nonce, mark?, made_at (ISO 8601), state: "waiting" | "answered", content, shown, answer, note }.
   An entry is never deleted while it waits. Entries survive the page, the browser and a power cut: writes are strict. */
"use strict";

(function () {
  const offline = (window.tanhuiOffline = window.tanhuiOffline || {});

  class Seen extends Error {
    constructor(entry) {
      super("this was used on this device before");
      this.name = "Seen";
      this.entry = entry;
    }
  }

  function asked(request) {
    return new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  }

  function finished(transaction) {
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
  }

  function nonce() {
    const chance = crypto.getRandomValues(new Uint8Array(18));
    return btoa(String.fromCharCode(...chance)).replaceAll("+", "-").replaceAll("/", "_");
  }

  function prepare(database) {
    const entries = database.createObjectStore("entries", { keyPath: "nonce" });
    entries.createIndex("mark", "mark", { unique: true });
    entries.createIndex("turn", ["state", "made_at"]);
    entries.createIndex("made_at", "made_at");
    database.createObjectStore("kept");
  }

  class Queue {
    constructor(database) {
      this.database = database;
    }

    begin(name, mode) {
      return this.database.transaction(name, mode, { durability: "strict" });
    }

    async add({ mark, content, shown, nonce: given, answer }) {
      const settled = answer !== undefined;
      const entry = {
        nonce: given || nonce(),
        made_at: new Date().toISOString(),
        state: settled ? "answered" : "waiting",
        content: settled ? null : content,
        shown: shown || {},
        answer: settled ? answer : null,
        note: "",
      };
      if (mark) entry.mark = mark;
      const transaction = this.begin("entries", "readwrite");
      const done = finished(transaction);
      const store = transaction.objectStore("entries");
      const known = mark ? await asked(store.index("mark").get(mark)) : undefined;
      if (known) {
        await done;
        throw new Seen(known);
      }
      store.add(entry);
      await done;
      return entry;
    }

    async seen(mark) {
      const store = this.begin("entries", "readonly").objectStore("entries");
      return (await asked(store.index("mark").get(mark))) || null;
    }

    waiting(most) {
      const store = this.begin("entries", "readonly").objectStore("entries");
      return asked(store.index("turn").getAll(IDBKeyRange.bound(["waiting"], ["waiting", []]), most));
    }

    count() {
      const store = this.begin("entries", "readonly").objectStore("entries");
      return asked(store.index("turn").count(IDBKeyRange.bound(["waiting"], ["waiting", []])));
    }

    async change(name, write) {
      const transaction = this.begin("entries", "readwrite");
      const done = finished(transaction);
      const store = transaction.objectStore("entries");
      const entry = await asked(store.get(name));
      if (entry) {
        write(entry);
        store.put(entry);
      }
      await done;
      return entry || null;
    }

    settle(name, answer, release = false) {
      return this.change(name, (entry) => {
        Object.assign(entry, { state: "answered", content: null, answer, note: "" });
        if (release) delete entry.mark;
      });
    }

    postpone(name, note) {
      return this.change(name, (entry) => {
        entry.note = note;
      });
    }

    list(most) {
      return new Promise((resolve, reject) => {
        const found = [];
        const index = this.begin("entries", "readonly").objectStore("entries").index("made_at");
        const request = index.openCursor(null, "prev");
        request.onerror = () => reject(request.error);
        request.onsuccess = () => {
          const cursor = request.result;
          if (!cursor || found.length >= most) return resolve(found);
          found.push(cursor.value);
          cursor.continue();
        };
      });
    }

    async forget(before) {
      const transaction = this.begin("entries", "readwrite");
      const done = finished(transaction);
      const range = IDBKeyRange.bound(["answered"], ["answered", before.toISOString()], false, true);
      const request = transaction.objectStore("entries").index("turn").openCursor(range);
      request.onsuccess = () => {
        if (!request.result) return;
        request.result.delete();
        request.result.continue();
      };
      await done;
    }

    async keep(name, value) {
      const transaction = this.begin("kept", "readwrite");
      const done = finished(transaction);
      transaction.objectStore("kept").put(value, name);
      await done;
    }

    kept(name) {
      return asked(this.begin("kept", "readonly").objectStore("kept").get(name));
    }

    async drop(name) {
      const transaction = this.begin("kept", "readwrite");
      const done = finished(transaction);
      transaction.objectStore("kept").delete(name);
      await done;
    }
  }

  async function open(name) {
    const request = indexedDB.open(`tanhui-${name}`, 1);
    request.onupgradeneeded = () => prepare(request.result);
    const database = await asked(request);
    database.onversionchange = () => database.close();
    return new Queue(database);
  }

  async function persist() {
    if (!navigator.storage || !navigator.storage.persist) return false;
    return (await navigator.storage.persisted()) || navigator.storage.persist();
  }

  offline.queue = { open, nonce, persist, Seen };
})();

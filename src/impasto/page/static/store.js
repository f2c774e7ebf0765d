"use strict";
/*
 * How data comes in. From file:// a browser refuses fetch() and modules, but not classic scripts:
 * every data file is one that calls Impasto.receive(key, value), and is added to the page when
 * somebody asks for its key.
 */
var Impasto = {}; // the one global; every file adds its part

(() => {
  const entries = new Map(); // key → {promise, resolve, reject, asked}

  function entry(key) {
    if (!entries.has(key)) {
      const made = { asked: false };
      made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
      made.promise.catch(() => {}); // whoever asked is told; nobody else
      entries.set(key, made);
    }
    return entries.get(key);
  }

  /** Called by the data files. */
  function receive(key, value) {
    entry(key).resolve(value);
  }

  /** The value of data/KEY.js, loaded on first use. */
  function load(key) {
    const wanted = entry(key);
    if (!wanted.asked) {
      wanted.asked = true;
      const script = document.createElement("script");
      script.src = `data/${key}.js?${document.documentElement.dataset.version}`;
      script.onload = () => script.remove();
      script.onerror = () =>
        wanted.reject(new Error(`data/${key}.js cannot be loaded: export the site again`));
      document.head.append(script);
    }
    return wanted.promise;
  }

  /**
   * Forget a value, so that its memory can be used otherwise; asked for again it is loaded again.
   */
  function forget(key) {
    entries.delete(key);
  }

  /** Base64 as bytes. */
  function bytes(text) {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
    const binary = atob(text),
      out = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) out[i] = binary.charCodeAt(i);
    return out;
  }

  /** Base64 of little-endian numbers as a typed array. */
  function numbers(Kind, text) {
    return new Kind(bytes(text).buffer);
  }

  Object.assign(Impasto, { receive, load, forget, bytes, numbers });
})();

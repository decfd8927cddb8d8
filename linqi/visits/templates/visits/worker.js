/* Keeps the page in the hand so that it opens without a signal; serves no other page, and no data of anybody. */
const SAID = {{ said }};
const KEPT = `linqi-hand-${SAID.version}`;

addEventListener("install", (event) => {
  const fresh = SAID.files.map((file) => new Request(file, { cache: "reload" }));
  event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll(fresh)).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("linqi-hand-") && name !== KEPT;
  event.waitUntil(
    caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name)))).then(() => clients.claim()),
  );
});

addEventListener("fetch", (event) => {
  const { pathname } = new URL(event.request.url);
  if (event.request.method !== "GET" || !SAID.files.includes(pathname)) return;
  event.respondWith(
    caches.open(KEPT).then((cache) => cache.match(pathname)).then((kept) => kept ?? fetch(event.request)),
  );
});

/* What the page in the hand keeps on the device. Everything is sealed by a key that the browser keeps and does not give away. */

const STORES = ["key", "meta", "sheets", "places", "queue", "told", "pictures"];
let opening = null;

function open() {
  opening ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open("linqi-hand", 2);
    asked.onupgradeneeded = () => STORES.forEach((name) => asked.result.objectStoreNames.contains(name) || asked.result.createObjectStore(name));
    asked.onsuccess = () => {
      asked.result.onclose = () => (opening = null);
      asked.result.onversionchange = () => {
        asked.result.close(); // a newer page in another window
        opening = null;
      };
      resolve(asked.result);
    };
    asked.onerror = () => reject(asked.error);
  });
  return opening;
}

function done(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

function answer(asked) {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

/* AES-GCM, made on this device and not extractable: a copy of the files of the browser's database reads nothing by itself. */
async function key() {
  const database = await open();
  const kept = await answer(database.transaction("key").objectStore("key").get("seal"));
  if (kept) return kept;
  const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const transaction = database.transaction("key", "readwrite");
  const store = transaction.objectStore("key");
  const other = await answer(store.get("seal")); // another window may have been faster
  if (!other) store.put(made, "seal");
  await done(transaction);
  return other ?? made;
}

async function seal(value) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const plain = new TextEncoder().encode(JSON.stringify(value));
  return { iv, data: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await key(), plain) };
}

async function unseal(kept) {
  const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: kept.iv }, await key(), kept.data);
  return JSON.parse(new TextDecoder().decode(plain));
}

/* One value, or undefined. */
export async function get(store, id) {
  const kept = await answer((await open()).transaction(store).objectStore(store).get(id));
  return kept === undefined ? undefined : unseal(kept);
}

/* Every value of a store, in the order of its keys. */
export async function all(store) {
  const kept = await answer((await open()).transaction(store).objectStore(store).getAll());
  return Promise.all(kept.map(unseal));
}

/* Writes [store, id, value] all together or not at all; a value that is undefined is taken away. */
export async function write(changes) {
  const sealed = await Promise.all(
    changes.map(async ([store, id, value]) => [store, id, value === undefined ? undefined : await seal(value)]),
  );
  const transaction = (await open()).transaction([...new Set(changes.map(([store]) => store))], "readwrite");
  for (const [store, id, value] of sealed) {
    if (value === undefined) transaction.objectStore(store).delete(id);
    else transaction.objectStore(store).put(value, id);
  }
  await done(transaction);
}

/* Puts one operation at the end of the queue, with what else is written beside it; its number is never given twice, whichever window asks. */
export function append(operation, beside = []) {
  return navigator.locks.request("linqi-hand-queue", async () => {
    const seq = ((await get("meta", "numbered")) ?? 0) + 1;
    await write([["queue", seq, { ...operation, seq }], ["meta", "numbered", seq], ...beside]);
    return seq;
  });
}

/* Forgets all: what was kept, what waits, and the key. `some`: only these stores. */
export async function forget(some = STORES) {
  const transaction = (await open()).transaction(some, "readwrite");
  some.forEach((name) => transaction.objectStore(name).clear());
  await done(transaction);
}

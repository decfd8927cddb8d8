/* The exchange with the server: sends what waits, in order, keeps what comes back, tries again later. docs/rules/sync.md is the protocol. */

import * as store from "./hand_store.js";

const AT_ONCE = 200, MOST_SENT = 1500000; // operations and bytes in one request
const PICTURE_ENDS = 30 * 24 * 3600 * 1000; // a device is registered for so long: later nothing can be sent from it
const PLANS_AT_ONCE = 10, PLAN_FRESH = 12 * 3600 * 1000; // buildings fetched at one contact, and for how long
const FIRST_WAIT = 2000, LONGEST_WAIT = 300000; // milliseconds until the next try
const BOOT = crypto.randomUUID?.() ?? String(Math.random());
let words = {}, changed = () => {}, timer = 0, wait = FIRST_WAIT, asked = 0;

/* `addresses`: where to; `tell`: called whenever something on the device is otherwise. */
export function begin(addresses, tell) {
  words = addresses;
  changed = tell;
  addEventListener("online", () => soon());
  document.addEventListener("visibilitychange", () => document.hidden || soon());
  endPictures();
  soon();
}

function clock() {
  return { boot: BOOT, steady: performance.now() / 1000 };
}

/* Keeps one operation and sends it when there is a network. `local`: for this page only, never sent; `picture`: kept beside the queue. */
export async function say(kind, visit, body, seen, local = {}, picture = null) {
  const heard = (await store.get("meta", "heard")) ?? null;
  const at = new Date().toISOString(), id = crypto.randomUUID();
  const beside = picture ? [["pictures", id, { ...picture, id, at }]] : [];
  await store.append({ id, kind, visit: String(visit), body, seen, at, heard, local, ...clock() }, beside);
  soon();
}

/* As many operations as one request carries, in order, pictures put in. */
async function fitting(queue) {
  const taken = [];
  let bytes = 0;
  for (const { local, ...said } of queue.slice(0, AT_ONCE)) {
    const body = said.kind === "photo" ? { ...said.body, data: (await store.get("pictures", said.id))?.data ?? "" } : said.body;
    bytes += JSON.stringify(body).length + 400;
    if (taken.length && bytes > MOST_SENT) break;
    taken.push({ ...said, body });
  }
  return taken;
}

/* A picture that could not be sent for as long as a device is registered is taken away; the server is told that it is gone. */
async function endPictures() {
  const ended = (await store.all("pictures")).filter((one) => one.data && Date.now() - Date.parse(one.at) > PICTURE_ENDS);
  if (ended.length) await store.write(ended.map((one) => ["pictures", one.id, { ...one, data: "" }]));
}

/* Tries now, whatever was waited for. */
export function soon() {
  wait = FIRST_WAIT;
  clearTimeout(timer);
  timer = setTimeout(run, 50);
}

async function run() {
  const went = await navigator.locks.request("linqi-hand-sync", { ifAvailable: true }, (mine) => (mine ? exchange() : "busy"));
  const later = { more: 0, done: LONGEST_WAIT, stopped: null, come: asked * (0.8 + Math.random() * 0.4) }[went];
  clearTimeout(timer);
  if (later === null) return;
  if (later === undefined) wait = Math.min(wait * 2, LONGEST_WAIT);
  timer = setTimeout(run, later ?? wait * (0.5 + Math.random() / 2));
}

/* One contact: "more" when something still waits, "done", "failed" to try later, "come" when the server says when, "stopped" when a person must look. */
async function exchange() {
  const token = await store.get("meta", "token");
  if (!token || (await store.get("meta", "broken"))) return "stopped";
  const queue = await store.all("queue");
  const held = new Map((await store.all("sheets")).map((sheet) => [sheet.id, sheet]));
  const operations = await fitting(queue);
  const parcel = {
    now: new Date().toISOString(),
    ...clock(),
    operations,
    more: queue.length > operations.length, // then what changed is asked for with the last of them
    have: Object.fromEntries([...held].map(([id, sheet]) => [id, sheet.mark])),
  };
  let answer, told;
  try {
    answer = await ask(words.exchange, token, { method: "POST", body: JSON.stringify(parcel) });
    told = await answer.json();
  } catch {
    changed(false);
    return "failed";
  }
  if (answer.status === 401 && told.wipe) {
    await store.forget();
    changed(true, "wiped");
    return "stopped";
  }
  if (answer.status === 409 || (told.wanted !== undefined && queue.length && told.wanted < queue[0].seq)) {
    await store.write([["meta", "broken", true]]);
    changed(true);
    return "stopped";
  }
  if (answer.status === 503 && answer.headers.has("Retry-After")) {
    asked = Number(answer.headers.get("Retry-After")) * 1000 || FIRST_WAIT;
    changed(true);
    return "come";
  }
  if (!answer.ok) {
    await store.write([["meta", "unreadable", answer.status === 400 || undefined]]);
    changed(true);
    return "failed";
  }
  await keep(told, queue, held);
  await choices(token);
  await plans();
  changed(true);
  if (!(await store.all("queue")).length) return "done";
  return told.outcomes.length ? "more" : "failed";
}

async function keep(told, queue, held) {
  const said = new Map(queue.map((one) => [one.id, one]));
  const changes = [["meta", "unreadable", undefined]];
  const keys = (await store.get("meta", "keys")) ?? {};
  for (const one of told.outcomes) {
    const operation = said.get(one.id);
    if (!operation) continue;
    changes.push(["queue", operation.seq, undefined]);
    if (operation.kind === "photo") changes.push(["pictures", operation.id, undefined]);
    if (operation.kind === "start" && one.visit) keys[operation.visit] = one.visit;
    if (one.outcome !== "applied") changes.push(["told", one.id, { ...one, operation }]);
  }
  changes.push(["meta", "keys", keys]);
  if (told.listed) {
    changes.push(["meta", "heard", told.now], ["meta", "until", Date.now() + told.cached_for * 1000]);
    for (const sheet of told.sheets) {
      if ((held.get(sheet.id)?.edition ?? -1) <= sheet.edition) changes.push(["sheets", sheet.id, sheet]);
    }
    const listed = new Set(told.listed);
    for (const id of held.keys()) if (!listed.has(id)) changes.push(["sheets", id, undefined]);
  }
  await store.write(changes);
}

/* What the forms choose from, fetched twice a day. */
async function choices(token) {
  const kept = await store.get("meta", "forms");
  if (kept && Date.now() - kept.at < 12 * 3600 * 1000 && kept.lang === document.documentElement.lang) return;
  try {
    const answer = await ask(words.forms, token);
    if (answer.ok) await store.write([["meta", "forms", { ...(await answer.json()), at: Date.now(), lang: document.documentElement.lang }]]);
  } catch {
    // the next contact brings them
  }
}

/* The floors of the buildings on the list, so that they are there without a network. */
async function plans() {
  const kept = new Map((await store.all("places")).map((one) => [one.id, one.at ?? 0]));
  const asked = new Set((await store.all("sheets")).map((sheet) => sheet.building?.[0]).filter(Boolean));
  const stale = [...asked].filter((id) => Date.now() - (kept.get(id) ?? 0) > PLAN_FRESH);
  for (const id of stale.slice(0, PLANS_AT_ONCE)) await firmsAt(id);
}

/* The firms in one building: fetched when there is a network, else as they were kept; null when neither. */
export async function firmsAt(building) {
  const token = await store.get("meta", "token");
  try {
    const answer = await ask(`${words.at}?b=${building}`, token);
    if (answer.status === 404) return null;
    if (answer.ok) {
      const told = await answer.json();
      await store.write([["places", told.id, { ...told, at: Date.now() }]]);
      return told;
    }
  } catch {
    // no network: what was kept
  }
  return (await store.get("places", building)) ?? null;
}

/* What is kept of sheets ends when there was no contact for too long; what waits to be sent stays. Whether it ended. */
export async function expire() {
  const until = await store.get("meta", "until");
  const latest = Math.max(Date.now(), (await store.get("meta", "latest")) ?? 0); // a clock that is set back wins no time
  await store.write([["meta", "latest", latest]]);
  if (!until || latest < until) return false;
  await store.forget(["sheets", "places"]);
  return true;
}

function ask(address, token, options = {}) {
  const headers = { Authorization: `Device ${token}`, "Content-Type": "application/json" };
  return fetch(address, { ...options, headers, credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(30000) });
}

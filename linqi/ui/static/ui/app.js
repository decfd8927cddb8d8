/* The face in the browser: menu, search key, toasts, confirmation, uploads, lists. Pages work without it, only less smoothly. */

const words = document.body.dataset;
const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";
const each = (selector, act, root = document) => root.querySelectorAll(selector).forEach(act);

/* --- menu ------------------------------------------------------------------------------------------------------- */
function openMenu(open) {
  document.body.classList.toggle("lq-menu-open", open);
  each("[data-menu-toggle][aria-expanded]", (button) => button.setAttribute("aria-expanded", String(open)));
  if (open) document.querySelector("#side a")?.focus();
}

function foldMenu(fold) {
  document.documentElement.classList.toggle("lq-folded", fold);
  each("[data-menu-fold]", (button) => button.setAttribute("aria-expanded", String(!fold)));
}

function remembered(key) {
  try { return localStorage.getItem(key); } catch { return null; }
}

function remember(key, value) {
  try { localStorage.setItem(key, value); } catch { /* private browsing: not remembered */ }
}

foldMenu(remembered("lq-folded") === "1");

/* --- toasts and confirmation ------------------------------------------------------------------------------------ */
export function toast(text, tone = "info") {
  const box = document.getElementById("toasts");
  if (!box || !text) return;
  const one = document.createElement("div");
  one.className = `lq-toast lq-toast-${tone}`;
  one.dataset.toast = "";
  const line = document.createElement("p");
  line.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "lq-toast-close";
  close.dataset.close = "";
  close.setAttribute("aria-label", words.wordsClose ?? "");
  close.textContent = "×";
  one.append(line, close);
  box.append(one);
  fade(one);
}

function fade(one) {
  if (one.classList.contains("lq-toast-error") || one.querySelector("form")) return; // these wait for the reader
  setTimeout(() => one.remove(), 6000);
}

each("[data-toast]", fade);

/** Ask in our own dialog; resolves to true or false. */
export function ask(text) {
  const dialog = document.getElementById("confirm");
  if (!dialog?.showModal) return Promise.resolve(window.confirm(text));
  dialog.querySelector("#confirm-text").textContent = text;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((done) => {
    dialog.addEventListener("close", () => done(dialog.returnValue === "yes"), { once: true });
  });
}

/* --- what people do --------------------------------------------------------------------------------------------- */
document.addEventListener("click", (event) => {
  const target = event.target;
  if (target.closest("[data-menu-toggle]")) return openMenu(!document.body.classList.contains("lq-menu-open"));
  if (target.closest("[data-menu-fold]")) {
    const fold = !document.documentElement.classList.contains("lq-folded");
    remember("lq-folded", fold ? "1" : "0");
    return foldMenu(fold);
  }
  if (target.closest("[data-keys-help]")) return showKeys();
  if (target.closest("[data-print]")) return window.print();
  if (target.closest("[data-close]")) return target.closest("[data-toast], dialog")?.remove();
  if (document.body.classList.contains("lq-menu-open") && !target.closest("#side")) openMenu(false);
  if (!target.closest(".lq-search")) document.getElementById("global-suggest")?.replaceChildren();
  const chosen = target.closest("[data-choose]");
  if (chosen) {
    const box = document.getElementById(chosen.dataset.choose);
    if (box) { box.value = chosen.dataset.value; box.dispatchEvent(new Event("change", { bubbles: true })); }
  }
  each("details.lq-pop[open]", (pop) => { if (!pop.contains(target)) pop.open = false; });
  const row = target.closest("tr[data-href]");
  const busy = target.closest("a, button, input, label, select, summary, textarea") || String(getSelection());
  if (row && !busy) {
    if (event.metaKey || event.ctrlKey) window.open(row.dataset.href, "_blank", "noopener");
    else location.assign(row.dataset.href);
  }
});

/* rows of a list: j and k go down and up, x takes the row along, Enter opens it as any link */
function walk(event) {
  const rows = [...document.querySelectorAll(".lq-list tbody tr:has(th a)")];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  if (event.key === "x") return rows[at]?.querySelector(".lq-pick")?.click();
  const next = rows[event.key === "j" ? at + 1 : Math.max(at, 1) - 1];
  if (next) { event.preventDefault(); next.querySelector("th a").focus(); }
}

/* what a page offers by a key says so itself (aria-keyshortcuts); a key leads there and never sends anything */
function lead(event) {
  const target = [...document.querySelectorAll("#main [aria-keyshortcuts]")].find((one) => one.getAttribute("aria-keyshortcuts") === event.key);
  if (!target) return;
  event.preventDefault();
  if (target.matches("a")) return target.click();
  for (let box = target.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
  const form = target.matches("summary") ? target.parentElement.querySelector("form") : null;
  (form?.querySelector("textarea, select, input:not([type=hidden])") ?? target).focus();
  target.scrollIntoView({ block: "nearest" });
}

function showKeys() {
  const dialog = document.getElementById("keys");
  if (!dialog?.showModal) return;
  each("[data-keys-list]", (row) => { row.hidden = !document.querySelector(".lq-list"); }, dialog);
  each("[data-keys-page]", (row) => row.remove(), dialog);
  each("#main [aria-keyshortcuts]", (one) => {
    const row = document.createElement("div"), key = document.createElement("dt"), said = document.createElement("dd");
    row.dataset.keysPage = "";
    key.append(Object.assign(document.createElement("kbd"), { textContent: one.getAttribute("aria-keyshortcuts") }));
    said.textContent = one.textContent.trim();
    row.append(key, said);
    dialog.querySelector("dl").append(row);
  });
  dialog.showModal();
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.metaKey && !event.ctrlKey && !event.altKey) {
    const box = document.getElementById("global-search");
    if (box) { event.preventDefault(); box.focus(); box.select(); }
  }
  if (["j", "k", "x"].includes(event.key) && !typing && !event.metaKey && !event.ctrlKey && !event.altKey) walk(event);
  const plain = !typing && !event.metaKey && !event.ctrlKey && !event.altKey && !event.isComposing;
  if (plain && !document.querySelector("dialog[open]")) {
    if (event.key === "?") { event.preventDefault(); showKeys(); }
    else lead(event);
  }
  if (event.key === "Escape") {
    const pop = event.target.closest("details.lq-pop[open]");
    if (pop) { pop.open = false; pop.querySelector("summary").focus(); }
    openMenu(false);
    document.getElementById("global-suggest")?.replaceChildren();
  }
  if (event.target.closest(".lq-search") && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    const places = [document.getElementById("global-search"), ...document.querySelectorAll("#global-suggest a")];
    const next = places[places.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1)];
    if (next) { event.preventDefault(); next.focus(); }
  }
});

document.addEventListener("change", (event) => {
  if (event.target.closest("[data-submit]")) event.target.form?.requestSubmit();
  const list = event.target.closest(".lq-list");
  const all = event.target.closest("[data-pick-all]");
  if (list && all) each(".lq-pick", (box) => { box.checked = all.checked; }, list);
  if (list && (all || event.target.closest(".lq-pick"))) {
    each("[data-picked]", (shown) => { shown.textContent = list.querySelectorAll(".lq-pick:checked").length; }, list);
  }
});

document.addEventListener("submit", async (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !event.target.dataset.confirmed) {
    event.preventDefault();
    event.stopImmediatePropagation();
    if (await ask(question)) {
      event.target.dataset.confirmed = "1";
      event.target.requestSubmit(event.submitter ?? undefined);
      delete event.target.dataset.confirmed;
    }
    return;
  }
  if (event.target.matches("[data-upload]")) upload(event);
}, true);

/* empty filters leave no trace in the address */
document.addEventListener("formdata", (event) => {
  if (event.target.method !== "get") return;
  for (const [key, value] of [...event.formData.entries()]) if (value === "") event.formData.delete(key);
});

/* --- htmx ------------------------------------------------------------------------------------------------------- */
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token();
});

document.addEventListener("htmx:confirm", async (event) => {
  if (!event.detail.question) return;
  event.preventDefault();
  if (await ask(event.detail.question)) event.detail.issueRequest(true);
});

/* the session has ended: show the sign-in page, not a piece of it inside this one */
document.addEventListener("htmx:beforeSwap", (event) => {
  if (!/\/accounts\/(?:login|reauthenticate)\//.test(event.detail.xhr.responseURL)) return;
  event.detail.shouldSwap = false;
  location.reload();
});

document.addEventListener("htmx:sendError", () => toast(words.wordsOffline, "error"));
document.addEventListener("htmx:responseError", () => toast(words.wordsFailed, "error"));
document.addEventListener("linqi:toast", (event) => toast(event.detail.text, event.detail.tone));
document.addEventListener("htmx:load", (event) => enliven(event.target));

/* --- files ------------------------------------------------------------------------------------------------------ */
function upload(event) {
  const form = event.target;
  const bar = form.querySelector("progress");
  if (!bar) return;
  event.preventDefault();
  const request = new XMLHttpRequest();
  const finish = (message) => { bar.hidden = true; each("button", (b) => { b.disabled = false; }, form); toast(message, "error"); };
  request.open("POST", form.action);
  request.setRequestHeader("X-CSRFToken", token());
  request.upload.addEventListener("progress", (step) => { if (step.lengthComputable) bar.value = (100 * step.loaded) / step.total; });
  request.upload.addEventListener("load", () => bar.removeAttribute("value")); // sent: the server works on it, nobody knows how long
  request.addEventListener("load", () => {
    if (request.status < 400 && request.responseURL && request.responseURL !== location.href) return location.assign(request.responseURL);
    if (!request.responseText || request.status >= 500) return finish(words.wordsFailed);
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    const fresh = page.getElementById("main");
    const main = document.getElementById("main");
    if (!fresh || !main) return finish(words.wordsFailed);
    main.replaceChildren(...fresh.childNodes);
    enliven(main);
  });
  request.addEventListener("error", () => finish(words.wordsOffline));
  bar.hidden = false;
  each("button", (button) => { button.disabled = true; }, form);
  request.send(new FormData(form));
}

function drop(zone) {
  const input = zone.querySelector("input[type=file]");
  const name = zone.querySelector("[data-drop-name]");
  const show = () => { name.textContent = [...input.files].map((file) => `${file.name}（${(file.size / 1048576).toFixed(1)} MB）`).join("、"); };
  input.addEventListener("change", show);
  for (const kind of ["dragenter", "dragover"]) zone.addEventListener(kind, (e) => { e.preventDefault(); zone.classList.add("lq-over"); });
  for (const kind of ["dragleave", "drop"]) zone.addEventListener(kind, (e) => { e.preventDefault(); zone.classList.remove("lq-over"); });
  zone.addEventListener("drop", (e) => { if (e.dataTransfer.files.length) { input.files = e.dataTransfer.files; show(); } });
}

/* --- charts and maps are fetched only by pages that have one ----------------------------------------------------- */
function once(element, key) {
  if (element.dataset[key]) return false;
  element.dataset[key] = "1";
  return true;
}

async function enliven(root) {
  each("[data-drop]", (zone) => { if (once(zone, "ready")) drop(zone); }, root);
  const charts = [...root.querySelectorAll("[data-chart-from]")].filter((one) => once(one, "ready"));
  const maps = [...root.querySelectorAll("[data-map-from]")].filter((one) => once(one, "ready"));
  if (charts.length) (await import(words.chart)).draw(charts, words.echarts);
  if (maps.length) (await import(words.map)).draw(maps, words.leaflet, words.leafletCss);
}

enliven(document);

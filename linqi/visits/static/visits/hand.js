/* Visits in the hand: the page. What it shows comes from the device; what is said goes into the queue first and to the server when it can. */

import * as kept from "./hand_kept.js";
import * as store from "./hand_store.js";
import * as sync from "./hand_sync.js";

const WORDS = JSON.parse(document.getElementById("words").textContent);
const main = document.getElementById("main"), bar = document.getElementById("status");
const FIELDS = ["met", "summary", "next_step"];
const KINDS = ["fact", "need", "problem", "clue"];
const ENDS = { finish: "finish", miss: "miss", refuse: "refuse" };
let dirty = false, reached = navigator.onLine, notice = "", stopScan = () => {};

const say = (name, value) => WORDS.said[name].replace("%s", value ?? "");

/* An element. `on…` listens; false and null leave an attribute out. */
function h(tag, attributes = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...inside.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false && one !== ""));
  return made;
}

/* People press twice: an act that is under way, until the page is drawn anew, is not begun a second time. */
function once(act) {
  let going = false;
  return async (event) => {
    event?.preventDefault?.();
    if (going) return;
    going = true;
    try {
      await act(event);
    } finally {
      going = false;
    }
  };
}

const button = (name, act, tone = "") => h("button", { type: "button", class: `btn ${tone}`, onclick: act }, say(name));
const note = (text, tone = "") => h("p", { class: "hand-note", "data-tone": tone }, text);
const card = (title, ...inside) =>
  h("section", { class: "card" }, title && h("div", { class: "card-header" }, h("h2", { class: "card-title" }, title)), h("div", { class: "card-body lq-stack" }, inside));

function field(name, control, hint = "") {
  control.id = `f-${name}`;
  if (hint) control.setAttribute("aria-describedby", `h-${name}`);
  return h("div", {}, h("label", { class: "form-label", for: control.id }, say(name)), control, hint && h("div", { class: "lq-hint", id: `h-${name}` }, say(hint)));
}
const line = (name, most, value = "", more = {}) => h("input", { class: "form-control", name, maxlength: most, value, autocomplete: "off", ...more });
const lines = (name, most, value = "", rows = 3) => h("textarea", { class: "form-control", name, maxlength: most, rows }, value);
const choose = (name, options) =>
  h("select", { class: "form-select", name }, h("option", { value: "" }, say("pick_choose")), options);

/* --- what is on the device --------------------------------------------------------------------------------------- */
async function known() {
  const [sheets, queue, told, keys, forms] = await Promise.all([
    store.all("sheets"), store.all("queue"), store.all("told"), store.get("meta", "keys"), store.get("meta", "forms"),
  ]);
  const mine = keys ?? {};
  const number = (key) => String(mine[key] ?? key);
  const visits = sheets.map((sheet) => ({ ...sheet, key: String(sheet.id) }));
  for (const one of queue) {
    if (one.kind !== "start" || visits.some((visit) => visit.key === number(one.visit))) continue;
    const { kind = "plain" } = one.body;
    visits.push({ ...NEW, key: one.visit, name: one.local.name, building: one.local.building, enterprise: one.body.enterprise, kind, kind_label: one.local.kind_label });
  }
  for (const visit of visits) overlay(visit, queue.filter((one) => number(one.visit) === visit.key));
  return { visits, queue, told, number, forms: forms ?? { categories: [], facts: [], met: [], buildings: [] } };
}

const NEW = { edition: 0, state: "planned", state_label: "", place: "", reasons: [], caution: null, said: {}, conflicts: [], findings: [], cases: [], before: [], asked: [], photos: [], place_kept: null, planned_for: "", visited_on: null };

/* A sheet as it will be once what waits is sent. */
function overlay(visit, waiting) {
  visit.fields = Object.fromEntries(FIELDS.map((name) => [name, visit.said[name]?.value ?? ""]));
  Object.assign(visit, { added: [], pictures: [], withdrawn: new Set(), placed: false, unplaced: false, waiting: waiting.length });
  for (const one of waiting) {
    if (one.kind === "set") Object.assign(visit.fields, one.body);
    else if (one.kind in ENDS) visit.ending = one.kind;
    else if (one.kind === "finding") visit.added.push(one);
    else if (one.kind === "photo") visit.pictures.push(one);
    else if (one.kind === "place") visit.placed = true;
    else if (one.kind === "withdraw" && one.body.place) Object.assign(visit, { placed: false, unplaced: true });
    else if (one.kind === "withdraw") visit.withdrawn.add(one.body.photo);
    else if (one.kind === "settle") visit.conflicts = visit.conflicts.filter((clash) => clash.id !== one.body.conflict);
  }
}

const isDone = (visit) => visit.state === "done" || visit.ending === "finish";
const isOpen = (visit) => visit.state === "planned" && !visit.ending;

/* --- the pages ---------------------------------------------------------------------------------------------------- */
function list(all, building) {
  const today = day(new Date());
  const here = building ? all.visits.filter((visit) => String(visit.building?.[0]) === building) : all.visits;
  const open = here.filter(isOpen).sort((one, two) => (one.planned_for < two.planned_for ? -1 : 1));
  const parts = [
    ["today", open.filter((visit) => visit.planned_for <= today)],
    ["coming", open.filter((visit) => visit.planned_for > today)],
    ["done", here.filter((visit) => !isOpen(visit))],
  ];
  return parts.filter(([, visits]) => visits.length).map(([name, visits]) => [
    h("h2", {}, `${say(name)} · ${visits.length}`),
    h("ul", { class: "hand-list" }, visits.map((visit) => h("li", {}, h("a", { href: `#/visit/${visit.key}` }, row(visit))))),
  ]);
}

function row(visit) {
  const when = visit.visited_on ?? visit.planned_for;
  return [
    h("strong", {}, visit.name),
    visit.conflicts.length ? h("span", { class: "hand-tag" }, say("conflict")) : null,
    visit.waiting ? h("span", { class: "hand-tag" }, say("pending")) : null,
    visit.kind !== "plain" && visit.kind_label ? h("span", { class: "hand-tag", "data-tone": "info" }, visit.kind_label) : null,
    visit.reasons.map((reason) => h("span", { class: "hand-tag" }, reason)),
    visit.caution && isOpen(visit) ? h("span", { class: "hand-tag" }, visit.caution.brief) : null,
    h("span", { class: "lq-hint" }, [visit.ending ? say(visit.ending) : visit.state_label, when, visit.building?.[1] ?? visit.place].filter(Boolean).join(" · ")),
  ];
}

/* a warning in the server's words, never a block */
function caution(said) {
  return h("details", { class: "hand-note", "data-tone": "warn" }, h("summary", {}, said.brief), h("p", {}, said.text), h("ul", {}, said.earlier.map((line) => h("li", {}, line))), said.why ? h("p", {}, h("strong", {}, said.why)) : null);
}

const PAGES = {
  async ""(all) {
    const shown = list(all);
    return [
      h("h1", {}, h("span", {}, new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "full" }).format(new Date()))),
      all.told.length ? h("a", { class: "btn btn-warning", href: "#/attention" }, say("attention", all.told.length)) : null,
      h("div", { class: "hand-pair" }, h("a", { class: "btn btn-primary", href: "#/scan" }, say("scan")), h("a", { class: "btn", href: "#/pick" }, say("pick"))),
      shown.length ? shown : note(say("none")),
      h("div", { class: "hand-pair" }, h("a", { class: "btn", href: WORDS.devices }, say("my_devices")), button("forget", () => forget(all))),
      h("p", { class: "lq-hint" }, say("whose", await store.get("meta", "whose"))),
    ];
  },

  async visit(all, key) {
    const visit = all.visits.find((one) => one.key === all.number(key));
    if (!visit) return [note(say("gone"), "warn"), back()];
    const facts = [
      visit.reasons.length ? [say("reasons"), visit.reasons.join("、")] : null,
      visit.cases.length ? [say("cases"), visit.cases.map((one) => `${one.number} ${one.title}`).join("；")] : null,
    ].filter(Boolean);
    return [
      back(),
      h("h1", {}, visit.name),
      h("p", { class: "lq-hint" }, [visit.ending ? `${say(visit.ending)} · ${say("pending")}` : visit.state_label, visit.kind === "plain" ? "" : visit.kind_label, visit.building?.[1], visit.place].filter(Boolean).join(" · ")),
      visit.caution && isOpen(visit) ? caution(visit.caution) : null,
      facts.length ? card("", h("dl", { class: "lq-facts" }, facts.map(([name, text]) => h("div", {}, h("dt", {}, name), h("dd", {}, text))))) : null,
      isOpen(visit) ? questions(visit) : null,
      before(visit),
      visit.building ? h("a", { class: "btn", href: `#/plan/${visit.building[0]}` }, say("plan_of", visit.building[1])) : null,
      visit.conflicts.map((clash) => conflict(visit, clash)),
      isOpen(visit) || isDone(visit) ? await talk(visit, all.forms) : null,
      isOpen(visit) || isDone(visit) ? kept.place(visit, TOOLS) : null,
      isOpen(visit) || isDone(visit) ? await kept.photos(visit, TOOLS) : null,
      isDone(visit) ? findings(visit, all) : isOpen(visit) ? note(say("after_finish")) : null,
    ];
  },

  async attention(all) {
    return [back(), h("h1", {}, say("attention_title")), all.told.length ? all.told.map((one) => outcome(one, all)) : note(say("no_attention"))];
  },

  async pick(all) {
    const buildings = choose("building", all.forms.buildings.map(([id, name]) => h("option", { value: id }, name)));
    buildings.addEventListener("change", () => buildings.value && go(`#/here/${buildings.value}`));
    const code = line("code", 12, "", { inputmode: "numeric" });
    const open = () => (/^\d+$/.test(code.value.trim()) ? go(`#/here/${code.value.trim()}`) : tell("bad_code"));
    return [back(), h("h1", {}, say("pick")), card("", field("pick", buildings), field("code", code), button("open", open, "btn-primary"))];
  },

  async scan(all) {
    if (!("BarcodeDetector" in window) || !navigator.mediaDevices) return [note(say("no_camera")), ...(await PAGES.pick(all))];
    const video = h("video", { playsinline: true, muted: true });
    scanWith(video).catch(() => {
      notice = say("no_camera");
      go("#/pick");
    });
    return [h("h1", {}, say("scan")), video, button("stop_scan", () => go("#/"))];
  },

  async here(all, building) {
    const place = await sync.firmsAt(Number(building));
    const shown = list(all, building);
    const waiting = new Map(all.visits.filter((visit) => isOpen(visit) && visit.kind === "plain").map((visit) => [visit.enterprise, visit.key]));
    if (!place) return [back(), note(say("here_offline"), "warn"), shown];
    const firms = h("ul", { class: "hand-list" }, place.firms.map(([id, name]) => h("li", { "data-name": name }, h("button", { type: "button", onclick: once(() => start(id, name, place, waiting.get(id))) }, h("strong", {}, name), h("span", { class: "lq-hint" }, say("start"))), place.cautions?.[id] ? caution(place.cautions[id]) : null)));
    const search = line("filter", 40, "", { type: "search" });
    search.addEventListener("input", (event) => {
      event.stopPropagation();
      for (const one of firms.children) one.hidden = !one.dataset.name.includes(search.value.trim());
    });
    const why = field("why_again", line("why_again", 200));
    const kinds = all.forms.kinds ?? [];
    const kind = h("select", { class: "form-select", name: "kind" }, kinds.map(([value, label]) => h("option", { value }, label)));
    const patrol = h("div", { class: "lq-stack", hidden: true }, field("patrol_why", line("patrol_why", 200), "patrol_hint"));
    kind.addEventListener("change", () => {
      patrol.hidden = kind.value === "plain";
      why.hidden = !patrol.hidden;
    });
    return [
      back(), h("h1", {}, place.name), h("a", { class: "btn", href: `#/plan/${building}` }, say("plan")), shown,
      h("h2", {}, `${say("here_firms")} · ${place.firms.length}`), field("filter", search), kinds.length > 1 ? field("kind", kind) : null, why, patrol, firms,
    ];
  },

  async plan(all, building) {
    const place = (await store.get("places", Number(building))) ?? (await sync.firmsAt(Number(building)));
    if (!place?.floors) return [back(), note(say("plan_offline"), "warn")];
    const names = new Map(place.firms);
    const mine = new Map(all.visits.filter(isOpen).map((visit) => [visit.enterprise, visit.key]));
    const firm = (id) => (mine.has(id) ? h("a", { href: `#/visit/${mine.get(id)}` }, names.get(id)) : h("span", {}, names.get(id)));
    const floor = ({ name, units, firms }) => [
      h("h2", {}, name || say("no_floor")),
      h("ul", { class: "hand-floor" },
        units.map(([unit, here]) => h("li", {}, h("span", { class: "hand-unit" }, unit), h("span", { class: "hand-firms" }, here.length ? here.map(firm) : h("span", { class: "lq-hint" }, say("nobody_known"))))),
        firms.length ? h("li", {}, h("span", { class: "hand-unit" }, say("no_unit")), h("span", { class: "hand-firms" }, firms.map(firm))) : null),
    ];
    const told = place.floors.length ? place.floors.map(floor) : note(say("plan_none"));
    return [h("a", { class: "btn", href: `#/here/${building}` }, say("back")), h("h1", {}, say("plan_of", place.name)), h("p", { class: "lq-hint" }, say("plan_hint")), told];
  },
};

const back = () => h("a", { class: "btn", href: "#/" }, say("back"));

async function start(enterprise, name, place, waiting) {
  const chosen = document.getElementById("f-kind");
  const kind = chosen?.value || "plain", patrol = kind !== "plain";
  if (waiting && !patrol) return go(`#/visit/${waiting}`);
  const key = crypto.randomUUID();
  const why_again = document.getElementById(patrol ? "f-patrol_why" : "f-why_again").value.trim();
  if (patrol && !why_again) return tell("fill", "patrol_why", say("patrol_why"));
  const local = { name, building: [place.id, place.name], kind_label: patrol ? chosen.selectedOptions[0].textContent : "" };
  await sync.say("start", key, { enterprise, why_again, kind }, 0, local);
  dirty = false;
  return go(`#/visit/${key}`);
}

/* What the reasons for going ask of this visit. */
function questions(visit) {
  if (!visit.asked?.length) return null;
  return card(say("asked"), visit.asked.map((one) => h("div", {},
    h("strong", {}, one.label), h("ul", {}, one.questions.map((question) => h("li", {}, question))),
    h("div", { class: "lq-hint" }, `${say("done_when")}：${one.done_when}`))));
}

/* The last visits to the firm: what was said then, so that nobody is asked twice. */
function before(visit) {
  const earlier = visit.before ?? [];
  if (!earlier.length) return null;
  return card(say("last_visit"), earlier.map((one) => h("div", {},
    h("strong", {}, one.on), one.met ? ` · ${one.met}` : "", h("div", {}, one.summary),
    one.next_step ? h("div", { class: "lq-hint" }, `${say("last_next")}：${one.next_step}`) : null)));
}

/* Whom one met, what it was about, what comes next. What is typed is kept as a draft at once. */
async function talk(visit, forms) {
  const draft = (await store.get("meta", `draft:${visit.key}`)) ?? {};
  const seen = Math.min(draft.seen ?? visit.edition, visit.edition); // a draft was begun on the sheet of then
  const held = { ...visit.fields, ...draft.fields };
  const roles = h("datalist", { id: "roles" }, forms.met.map((role) => h("option", { value: role })));
  const form = h("form", { class: "lq-stack", novalidate: true },
    field("met", line("met", 60, held.met, { list: "roles" }), "met_hint"), roles,
    field("summary", lines("summary", 2000, held.summary, 4), "summary_hint"),
    field("next_step", line("next_step", 200, held.next_step)));
  const now = () => Object.fromEntries(FIELDS.map((name) => [name, form.elements[name].value.trim()]));
  const otherwise = () => Object.fromEntries(Object.entries(now()).filter(([name, text]) => text !== visit.fields[name]));
  let later = 0;
  form.addEventListener("input", () => {
    clearTimeout(later);
    later = setTimeout(() => store.write([["meta", `draft:${visit.key}`, { fields: otherwise(), seen }]]), 300);
  });
  const keep = async () => {
    clearTimeout(later);
    const said = otherwise();
    if (Object.keys(said).length) await sync.say("set", visit.key, said, seen);
    await store.write([["meta", `draft:${visit.key}`, undefined]]);
    dirty = false;
  };
  const end = (kind) => once(async () => {
    if (kind === "finish" && !now().summary) return tell("need_summary", "summary");
    if (kind !== "finish" && !confirm(say("sure", say(kind)))) return undefined;
    await keep();
    await sync.say(kind, visit.key, {}, visit.edition);
    return tell("kept");
  });
  const save = once(async () => {
    if (isDone(visit) && !now().summary) return tell("need_summary", "summary");
    await keep();
    return tell("kept");
  });
  form.addEventListener("submit", save);
  form.append(
    isOpen(visit)
      ? h("div", { class: "lq-stack" }, button("finish", end("finish"), "btn-primary"), button("save", save), h("div", { class: "hand-pair" }, button("miss", end("miss")), button("refuse", end("refuse"))))
      : button("save", save, "btn-primary"),
  );
  return card(say("summary"), form);
}

/* Two said different things of one field: both side by side, and what it is to be. */
function conflict(visit, clash) {
  const text = lines("settle", 2000, clash.value, 2);
  text.id = `clash-${clash.id}`;
  const who = [clash.by, clash.device].filter(Boolean).join(" · ");
  const settle = once(async () => {
    await sync.say("settle", visit.key, { conflict: clash.id, value: text.value.trim(), beside: clash.value }, visit.edition);
    dirty = false;
    return tell("kept");
  });
  return card(`${say("conflict")} · ${say(clash.field)}`,
    h("div", { class: "hand-pair" },
      h("p", {}, h("span", { class: "lq-hint" }, say("now_says")), h("br"), visit.fields[clash.field] || "—"),
      h("p", {}, h("span", { class: "lq-hint" }, say("says", who)), h("br"), clash.value || "—")),
    h("div", {}, h("label", { class: "form-label", for: text.id }, say("settle_as")), text),
    button("settle", settle, "btn-primary"));
}

function findings(visit, all) {
  const told = [
    ...visit.findings.map((one) => h("li", {}, h("span", { class: "hand-tag", "data-tone": "good" }, one.kind), one.text)),
    ...visit.added.map((one) => h("li", {}, h("span", { class: "hand-tag" }, `${say(one.body.kind)} · ${say("pending")}`), one.body.title ?? one.body.text ?? one.body.value)),
  ];
  const place = h("div", {});
  const kinds = h("div", { class: "hand-pair" }, KINDS.map((kind) => button(kind, () => {
    dirty = true;
    place.replaceChildren(finding(visit, kind, all.forms));
  })));
  return card(say("findings"), told.length ? h("ul", { class: "lq-stack list-unstyled" }, told) : null, h("p", {}, say("add")), kinds, place);
}

/* One thing found. A need or a problem is compared with what is open at the firm first. */
function finding(visit, kind, forms) {
  const parts = {
    fact: () => [
      field("fact_key", choose("key", forms.facts.map(([key, label]) => h("option", { value: key }, label)))),
      field("value", line("value", 500)), field("period", line("period", 10), "period_hint"),
    ],
    clue: () => [field("clue_text", lines("text", 500), "clue_hint")],
    need: () => [
      visit.cases.length ? compare(visit.cases) : null,
      field("title", line("title", 120)),
      field("category", choose("category", forms.categories.map(([group, ones]) => h("optgroup", { label: group }, ones.map(([id, name]) => h("option", { value: id }, name)))))),
      field("body", lines("body", 2000)),
    ],
  };
  const form = h("form", { class: "lq-stack", novalidate: true }, h("h2", {}, say(kind)), (parts[kind] ?? parts.need)());
  const missing = (name, label) => {
    if (form.elements[name].value.trim()) return false;
    tell("fill", "", say(label));
    form.elements[name].focus?.();
    return true;
  };
  form.addEventListener("submit", once(async () => {
    const said = Object.fromEntries(new FormData(form));
    const body = { kind };
    if (kind === "fact") {
      if (missing("key", "fact_key") || missing("value", "value")) return;
      Object.assign(body, { key: said.key, value: said.value.trim(), period: said.period.trim() });
    } else if (kind === "clue") {
      if (missing("text", "clue_text")) return;
      body.text = said.text.trim();
    } else {
      if (visit.cases.length && !said.join) return tell("fill", "", say("compare"));
      if (missing("title", "title")) return;
      body.title = said.title.trim();
      if (said.join && said.join !== "new") body.join = Number(said.join);
      else {
        if (missing("category", "category")) return;
        Object.assign(body, { category: Number(said.category), body: said.body.trim(), compared: visit.cases.map((one) => one.id) });
      }
    }
    await sync.say("finding", visit.key, body, visit.edition);
    dirty = false;
    return tell("kept");
  }));
  form.append(h("button", { type: "submit", class: "btn btn-primary" }, say("register_finding")));
  return form;
}

const compare = (cases) =>
  h("fieldset", {}, h("legend", {}, say("compare")),
    [...cases.map((one) => [one.id, say("same_case", `${one.number} ${one.title}`)]), ["new", say("is_new")]].map(([value, text]) =>
      h("label", { class: "hand-choice" }, h("input", { type: "radio", name: "join", value }), text)));

/* What the server answered to something that did not simply take effect. */
function outcome(one, all) {
  const { operation: said, result } = one;
  const visit = all.visits.find((each) => each.key === all.number(said.visit));
  const close = () => store.write([["told", one.id, undefined]]).then(() => show());
  const again = (more) => once(async () => {
    await sync.say("finding", said.visit, { ...said.body, ...more }, said.seen);
    return close();
  });
  const words = said.body.title ?? said.body.text ?? said.body.value ?? said.body.note ?? FIELDS.map((name) => said.body[name]).filter(Boolean).join("；");
  const cases = result.cases ?? [];
  return card(visit?.name ?? said.local?.name ?? "",
    note(one.reason, "warn"), words ? h("p", {}, words) : null,
    cases.map((found) => h("button", { type: "button", class: "btn", onclick: again({ join: found.id }) }, say("same_case", `${found.number} ${found.title}`))),
    cases.length ? button("is_new", again({ compared: [...(said.body.compared ?? []), ...cases.map((found) => found.id)] })) : null,
    visit ? h("a", { class: "btn", href: `#/visit/${visit.key}`, onclick: result.conflicts ? close : () => {} }, say("open")) : null,
    cases.length ? null : button("understood", close));
}

/* --- registering and forgetting ------------------------------------------------------------------------------------ */
async function welcome() {
  if (!navigator.onLine) return [h("h1", {}, say("welcome")), note(say("need_net"), "warn")];
  const asked = await fetch(WORDS.register, { cache: "no-store" }).catch(() => null);
  if (!asked) return [h("h1", {}, say("welcome")), note(say("need_net"), "warn")];
  if (asked.redirected || !asked.ok) {
    return [h("h1", {}, say("sign_in")), h("p", {}, say("sign_in_text")), h("a", { class: "btn btn-primary", href: WORDS.login }, say("sign_in"))];
  }
  const { who } = await asked.json();
  const name = line("device_name", 60);
  const form = h("form", { class: "lq-stack", novalidate: true }, field("device_name", name, "device_example"), h("button", { type: "submit", class: "btn btn-primary" }, say("register")), h("p", { class: "lq-hint" }, say("as", who)));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await fetch(WORDS.register, { method: "POST", headers: { "X-CSRFToken": document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "" }, body: new URLSearchParams({ name: name.value }) });
    const told = await answer.json();
    if (!answer.ok) return tell("", "", told.title);
    await store.forget();
    await store.write([["meta", "token", told.token], ["meta", "whose", `${who} · ${told.name}`]]);
    dirty = false;
    sync.soon();
    return show();
  });
  return [h("h1", {}, say("welcome")), h("p", {}, say("welcome_text")), card("", form)];
}

async function forget(all) {
  if (!confirm(say("forget_sure", all.queue.length))) return;
  await store.forget();
  go("#/");
  show();
}

/* --- the camera ---------------------------------------------------------------------------------------------------- */
async function scanWith(video) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  let on = true;
  stopScan = () => {
    on = false;
    stream.getTracks().forEach((track) => track.stop());
    stopScan = () => {};
  };
  video.srcObject = stream;
  await video.play();
  while (on) {
    const [found] = await detector.detect(video).catch(() => []);
    const building = found && buildingIn(found.rawValue);
    if (building) return go(`#/here/${building}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return undefined;
}

/* The building a label means; null when it is not one of ours. */
function buildingIn(text) {
  try {
    const address = new URL(text);
    const asked = address.searchParams.get("b");
    return address.origin === location.origin && address.pathname === WORDS.here && /^\d+$/.test(asked) ? asked : null;
  } catch {
    return null;
  }
}

/* What the cards of pictures and places are made with. */
const TOOLS = {
  h, say, card, button, field, line, note, days: WORDS.days, agreed: WORDS.agreed,
  tell: (name) => tell(name), touched: () => (dirty = true), untouched: () => (dirty = false),
};

/* --- showing -------------------------------------------------------------------------------------------------------- */
const day = (date) => `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;

/* Whether somebody is in the middle of a form: then nothing is drawn anew under their hands. */
const busy = () => dirty || (main.contains(document.activeElement) && document.activeElement.matches("input, textarea, select"));

function go(address) {
  dirty = false;
  if (location.hash === address) show();
  else location.hash = address;
}

/* Says something, and shows the page anew unless somebody is in the middle of a form. */
function tell(name, at = "", value = "") {
  notice = name ? say(name, value) : value;
  if (at) document.getElementById(`f-${at}`)?.focus();
  return dirty ? status() : show();
}

async function status() {
  const [queue, heard, broken, unreadable] = await Promise.all([store.all("queue"), store.get("meta", "heard"), store.get("meta", "broken"), store.get("meta", "unreadable")]);
  const on = navigator.onLine && reached;
  if (!queue.length && notice === say("kept")) notice = "";
  bar.dataset.net = on ? "on" : "off";
  const last = heard ? say("last", new Date(heard).toLocaleString(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" })) : say("never");
  const told = h("div", {},
    h("strong", {}, say(on ? "online" : "offline")),
    h("span", { id: "waiting" }, queue.length ? say("waiting", queue.length) : say("all_sent")),
    h("span", {}, last),
    notice && h("p", { id: "notice" }, notice),
    broken && h("p", {}, say("broken")),
    unreadable && h("p", {}, say("unreadable")));
  bar.replaceChildren(told, h("button", { type: "button", class: "btn", onclick: () => sync.soon() }, say("send")));
}

let turn = 0, typed = 0, drawn = null;
async function show() {
  const mine = ++turn, before = typed;
  stopScan();
  if (!window.isSecureContext || !navigator.serviceWorker) return main.replaceChildren(note(say("needs_https"), "bad"));
  if (await sync.expire()) notice = say("expired");
  const token = await store.get("meta", "token");
  const [, page = "", key = ""] = location.hash.match(/^#\/(\w*)\/?([\w-]*)$/) ?? [];
  const made = token ? await (PAGES[page] ?? PAGES[""])(await known(), key) : await welcome();
  if (mine !== turn) return undefined; // somebody went on meanwhile
  if (typed !== before && drawn === location.hash) return status(); // somebody began to type meanwhile: it stays under their hands
  drawn = location.hash;
  dirty = false;
  main.replaceChildren(...made.flat(Infinity).filter(Boolean));
  bar.hidden = !token && !notice;
  return status();
}

main.addEventListener("input", () => {
  dirty = true;
  typed += 1;
});
addEventListener("hashchange", () => {
  dirty = false;
  if (notice !== say("no_camera")) notice = "";
  show();
  scrollTo(0, 0);
});
addEventListener("offline", status);
const asked = new URLSearchParams(location.search).get("b");
if (/^\d+$/.test(asked ?? "")) history.replaceState(null, "", `${WORDS.here}#/here/${asked}`);
if (navigator.serviceWorker && window.isSecureContext) {
  navigator.serviceWorker.register(WORDS.worker, { scope: WORDS.here });
  navigator.storage?.persist?.();
  sync.begin(WORDS, (net, what) => {
    reached = net;
    if (what) notice = say(what);
    if (what || (net && !busy() && location.hash !== "#/scan" && !/^#\/here/.test(location.hash))) show();
    else status();
  });
}
show();

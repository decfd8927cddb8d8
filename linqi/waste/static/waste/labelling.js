/* The labelling queue: what a key says is sent at once, the next picture stands ready. Without this the form works picture by picture. */

const queue = document.getElementById("label-queue");
const words = queue && JSON.parse(document.getElementById(queue.dataset.words).textContent);
const token = () => document.querySelector('meta[name="csrf-token"]').content;
const part = (name) => document.getElementById(`label-${name}`);

let coming = queue ? [words.first] : []; // pictures to label; the first is shown, also before the others are given to us
let asking = 0; // how often more were asked for and not answered yet
let past = []; // labelled, the last can be taken back
let number = 0;
let line = Promise.resolve(); // what is sent goes out one after the other; nobody waits for it
const toldOf = new Set(); // labelled here, whether it has arrived or not
const ready = new Map(); // images held so that the next one shows at once

async function send(url, data = {}) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "X-CSRFToken": token(), Accept: "application/json", "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(data),
    credentials: "same-origin",
  });
  const told = await answer.json().catch(() => ({}));
  if (answer.status === 409) return { refused: told.refused };
  if (!answer.ok) throw new Error(String(answer.status));
  return told;
}

function tell(told) {
  if (told.waiting !== undefined) part("waiting").textContent = told.waiting;
  if (told.done !== undefined) part("done").textContent = told.done;
}

function say(text, bad = false) {
  part("said").textContent = text;
  part("said").classList.toggle("lq-badge", bad);
  part("said").classList.toggle("lq-bad", bad);
}

function hold() {
  for (const one of coming.slice(0, 4)) {
    if (ready.has(one.pk)) continue;
    const image = new Image();
    image.src = one.url;
    ready.set(one.pk, image);
  }
}

function show() {
  const first = coming[0];
  if (!first && asking) return; // the last of ours stays in sight until the next are here
  queue.hidden = !first;
  part("empty").hidden = Boolean(first);
  part("undo").disabled = past.length === 0;
  if (!first) return;
  part("form").action = first.label;
  const before = part("picture");
  const image = ready.get(first.pk) ?? Object.assign(new Image(), { src: first.url });
  image.id = "label-picture";
  image.alt = words.said.picture.replace("%s", String(number + 1));
  if (before !== image) before.replaceWith(image);
  hold();
}

async function fetchMore() {
  asking += 1;
  const told = await send(words.next).finally(() => { asking -= 1; });
  const held = new Set(coming.map((one) => one.pk));
  coming.push(...told.pictures.filter((one) => !held.has(one.pk) && !toldOf.has(one.pk)));
  tell(told);
  show();
}

/** Send in turn; what fails is said, and undone by `failed`. */
function later(act, failed = () => {}) {
  line = line.then(act).catch((error) => {
    failed();
    say(error instanceof TypeError ? words.said.offline : words.said.failed, true);
  });
}

function again(one) {
  toldOf.delete(one.pk);
  past = past.filter((other) => other !== one);
  if (!coming.includes(one)) coming.unshift(one);
  number -= 1;
  show();
}

function labelled(button) {
  const one = coming.shift();
  if (!one) return;
  number += 1;
  toldOf.add(one.pk);
  past.push(one);
  say(`${words.said.labelled} ${button.querySelector("span").firstChild.textContent.trim()}`);
  show();
  later(async () => {
    const told = await send(one.label, { label: button.value });
    if (told.refused) {
      past = past.filter((other) => other !== one);
      say(told.refused, true);
      show();
    }
    tell(told);
  }, () => again(one));
  if (coming.length < 4) later(fetchMore);
}

function undo() {
  const one = past.at(-1);
  if (!one) return;
  say(words.said.undone);
  again(one);
  later(async () => {
    const told = await send(one.undo);
    if (told.refused) say(told.refused, true);
    tell(told);
  });
}

if (queue) {
  part("form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (event.submitter?.name === "label") labelled(event.submitter);
  });
  part("undo").addEventListener("click", undo);
  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.metaKey || event.ctrlKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]")) return;
    if (event.key === "u") { event.preventDefault(); undo(); return; }
    const button = part("form").querySelector(`button[data-key="${CSS.escape(event.key)}"]`);
    if (button) { event.preventDefault(); labelled(button); }
  });
  later(fetchMore);
}

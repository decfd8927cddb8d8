/* What may be kept with a visit beside its words: pictures, and where a patrol was. Both of one's own will, both to be taken back. */

import * as store from "./hand_store.js";
import * as sync from "./hand_sync.js";

const TRIES = [[1600, 0.8], [1280, 0.7], [960, 0.6]]; // longer side in pixels, quality
const MOST_BYTES = 900000, MOST = 6; // as the server takes them

/* A picture drawn anew, so nothing of where and when is in it: base64 of a JPEG, or null when it cannot be read. */
async function shrunk(file) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => null);
  if (!picture) return null;
  const canvas = document.createElement("canvas");
  for (const [side, quality] of TRIES) {
    const scale = Math.min(1, side / Math.max(picture.width, picture.height));
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
    if (blob && blob.size <= MOST_BYTES) return inText(blob);
  }
  return null;
}

function inText(blob) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = failed;
    reader.readAsDataURL(blob);
  });
}

/* The pictures of a visit: those sent, those that wait, and one more if one likes. `page`: how hand.js makes and says things. */
export async function photos(visit, page) {
  const { h, say, card, button, field, line, note } = page;
  const sent = (visit.photos ?? []).filter((one) => !visit.withdrawn.has(one.id));
  const waiting = await Promise.all(visit.pictures.map(async (one) => ({ ...one, kept: await store.get("pictures", one.id) })));
  const listed = [
    ...sent.map((one) => h("li", {}, h("span", {}, one.note || say("photo_of", one.on)), h("span", { class: "lq-hint" }, say("until", one.until)),
      one.mine && button("take_back", () => done(page, () => sync.say("withdraw", visit.key, { photo: one.id }, visit.edition))))),
    ...waiting.map((one) => h("li", {}, one.kept?.data && h("img", { src: `data:image/jpeg;base64,${one.kept.data}`, alt: one.body.note || say("photo") }),
      h("span", {}, one.body.note || say("photo")), h("span", { class: "hand-tag" }, say("pending")))),
  ];
  const place = h("div", { class: "lq-stack" });
  const pick = h("input", { type: "file", accept: "image/*", capture: "environment", class: "form-control" });
  pick.addEventListener("change", async () => {
    const file = pick.files[0];
    if (!file) return;
    page.touched();
    const data = await shrunk(file);
    if (!data) return place.replaceChildren(note(say("photo_bad"), "warn"));
    const text = line("photo_note", 100);
    const keep = () => done(page, () => sync.say("photo", visit.key, { note: text.value.trim() }, visit.edition, {}, { data }));
    place.replaceChildren(h("img", { src: `data:image/jpeg;base64,${data}`, alt: say("photo") }), field("photo_note", text),
      h("div", { class: "hand-pair" }, button("photo_keep", keep, "btn-primary"), button("photo_drop", () => { pick.value = ""; place.replaceChildren(); })));
  });
  const full = sent.length + waiting.length >= MOST;
  return card(say("photos"), h("p", { class: "lq-hint" }, say("photos_hint", page.days.photo)),
    listed.length ? h("ul", { class: "hand-photos" }, listed) : null,
    full ? note(say("photos_full", MOST)) : field("photo_pick", pick), place);
}

/* Where a patrol was: why it may be said, that it need not, and once. Nothing for any other visit. */
export function place(visit, page) {
  const { h, say, card, button, note } = page;
  if (!["security", "emergency"].includes(visit.kind)) return null;
  if (visit.placed) return card(say("place"), h("p", {}, say("place_kept"), " ", h("span", { class: "hand-tag" }, say("pending"))));
  if (visit.place_kept && !visit.unplaced) {
    return card(say("place"), h("p", {}, say("place_kept"), " ", h("span", { class: "lq-hint" }, say("until", visit.place_kept.until))),
      visit.place_kept.mine && button("take_back", () => done(page, () => sync.say("withdraw", visit.key, { place: true }, visit.edition))));
  }
  const told = h("div", {});
  const agree = () => {
    told.replaceChildren(note(say("place_asking")));
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => done(page, () => sync.say("place", visit.key, { lat: coords.latitude, lon: coords.longitude, within: Math.min(5000, Math.round(coords.accuracy)), agreed: page.agreed }, visit.edition)),
      () => told.replaceChildren(note(say("place_none"), "warn")),
      { maximumAge: 0, timeout: 20000 },
    );
  };
  return card(say("place"), h("p", {}, say("place_why", page.days.place)), button("place_agree", agree), h("p", { class: "lq-hint" }, say("place_need_not")), told);
}

async function done(page, act) {
  await act();
  page.untouched();
  page.tell("kept");
}

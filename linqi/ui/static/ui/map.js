/* A map of our own outlines and points, without tiles; the list beside it says the same and works by keyboard. */

const TONES = { good: "#2f8f5b", warn: "#c98a1b", bad: "#c0392b", info: "#2f5d8a", quiet: "#9aa5b1", plain: "#0e7c7b" };
const CELL = 46; // pixels within which points are drawn as one
let library;

function load(url, css) {
  library ??= new Promise((done, fail) => {
    const sheet = document.createElement("link");
    sheet.rel = "stylesheet";
    sheet.href = css;
    const script = document.createElement("script");
    script.src = url;
    script.onerror = fail;
    script.onload = () => done(window.L);
    sheet.onload = () => document.head.append(script);
    sheet.onerror = fail;
    document.head.append(sheet);
  });
  return library;
}

function label(item) {
  const box = document.createElement("div");
  const name = document.createElement("strong");
  name.textContent = item.name;
  box.append(name);
  if (item.text) {
    const text = document.createElement("div");
    text.textContent = item.text;
    box.append(text);
  }
  return box;
}

function follow(layer, item) {
  layer.bindTooltip(label(item), { sticky: true });
  if (item.url) layer.on("click", () => location.assign(item.url));
}

/** Points that would overlap at this zoom, gathered on a grid of pixels. */
function gathered(map, spots) {
  const cells = new Map();
  spots.forEach((spot, at) => {
    const point = map.project(spot.at, map.getZoom());
    const key = `${Math.floor(point.x / CELL)}:${Math.floor(point.y / CELL)}`;
    if (!cells.has(key)) cells.set(key, []);
    cells.get(key).push({ ...spot, index: at });
  });
  return [...cells.values()];
}

function points(L, map, layer, spots, byKey) {
  layer.clearLayers();
  for (const cell of gathered(map, spots)) {
    const total = cell.reduce((sum, spot) => sum + spot.count, 0);
    const at = [cell.reduce((sum, s) => sum + s.at[0], 0) / cell.length, cell.reduce((sum, s) => sum + s.at[1], 0) / cell.length];
    const tone = cell.every((spot) => spot.tone === cell[0].tone) ? cell[0].tone : "plain";
    const size = total === 1 ? 14 : Math.min(46, 20 + 3 * Math.round(Math.log2(total)));
    const number = document.createElement("span");
    number.textContent = total === 1 ? "" : total > 9999 ? "9999+" : String(total);
    const icon = L.divIcon({ html: number, className: `lq-spot lq-${tone}`, iconSize: [size, size] });
    const mark = L.marker(at, { icon, keyboard: false, alt: "" }).addTo(layer);
    if (cell.length === 1) follow(mark, cell[0]);
    else {
      mark.bindTooltip(label({ name: String(total), text: cell.slice(0, 8).map((spot) => spot.name).join("、") }));
      mark.on("click", () => map.fitBounds(cell.map((spot) => spot.at), { padding: [40, 40], maxZoom: map.getZoom() + 3 }));
    }
    cell.forEach((spot) => { byKey[`spot-${spot.index}`] = { mark }; });
  }
}

export async function draw(boxes, url, css) {
  const L = await load(url, css);
  for (const box of boxes) {
    const data = JSON.parse(document.getElementById(box.dataset.mapFrom).textContent);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const map = L.map(box, { attributionControl: false, zoomSnap: 0.25, scrollWheelZoom: false, zoomAnimation: !still, fadeAnimation: !still, maxZoom: 20 });
    const byKey = {};
    const outlines = L.featureGroup().addTo(map);
    data.shapes.forEach((shape, at) => {
      const colour = TONES[shape.tone] ?? TONES.plain;
      const layer = L.geoJSON(shape.geometry, { style: { color: colour, weight: 1.5, fillColor: colour, fillOpacity: 0.22 } });
      follow(layer, shape);
      outlines.addLayer(layer);
      byKey[`shape-${at}`] = { layer };
    });
    const spotLayer = L.featureGroup();
    const bounds = outlines.getBounds();
    data.spots.forEach((spot) => bounds.extend(spot.at));
    if (bounds.isValid()) map.fitBounds(bounds, { padding: [18, 18] });
    else map.setView([30.29, 120.0], 12);
    spotLayer.addTo(map);
    points(L, map, spotLayer, data.spots, byKey);
    map.on("zoomend", () => points(L, map, spotLayer, data.spots, byKey));
    listBeside(box, map, byKey);
  }
}

function listBeside(box, map, byKey) {
  const light = (key, on) => {
    const found = byKey[key];
    found?.layer?.setStyle({ weight: on ? 4 : 1.5, fillOpacity: on ? 0.45 : 0.22 });
    found?.mark?.getElement()?.classList.toggle("lq-lit", on);
  };
  box.parentElement.querySelectorAll("[data-map-item]").forEach((item) => {
    const key = item.dataset.mapItem;
    for (const kind of ["mouseenter", "focusin"]) item.addEventListener(kind, () => light(key, true));
    for (const kind of ["mouseleave", "focusout"]) item.addEventListener(kind, () => light(key, false));
  });
}

/* The list of bins comes anew each half minute, but not while somebody is at work in it or looks elsewhere. */

const PACE = 30_000; // milliseconds; a chip tells how full it is each quarter of an hour
const LIST = "#list-waste_live";

setInterval(() => {
  const list = document.querySelector(LIST);
  const busy = list?.contains(document.activeElement) || document.querySelector(`${LIST} details[open], dialog[open]`);
  if (!list || busy || document.visibilityState !== "visible") return;
  window.htmx?.ajax("GET", location.href, { target: `${LIST} > .card`, select: `${LIST} > .card`, swap: "outerHTML" });
}, PACE);

/* Stops of a week plan taken by the mouse and put into other hours; the same form that the buttons post. */

document.addEventListener("dragstart", (event) => {
  const stop = event.target.closest?.("[data-stop]");
  if (stop) event.dataTransfer.setData("text/x-stop", stop.dataset.url);
});

document.addEventListener("dragover", (event) => {
  if (event.dataTransfer.types.includes("text/x-stop") && event.target.closest("[data-shift]")) event.preventDefault();
});

document.addEventListener("drop", (event) => {
  const hours = event.target.closest("[data-shift]");
  const url = event.dataTransfer.getData("text/x-stop");
  if (!hours || !url) return;
  event.preventDefault();
  const others = [...hours.querySelectorAll("[data-stop]")].filter((one) => one.dataset.url !== url);
  const before = others.findIndex((one) => event.clientY < one.getBoundingClientRect().top + one.offsetHeight / 2);
  const form = document.createElement("form");
  form.method = "post";
  form.action = url;
  const said = {
    csrfmiddlewaretoken: document.querySelector('meta[name="csrf-token"]')?.content ?? "",
    shift: hours.dataset.shift,
    at: before < 0 ? others.length : before,
  };
  for (const [name, value] of Object.entries(said)) {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = name;
    field.value = value;
    form.append(field);
  }
  document.body.append(form);
  form.submit();
});

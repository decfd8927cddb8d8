// Looking at clues by keyboard: 1 it is so, 2 it is not, Ctrl+Enter keeps it and goes on.
document.addEventListener("keydown", (event) => {
  const form = document.querySelector("form[data-look]");
  if (!form || event.isComposing) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.querySelector("button[name=next]").click();
    return;
  }
  const writing = event.target.closest("input[type=text], textarea, select, [contenteditable]");
  if (writing || event.ctrlKey || event.metaKey || event.altKey) return;
  const value = { 1: "1", 2: "0" }[event.key];
  if (value === undefined) return;
  form.querySelector(`input[name=confirmed][value="${value}"]`).checked = true;
  if (value === "0") {
    event.preventDefault();
    form.querySelector("[name=reason]").focus();
  }
});

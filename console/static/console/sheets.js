// A small form that opens is brought into the window, and its first field is where writing begins.

document.addEventListener("toggle", ({ target }) => {
  const sheet = target.open && target.matches(".o-menu") && target.querySelector(".o-sheet");
  if (!sheet) return;
  sheet.scrollIntoView({ block: "nearest" });
  const field = sheet.querySelector("input:not([type=hidden]), select, textarea");
  if (!sheet.contains(document.activeElement)) field?.focus({ preventScroll: true });
}, true);

// The review queue by keyboard: a key opens the form of an answer, the last reason is offered again, Enter takes it.
// Whoever has no use for keys turns them off in this browser.

const OFF = "onym.review.keys.off";
const menus = [...document.querySelectorAll(".o-menu")];
const wanted = document.querySelector("[data-keys]");
// Where nothing tells of keys, on phones, there are none.
const untold = matchMedia("(hover: none)");
const isOff = () => untold.matches || localStorage.getItem(OFF) === "1";

// What screen readers are told of keys, while there are any.
const told = [...document.querySelectorAll("[aria-keyshortcuts]")].map((one) => [one, one.getAttribute("aria-keyshortcuts")]);

const show = () => {
  for (const [one, key] of told) isOff() ? one.removeAttribute("aria-keyshortcuts") : one.setAttribute("aria-keyshortcuts", key);
  document.body.classList.toggle("o-no-keys", isOff());
  wanted.textContent = isOff() ? "Turn keys on" : "Turn keys off";
};

// The event that tells of an open form comes a moment after it: by then somebody may have begun to write.
const begin = (menu) => {
  const field = menu.querySelector("input[name=reason]");
  if (!menu.open || field === document.activeElement) return;
  field.focus();
  field.select();
};

for (const menu of menus) menu.addEventListener("toggle", () => begin(menu));

const close = () => {
  for (const menu of menus.filter((one) => one.open)) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
};

addEventListener("keydown", (event) => {
  if (event.key === "Escape") return close();
  // Held down, it would send the same answer again and again.
  if (event.key === "Enter" && event.repeat && event.target.closest(".o-menu")) return event.preventDefault();
  const typing = event.target.closest("input, select, textarea, [contenteditable]");
  if (isOff() || typing || event.repeat || event.altKey || event.ctrlKey || event.metaKey) return;
  const chosen = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  const leads = chosen?.matches("a");
  // With Shift an arrow selects text, and whoever leaves an open form loses what was written there.
  if (!chosen || (leads && (event.shiftKey || menus.some((one) => one.open)))) return;
  event.preventDefault();
  if (leads) return chosen.click();
  for (const menu of menus) menu.open = menu === chosen;
  begin(chosen);
});

wanted.addEventListener("click", () => {
  localStorage.setItem(OFF, isOff() ? "0" : "1");
  show();
});
show();

// While work is under way: asks now and then how far each piece of it is, moves its bar, and shows what came of it.
// A page on which somebody has begun to write, or has opened a panel, is left as it is.

let written = false;
addEventListener("input", () => (written = true));

const inUse = () => written || document.querySelector(".o-menu[open]");

const look = async (stand) => {
  const answer = await fetch(stand.dataset.progress, { credentials: "same-origin" });
  if (!answer.ok) return;
  const { state, percent, rows } = await answer.json();
  const count = stand.querySelector("[data-count]");
  if (state !== stand.dataset.state && !inUse()) return location.reload();
  if (state !== stand.dataset.state) return (count.textContent = "Reload this page to see what came of it.");
  const told = rows ? `, ${rows.toLocaleString("en")} ${stand.dataset.unit || "rows"}` : "";
  stand.querySelector(".o-bar i").style.width = `${percent}%`;
  count.textContent = `${Math.floor(percent)}%${told}`;
};

for (const stand of document.querySelectorAll("[data-progress]")) setInterval(look, 1000, stand);

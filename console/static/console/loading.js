// While work is under way: asks now and then how far it is, moves the bar, and shows what came of it.

const stand = document.querySelector("[data-progress]");
const bar = stand.querySelector(".o-bar i");
const count = stand.querySelector("[data-count]");

const look = async () => {
  const answer = await fetch(stand.dataset.progress, { credentials: "same-origin" });
  if (!answer.ok) return;
  const { state, percent, rows } = await answer.json();
  if (state !== stand.dataset.state) return location.reload();
  bar.style.width = `${percent}%`;
  count.textContent = `${Math.floor(percent)}%` + (rows ? `, ${rows.toLocaleString("en")} ${stand.dataset.unit || "rows"}` : "");
};

setInterval(look, 1000);

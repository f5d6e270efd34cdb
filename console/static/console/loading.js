// While work is under way: asks now and then how far each piece of it is, moves its bar, and shows what came of it.

const look = async (stand) => {
  const answer = await fetch(stand.dataset.progress, { credentials: "same-origin" });
  if (!answer.ok) return;
  const { state, percent, rows } = await answer.json();
  if (state !== stand.dataset.state) return location.reload();
  const told = rows ? `, ${rows.toLocaleString("en")} ${stand.dataset.unit || "rows"}` : "";
  stand.querySelector(".o-bar i").style.width = `${percent}%`;
  stand.querySelector("[data-count]").textContent = `${Math.floor(percent)}%${told}`;
};

for (const stand of document.querySelectorAll("[data-progress]")) setInterval(look, 1000, stand);

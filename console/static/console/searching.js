// While everything is searched for an erased person: asks now and then whether it still is, and shows what was found.
// A panel in which somebody writes is left alone.

const note = document.querySelector("[data-searching]");

const look = async () => {
  const answer = await fetch(note.dataset.searching, { credentials: "same-origin" });
  const searching = !answer.ok || (await answer.json()).searching;
  if (!searching && !document.querySelector(".o-menu[open]")) location.reload();
};

setInterval(look, 3000);

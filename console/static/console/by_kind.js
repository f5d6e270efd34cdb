// The form of a new source: what is usual for its kind is chosen with the kind, until somebody chooses otherwise.

const usual = JSON.parse(document.getElementById("by-kind").textContent);
const kind = document.querySelector("select[name=kind]");
const chosen = new Set();

for (const name of ["format", "stable_key"]) {
  const field = kind.form.elements[name];
  field.addEventListener("change", () => chosen.add(name));
  kind.addEventListener("change", () => {
    if (!chosen.has(name)) field.value = usual[kind.value][name];
  });
}

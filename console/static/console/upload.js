// A file is chosen or dropped, and sent as it is; the bar says how much has arrived. Then its own page opens.

const zone = document.querySelector("[data-upload]");
const input = zone.querySelector("input[type=file]");
const bar = zone.querySelector(".o-bar");
const words = zone.querySelector("[data-words]");
const token = document.querySelector("input[name=csrfmiddlewaretoken]").value;

// The theme writes the chosen file's name into a text field beside it; there is none here.
input.hasChangeListener = true;

const say = (text, wrong) => {
  words.textContent = text;
  zone.classList.toggle("o-wrong", Boolean(wrong));
};

const send = (file) => {
  const request = new XMLHttpRequest();
  const encoding = zone.querySelector("select").value;
  request.open("POST", zone.dataset.upload + (encoding ? `?encoding=${encodeURIComponent(encoding)}` : ""));
  request.setRequestHeader("X-CSRFToken", token);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.responseType = "json";
  bar.hidden = false;
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    bar.firstElementChild.style.width = `${(100 * loaded) / total}%`;
    say(loaded < total ? `Sending: ${Math.floor((100 * loaded) / total)}%` : "Sent; being sealed …");
  });
  const failed = () => {
    bar.hidden = true;
    say(request.response?.fault || "It could not be sent. Try again.", true);
  };
  request.addEventListener("load", () => (request.status === 202 ? location.assign(request.response.page) : failed()));
  request.addEventListener("error", failed);
  request.send(file);
};

const take = (files) => {
  input.value = "";
  if (files.length > 1) say("One file at a time.", true);
  else if (files.length && files[0].size === 0) say("This file is empty.", true);
  else if (files.length) send(files[0]);
};

for (const over of ["dragenter", "dragover"])
  zone.addEventListener(over, (event) => {
    event.preventDefault();
    zone.classList.add("o-over");
  });
for (const out of ["dragleave", "drop"]) zone.addEventListener(out, () => zone.classList.remove("o-over"));
zone.addEventListener("drop", (event) => {
  event.preventDefault();
  take([...event.dataTransfer.files]);
});
input.addEventListener("change", () => take([...input.files]));

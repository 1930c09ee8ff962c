"use strict";
const player = document.querySelector("audio");
const places = [...document.querySelectorAll("[data-start]")];
for (const place of places) {
  place.addEventListener("click", () => {
    player.currentTime = Number(place.dataset.start);
    player.play();
  });
}
player?.addEventListener("timeupdate", () => {
  const now = player.currentTime;
  for (const place of places) {
    place.classList.toggle("now", Number(place.dataset.start) <= now && now < Number(place.dataset.end));
  }
});

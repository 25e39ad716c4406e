// Leads to the lock when nobody was there for long enough, so that nothing stays on the screen. Typing counts as being
// there. The server locks by itself; this only clears the screen in time.
"use strict";

let told = Date.now();
document.addEventListener("input", () => {
  if (Date.now() - told < 60000) return;
  told = Date.now();
  fetch("/sign-in/here", { method: "POST" });
});

async function look() {
  let seconds = 60;
  try {
    const answer = await fetch("/sign-in/left");
    if (answer.ok) {
      ({ left: seconds } = await answer.json());
      if (seconds <= 0) return location.assign("/lock?back=" + encodeURIComponent(location.pathname + location.search));
    }
  } catch { /* out of reach for a moment: look again */ }
  setTimeout(look, Math.min(seconds, 60) * 1000);
}
look();

// A page that the browser kept for its back button may be of a session that has locked or ended since.
window.addEventListener("pageshow", (shown) => {
  if (shown.persisted) location.reload();
});

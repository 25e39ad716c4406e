// What makes pages smoother. Nothing here is needed for any act.
"use strict";

// Two presses of Escape within a second leave a page that offers to be left quickly.
let escape = 0;
document.addEventListener("keydown", (press) => {
  if (press.key !== "Escape") return;
  const exit = document.querySelector("form[data-quick-exit]");
  if (exit && press.timeStamp - escape < 1000) exit.requestSubmit();
  escape = press.timeStamp;
});

// Leaving clears the screen before anything is asked of the server, and takes this page out of the browser's history.
document.addEventListener("submit", (submit) => {
  const exit = submit.target.closest("form[data-quick-exit]");
  if (!exit) return;
  submit.preventDefault();
  document.title = "\u2003";
  document.body.replaceChildren();
  const away = exit.getAttribute("action");
  fetch(away, { method: "POST", keepalive: true }).finally(() => location.replace(away));
});

// What changes by itself waits while somebody types in the part that it would change.
document.addEventListener("htmx:sse:before:message", (message) => {
  const at = document.activeElement;
  if (at !== message.target && message.target.contains(at) && at.matches("textarea, select, input:not([type=hidden])") && !message.detail.message.event) message.detail.cancelled = true;
});

// A slider or a choice that has a button beside it presses that button itself.
document.addEventListener("change", (change) => {
  const form = change.target.closest("form[data-send-on-change]");
  if (form) form.requestSubmit();
});

// Printing is asked for by a button that is hidden where there are no scripts.
document.addEventListener("click", (click) => {
  if (click.target.closest("[data-print]")) window.print();
});
document.documentElement.classList.add("scripted");

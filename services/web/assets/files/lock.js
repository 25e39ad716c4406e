// Leads to the lock when nobody was there for long enough, so that nothing stays on the screen. Typing counts as being
// there. The server locks by itself; this only clears the screen in time, and hands over what was typed and not sent, so
// that the person who unlocks gets it back.
"use strict";

let told = Date.now();
let typed = null; // the form in which something was typed last

// A form that sends itself while somebody types is a draft already; what signs in is kept nowhere.
const worth = (form) => form?.method === "post" && form.closest("main") && !form.matches("[data-hx-post]") && !form.querySelector("[type=password]");
const target = (form) => {
  const { pathname, search } = new URL(form.getAttribute("action"), location);
  return pathname + search;
};

document.addEventListener("input", (input) => {
  if (worth(input.target.form)) typed = input.target.form;
  if (Date.now() - told < 60000) return;
  told = Date.now();
  fetch("/sign-in/here", { method: "POST" });
});

// Puts what was typed into the form that locks.
function handOver(lock) {
  if (!typed?.isConnected) return;
  const add = (name, value) => lock.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  add("unsent-to", target(typed));
  for (const [name, value] of new FormData(typed)) if (typeof value === "string") add("unsent." + name, value);
}

document.addEventListener("submit", (submit) => {
  if (submit.target.getAttribute("action") === "/lock") handOver(submit.target);
});

function leave() {
  const back = location.pathname + location.search;
  if (!typed?.isConnected) return location.assign("/lock?back=" + encodeURIComponent(back));
  const lock = Object.assign(document.createElement("form"), { method: "post", hidden: true });
  lock.setAttribute("action", "/lock");
  lock.append(Object.assign(document.createElement("input"), { type: "hidden", name: "back", value: back }));
  handOver(lock);
  document.body.append(lock);
  lock.submit();
}

// Fills a form with what it held. Hidden fields stay as the page has them now.
function fill(form, fields) {
  for (const field of form.elements) {
    const given = fields[field.name];
    if (field.type === "radio" || field.type === "checkbox") field.checked = Boolean(given?.includes(field.value));
    else if (field.type === "select-multiple") for (const option of field.options) option.selected = Boolean(given?.includes(option.value));
    else if (given?.length && !["hidden", "submit", "button", "reset"].includes(field.type)) field.value = given.shift();
    else continue;
    for (let around = field.closest("details"); around && given; around = around.parentElement.closest("details")) around.open = true;
  }
}

// Brings back what was not sent, if its form stands on this page: the server gives it once.
async function bringBack(to) {
  const form = [...document.querySelectorAll("main form")].find((one) => worth(one) && target(one) === to);
  if (!form) return;
  const answer = await fetch("/sign-in/unsent/back", { method: "POST" });
  if (!answer.ok) return;
  const { fields, says } = await answer.json();
  fill(form, fields);
  typed = form;
  const notice = Object.assign(document.createElement("div"), { className: "ds-alert" });
  notice.dataset.color = "info";
  notice.setAttribute("role", "status");
  const text = notice.appendChild(document.createElement("p"));
  form.prepend(notice);
  setTimeout(() => { text.textContent = says; }, 100); // a change is read out, what was there is not
}

async function look(first) {
  let seconds = 60;
  try {
    const answer = await fetch("/sign-in/left");
    if (answer.ok) {
      const { left, unsent } = await answer.json();
      seconds = left;
      if (seconds <= 0) return leave();
      if (first === true && unsent) await bringBack(unsent);
    }
  } catch { /* out of reach for a moment: look again */ }
  setTimeout(look, Math.min(seconds, 60) * 1000);
}
look(true);

// A live part says when its reader is signed in no longer: nothing stays on the screen then.
document.addEventListener("ended", () => typed?.isConnected ? leave() : location.reload());

// A page that the browser kept for its back button may be of a session that has locked or ended since.
window.addEventListener("pageshow", (shown) => {
  if (shown.persisted) location.reload();
});

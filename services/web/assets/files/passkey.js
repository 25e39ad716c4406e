// Asks the device for a passkey, and puts its answer into the form that the button belongs to. Where the browser has no
// passkeys the form stays hidden; every page that has one offers another way.
"use strict";

for (const place of document.querySelectorAll("[data-passkey]")) {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) continue;
  place.hidden = false;
  document.querySelector("[data-passkey-none]")?.remove();
  const form = place.querySelector("form");
  const failed = place.querySelector("[data-failed]");
  form.addEventListener("submit", async (submit) => {
    submit.preventDefault();
    failed.hidden = true;
    try {
      const asked = await fetch(form.dataset.options, { method: "POST" });
      if (asked.redirected) return location.assign(asked.url);
      if (!asked.ok) throw new Error(asked.statusText);
      const { publicKey } = await asked.json();
      const answer = place.dataset.passkey === "create"
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
      form.elements.answer.value = JSON.stringify(answer.toJSON());
      form.submit();
    } catch {
      failed.hidden = false;
    }
  });
}

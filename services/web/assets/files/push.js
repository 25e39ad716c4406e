// Lets this browser take alerts: it asks the reader, then gives the site the address to which it may send.
"use strict";

(async () => {
  const form = document.querySelector("form[data-push-key]");
  if (!form) return;
  const cannot = () => {
    form.hidden = true;
    document.querySelector("[data-push-script]").hidden = true;
    document.querySelector("[data-push-cannot]").hidden = false;
  };
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || Notification.permission === "denied") return cannot();
  form.hidden = false;

  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

  form.addEventListener("submit", async (submit) => {
    submit.preventDefault();
    try {
      const worker = await navigator.serviceWorker.register("/push-worker.js", { scope: "/" });
      await navigator.serviceWorker.ready;
      const known = await worker.pushManager.getSubscription();
      if (known) await known.unsubscribe(); // it may be for another key
      const given = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(form.dataset.pushKey) });
      form.elements.endpoint.value = given.endpoint;
      form.elements.key.value = text(given.getKey("p256dh"));
      form.elements.secret.value = text(given.getKey("auth"));
      form.submit();
    } catch {
      cannot();
    }
  });
})();

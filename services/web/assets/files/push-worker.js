// Shows that something waits, also when no page is open. What comes in says nothing of a case.
"use strict";

self.addEventListener("push", (push) => {
  let said = {};
  try { said = push.data.json(); } catch { /* without words it is shown all the same */ }
  push.waitUntil(self.registration.showNotification(said.title || "Handrail", { body: said.text || "", tag: "handrail", renotify: true, requireInteraction: true }));
});

self.addEventListener("notificationclick", (click) => {
  click.notification.close();
  click.waitUntil(self.clients.openWindow("/duty"));
});

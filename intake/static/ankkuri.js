"use strict";
// Comfort only: every page works without this file.

if (!("autofocus" in HTMLElement.prototype)) document.querySelector("[autofocus]")?.focus();

for (const link of document.querySelectorAll("[data-leave]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    document.title = "";
    document.body.hidden = true;
    location.replace(link.href); // so that Back does not return to this page
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

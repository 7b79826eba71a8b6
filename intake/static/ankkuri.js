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

// Printing leaves a line in the use log, by the browser's own menu too.
const printed = document.querySelector("form[data-printed]");
if (printed) {
  addEventListener("beforeprint", () => navigator.sendBeacon(printed.action, new URLSearchParams(new FormData(printed))));
}

// A page that answered a form is asked for anew on Back, instead of a form that is sent again.
for (const leaving of ["submit", "click"]) {
  document.addEventListener(leaving, (event) => {
    if (leaving === "submit" || event.target.closest("a[href]")) history.replaceState(history.state, "");
  });
}

"use strict";
// Passkeys: the page's question to the browser, and the browser's answer into the page's form.

const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const known = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

async function ask(way, asked) {
  const publicKey = { ...asked, challenge: bytes(asked.challenge) };
  if (way === "create") {
    publicKey.user = { ...asked.user, id: bytes(asked.user.id) };
    publicKey.excludeCredentials = known(asked.excludeCredentials);
    return navigator.credentials.create({ publicKey });
  }
  publicKey.allowCredentials = known(asked.allowCredentials);
  return navigator.credentials.get({ publicKey });
}

function told(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  const { id, type } = credential;
  return JSON.stringify({ id, type, rawId: text(credential.rawId), response });
}

for (const form of document.querySelectorAll("[data-passkey-form]")) {
  const button = form.querySelector("[data-passkey]");
  if (!button || !window.PublicKeyCredential) continue;
  const failed = form.querySelector("[data-passkey-failed]");
  const label = form.querySelector("[name=label]");
  button.hidden = false;
  if (!form.querySelector("[type=submit]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault(); // Enter in the name
      button.click();
    });
  }
  button.addEventListener("click", async () => {
    failed.hidden = true;
    if (label && !label.value.trim()) return form.submit(); // the page says what is missing
    try {
      const credential = await ask(button.dataset.passkey, JSON.parse(button.dataset.question));
      form.elements.factor_passkey.value = told(credential);
      form.submit();
    } catch {
      failed.hidden = false;
    }
  });
}

// Forms that ask an authenticator (WebAuthn Level 3), hidden until this script has found that the browser can.
const able =
  typeof PublicKeyCredential === "function" &&
  typeof PublicKeyCredential.parseRequestOptionsFromJSON === "function" &&
  typeof PublicKeyCredential.parseCreationOptionsFromJSON === "function"

for (const form of able ? document.querySelectorAll("form[data-passkey]") : []) {
  if (form instanceof HTMLFormElement) prepare(form)
}

/** @param {HTMLFormElement} form */
function prepare(form) {
  const isNew = form.dataset.passkey === "register"
  const input = form.querySelector("input[name=credential]")
  const button = form.querySelector("button:not([type=button])")
  const problem = form.querySelector("[data-passkey-problem]")
  if (!(input instanceof HTMLInputElement) || !(button instanceof HTMLButtonElement)) return
  form.hidden = false

  form.addEventListener("submit", async (event) => {
    event.preventDefault()
    if (button.disabled) return
    button.disabled = true
    say("")
    try {
      input.value = JSON.stringify(await ask(form.dataset.options ?? "", isNew))
      HTMLFormElement.prototype.submit.call(form)
    } catch (error) {
      button.disabled = false
      say(sentenceFor(error, isNew))
    }
  })
  // Whoever comes back to the page finds it as it was left.
  addEventListener("pageshow", () => {
    button.disabled = false
  })

  /** @param {string} text */
  function say(text) {
    if (!(problem instanceof HTMLElement)) return
    problem.hidden = text === ""
    problem.textContent = text
  }
}

/**
 * @param {string} url
 * @param {boolean} isNew
 */
async function ask(url, isNew) {
  const headers = { Accept: "application/json" }
  const response = await fetch(url, { method: "POST", credentials: "same-origin", headers })
  if (!response.ok) throw response.status
  const options = await response.json()
  const credential = isNew
    ? await navigator.credentials.create({
        publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
      })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) })
  if (!(credential instanceof PublicKeyCredential)) throw new TypeError("no passkey")
  return credential.toJSON()
}

/**
 * @param {unknown} error
 * @param {boolean} isNew
 */
function sentenceFor(error, isNew) {
  if (error === 401) return "You are signed out. Load this page again and sign in."
  if (error === 429) return "Too many attempts. Try again in some minutes."
  if (error instanceof DOMException) {
    if (error.name === "InvalidStateError") return "This device has a passkey for this account already."
    if (error.name === "SecurityError") return "Passkeys do not work at this address."
    if (isNew) return "No passkey was made. Try again when you are ready."
    return "No passkey was used. Try again, or sign in another way."
  }
  return "The server did not answer as it should. Try again."
}

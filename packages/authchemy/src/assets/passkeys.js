// Forms that ask an authenticator (WebAuthn Level 3), hidden until it is found that the browser can.
const FAULT = "The server did not answer as it should. Try again."
const able = "parseCreationOptionsFromJSON" in (globalThis.PublicKeyCredential ?? {})

for (const form of able ? document.querySelectorAll("form[data-passkey]") : []) {
  if (form instanceof HTMLFormElement) prepare(form)
}

/** @param {HTMLFormElement} form */
function prepare(form) {
  const isNew = form.dataset.passkey === "register"
  const input = form.querySelector("input[name=credential]")
  const button = form.querySelector("button:not([type=button])")
  const problem = form.querySelector("[data-passkey-problem]")
  if (!(input instanceof HTMLInputElement && button instanceof HTMLButtonElement)) return
  if (!(problem instanceof HTMLElement)) return
  form.hidden = false
  const say = (/** @type {string} */ text) => {
    problem.hidden = text === ""
    problem.textContent = text
  }

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
  // For whoever comes back to the page.
  addEventListener("pageshow", () => {
    button.disabled = false
  })
}

/** @type {(url: string, isNew: boolean) => Promise<unknown>} */
async function ask(url, isNew) {
  const response = await fetch(url, { method: "POST", headers: { Accept: "application/json" } })
  if (!response.ok) throw refusal(response)
  const options = await response.json()
  const credential = await (isNew
    ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
    : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }))
  if (!(credential instanceof PublicKeyCredential)) throw FAULT
  return credential.toJSON()
}

/** @param {Response} response */
function refusal({ status, headers }) {
  if (status === 401) return "You are signed out. Load this page again and sign in."
  if (status !== 429) return FAULT
  const minutes = Math.ceil(Number(headers.get("Retry-After")) / 60)
  return `Too many attempts. Try again in ${minutes > 1 ? `${minutes} minutes` : "a minute"}.`
}

/** @type {(error: unknown, isNew: boolean) => string} */
function sentenceFor(error, isNew) {
  if (typeof error === "string") return error
  if (!(error instanceof DOMException)) return FAULT
  if (error.name === "InvalidStateError") return "This device has a passkey for this account already."
  if (error.name === "SecurityError") return "Passkeys do not work at this address."
  if (isNew) return "No passkey was made. Try again when you are ready."
  return "No passkey was used. Try again, or sign in another way."
}

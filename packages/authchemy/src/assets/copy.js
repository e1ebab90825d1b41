// Buttons that copy a text. They are hidden until this script has found that it can be copied.
const SHOWN_MS = 2_000

for (const button of navigator.clipboard ? document.querySelectorAll("button[data-copy]") : []) {
  if (button instanceof HTMLButtonElement) prepare(button)
}

/** @param {HTMLButtonElement} button */
function prepare(button) {
  const source = document.querySelector(button.dataset.copy ?? "")
  if (source === null) return
  const label = button.textContent
  // Beside the button, not in it: a button's own text is not read out when it changes.
  const status = document.createElement("span")
  status.className = "visually-hidden"
  status.setAttribute("role", "status")
  status.setAttribute("aria-live", "polite")
  button.after(status)
  button.hidden = false
  let timer = 0

  button.addEventListener("click", async () => {
    const text = await copy(source)
    button.textContent = text
    status.textContent = text
    clearTimeout(timer)
    timer = setTimeout(() => {
      button.textContent = label
      status.textContent = ""
    }, SHOWN_MS)
  })
}

/** @param {Element} source */
async function copy(source) {
  const text =
    source instanceof HTMLInputElement
      ? source.value
      : source instanceof HTMLElement
        ? source.innerText
        : source.textContent
  try {
    await navigator.clipboard.writeText((text ?? "").trim())
    return "Copied"
  } catch {
    getSelection()?.selectAllChildren(source)
    return "Selected: copy it by hand"
  }
}

import { expect, test } from "vitest"
import { testPatient } from "../testing.ts"
import { browser } from "./browser.ts"

async function lookWith(can: boolean, env: Record<string, string>, files: string[] = []) {
  const { look } = await testPatient({
    env,
    context: { canOpenBrowser: async () => can },
    probes: { fileExists: (path) => files.includes(path) },
  })
  return look(browser)
}

test.each([
  [{}, "sign-in opens the system's browser"],
  [{ WSL_DISTRO_NAME: "Ubuntu" }, "sign-in opens the browser of Windows"],
  [{ BROWSER: "firefox -P x", PATH: "/usr/bin" }, "sign-in opens it with firefox (BROWSER)"],
  [{ BROWSER: "'/opt/my browser' %s", PATH: "" }, "sign-in opens it with /opt/my browser (BROWSER)"],
  [{ BROWSER: "nothere:firefox", PATH: "/usr/bin" }, "sign-in opens it with nothere, firefox (BROWSER)"],
])("with %j", async (env, found) => {
  expect(await lookWith(true, env, ["/usr/bin/firefox", "/opt/my browser"])).toMatchObject({
    verdict: "ok",
    found,
  })
})

test("a command that is not there", async () => {
  expect(await lookWith(true, { BROWSER: "firefox", PATH: "/usr/bin" })).toMatchObject({
    verdict: "problem",
    found: "BROWSER names firefox, which is not installed",
  })
})

test.each([
  [{ BROWSER: "none" }, [], "BROWSER says so"],
  [{ CODESPACES: "true" }, [], "a Codespace"],
  [{}, ["/.dockerenv"], "a container"],
  [{ SSH_CONNECTION: "1 2 3 4" }, [], "a connection over SSH"],
  [{ WSL_DISTRO_NAME: "Ubuntu" }, [], "WSL, and no way to the browser of Windows"],
  [{}, [], "no display"],
])("none with %j: a code does", async (env, files, why) => {
  expect(await lookWith(false, env, files)).toMatchObject({
    verdict: "ok",
    found: `none here (${why}); sign-in shows a code for any device`,
  })
})

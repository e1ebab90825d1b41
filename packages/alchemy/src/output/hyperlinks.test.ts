import { expect, test } from "vitest"
import { isContinuousIntegration, showsHyperlinks } from "./hyperlinks.ts"

test.each([
  ["iTerm2", { TERM_PROGRAM: "iTerm.app", TERM_PROGRAM_VERSION: "3.1.0" }],
  ["a later iTerm2", { TERM_PROGRAM: "iTerm.app", TERM_PROGRAM_VERSION: "4.0" }],
  ["Visual Studio Code", { TERM_PROGRAM: "vscode", TERM_PROGRAM_VERSION: "1.72.2" }],
  ["WezTerm", { TERM_PROGRAM: "WezTerm", TERM_PROGRAM_VERSION: "20240203-110809-5046fc22" }],
  ["Ghostty", { TERM_PROGRAM: "ghostty" }],
  ["kitty", { TERM: "xterm-kitty" }],
  ["kitty with another TERM", { TERM: "xterm-256color", KITTY_WINDOW_ID: "1" }],
  ["Windows Terminal", { WT_SESSION: "b07c9e6e" }],
  ["GNOME Terminal", { TERM: "xterm-256color", VTE_VERSION: "7600" }],
  ["foot", { TERM: "foot" }],
  ["tmux 3.4", { TERM: "tmux-256color", TMUX: "/tmp/x", TERM_PROGRAM: "tmux", TERM_PROGRAM_VERSION: "3.4" }],
  ["tmux 3.5a", { TERM: "screen", TMUX: "/tmp/x", TERM_PROGRAM: "tmux", TERM_PROGRAM_VERSION: "3.5a" }],
])("%s has hyperlinks", (_, env) => {
  expect(showsHyperlinks(env)).toBe(true)
})

test.each([
  ["a terminal that says nothing", { TERM: "xterm-256color" }],
  ["nothing at all", {}],
  ["a dumb one", { TERM: "dumb", WT_SESSION: "b07c9e6e" }],
  ["a service that builds", { CI: "true", TERM_PROGRAM: "ghostty" }],
  ["Apple's Terminal", { TERM_PROGRAM: "Apple_Terminal", TERM_PROGRAM_VERSION: "455" }],
  ["an old iTerm2", { TERM_PROGRAM: "iTerm.app", TERM_PROGRAM_VERSION: "3.0.15" }],
  ["an old Visual Studio Code", { TERM_PROGRAM: "vscode", TERM_PROGRAM_VERSION: "1.71.9" }],
  ["Visual Studio Code within GNOME Terminal", { TERM_PROGRAM: "vscode", VTE_VERSION: "7600" }],
  ["a version that is none", { TERM_PROGRAM: "vscode", TERM_PROGRAM_VERSION: "new" }],
  ["the VTE that crashes", { VTE_VERSION: "5000" }],
  ["a VTE that is none", { VTE_VERSION: "new" }],
  ["an old tmux", { TMUX: "/tmp/x", TERM_PROGRAM: "tmux", TERM_PROGRAM_VERSION: "3.3a", WT_SESSION: "1" }],
  ["a tmux that does not name itself, within another", { TERM: "screen-256color", VTE_VERSION: "7600" }],
  ["a tmux that has no name of its own", { TERM: "xterm-256color", TMUX: "/tmp/x", WT_SESSION: "b07c9e6e" }],
  ["GNU screen", { STY: "1.pts-0", TERM: "screen", TERM_PROGRAM: "iTerm.app", TERM_PROGRAM_VERSION: "3.5" }],
  ["an inherited property", { TERM_PROGRAM: "constructor", TERM_PROGRAM_VERSION: "9.9" }],
])("%s has none", (_, env) => {
  expect(showsHyperlinks(env)).toBe(false)
})

test("CI is what says so, unless it says no", () => {
  expect(["1", "true", "woodpecker"].map((CI) => isContinuousIntegration({ CI }))).toEqual([true, true, true])
  expect([undefined, "", "0", "false"].map((CI) => isContinuousIntegration({ CI }))).toEqual([
    false,
    false,
    false,
    false,
  ])
})

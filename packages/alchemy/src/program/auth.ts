import { type CommandNode, command, DRY_RUN, group } from "./tree.ts"

/** `alchemy auth …` */
export function authCommands(): CommandNode[] {
  return [
    command(
      "login",
      "sign in through the browser or by code, as `alchemy auth` alone does",
      () => import("../commands/auth/login.ts"),
      {
        isDefault: true,
        flags: [
          ["--force", "sign in anew; the old session is ended once the new one works"],
          ["-y, --yes", "open the browser without asking"],
          ["--no-browser", "never open the browser; show the address only"],
          ["--device", "sign in by a code that is approved on any device"],
          ["--with-token", "store a token that is given on stdin"],
          ["--complete <handle>", "finish a sign-in that was begun with --no-interactive"],
          ["--expires-in <duration>", "90d, 12h, 30m or seconds; at most 90 days"],
          ["--port <n>", "the port to listen on for the browser's answer"],
        ],
      },
    ),
    command(
      "status",
      "who is signed in, until when, and what the server says",
      () => import("../commands/auth/status.ts"),
      {
        flags: [["--offline", "ask no server"]],
      },
    ),
    command(
      "logout",
      "end the session on the server, then here",
      () => import("../commands/auth/logout.ts"),
      {
        flags: [
          ["--all", "end every session of the account"],
          ["--others", "end every session but this one, and stay signed in"],
          ["--strict", "exit 6 where the server could not be reached"],
        ],
      },
    ),
    group("sessions", "every machine that is signed in", [
      command(
        "list",
        "list them, as `alchemy auth sessions` alone does",
        () => import("../commands/auth/sessions/list.ts"),
        { isDefault: true },
      ),
      command("revoke <id>", "end one", () => import("../commands/auth/sessions/revoke.ts"), {
        flags: [["-y, --yes", "end this machine's own session without asking"], DRY_RUN],
      }),
    ]),
    command("token", "print the token, for scripts", () => import("../commands/auth/token.ts")),
    command(
      "switch [account]",
      "use another profile in this directory",
      () => import("../commands/auth/switch.ts"),
      { flags: [["--default", "use it wherever no directory, flag or variable names one"]] },
    ),
    command(
      "why",
      "which credential commands use, from where, and what it shadows",
      () => import("../commands/auth/why.ts"),
    ),
    command(
      "doctor",
      "look for what keeps sign-in from working",
      () => import("../commands/auth/doctor.ts"),
      {
        flags: [
          ["--fix", "mend what can be mended"],
          ["--offline", "ask no server"],
        ],
        // It looks before anything is touched, and brings sign-outs to their servers itself.
        offline: true,
      },
    ),
    command(
      "revoke",
      "end a leaked token that is given on stdin",
      () => import("../commands/auth/revoke.ts"),
    ),
    command("deliver", "bring sign-outs to their servers", () => import("../commands/auth/deliver.ts"), {
      hidden: true,
      offline: true,
    }),
  ]
}

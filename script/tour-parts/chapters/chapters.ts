import type { Stage } from "../stage.ts"
import type { World } from "../world.ts"
import { accessKeys } from "./access-keys.ts"
import { appLists } from "./app-lists.ts"
import { apps } from "./apps.ts"
import { begin } from "./begin.ts"
import { config } from "./config.ts"
import { errors } from "./errors.ts"
import { forPrograms } from "./for-programs.ts"
import { machines } from "./machines.ts"
import { profiles } from "./profiles.ts"
import { signIn } from "./sign-in.ts"
import { signOut } from "./sign-out.ts"
import { status } from "./status.ts"

/** Some steps that belong together. Each chapter leaves what the next one begins with: Ada signed in with the default profile. */
export type Chapter = (stage: Stage, world: World) => Promise<void>

export const CHAPTERS: readonly Chapter[] = [
  begin,
  signIn,
  status,
  apps,
  appLists,
  accessKeys,
  profiles,
  machines,
  config,
  forPrograms,
  errors,
  signOut,
]

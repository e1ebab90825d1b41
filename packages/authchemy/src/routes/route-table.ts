import type { Handler } from "hono"
import type { AppEnv } from "../middleware/request-log.ts"

/** Paths with what answers there; any other method is told which there are. */
export type RouteTable = Readonly<Record<string, { get?: Handler<AppEnv>; post?: Handler<AppEnv> }>>

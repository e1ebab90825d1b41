import type { Handler } from "hono"
import { ICON_SVG } from "../pages/layout.ts"
import { STYLE } from "../pages/style.ts"

/** The style sheet. Its path changes with its content, so browsers keep it for good. */
export const showStyle: Handler = (c) =>
  c.body(STYLE, 200, {
    "Content-Type": "text/css; charset=utf-8",
    "Cache-Control": "public, max-age=31536000, immutable",
  })

/** The icon of the pages and of the browser's tab. */
export const showIcon: Handler = (c) =>
  c.body(ICON_SVG, 200, { "Content-Type": "image/svg+xml", "Cache-Control": "public, max-age=86400" })

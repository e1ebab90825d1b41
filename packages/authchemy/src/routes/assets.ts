import type { Handler } from "hono"
import type { Asset } from "../pages/site.ts"

/** A file that pages load. Its path changes with its content, so browsers keep it for good. */
export function showAsset({ body, type }: Asset): Handler {
  return (c) =>
    c.body(body, 200, { "Content-Type": type, "Cache-Control": "public, max-age=31536000, immutable" })
}

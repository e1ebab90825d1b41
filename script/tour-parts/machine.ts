/** The machine that the tour shows. */
export const MACHINE = { hostname: "laptop", release: "6.12.0", home: "/home/ada" } as const

/** What the file of the tour's clock holds: the tour's time, and when it was set by the real one. Both in milliseconds since 1970. */
export type HeldClock = { at: number; since: number }

/** When the tour begins. */
export const TOUR_BEGINS = Date.UTC(2027, 0, 4, 9, 0)

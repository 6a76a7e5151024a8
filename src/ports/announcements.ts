/** Things Jett says by itself: a timer that rings. One after the other, and never into a turn. */
export interface Announcements {
  /** In the place of one with the same id that is not over yet. */
  announce(announcement: Announcement): void
  /** Takes back what is not heard yet, and what would be said again; whether there was any of it. */
  withdraw(id: string): boolean
}

export interface Announcement {
  readonly id: string
  /** What is said: asked for when it is about to be, since it may have waited by then. */
  text(): string
  /** What is shown where it cannot be said. It may end up in a log, so it holds no word of the user's. */
  readonly notice: string
  /** A tone comes before it: nobody expects that something is said. */
  readonly rings?: boolean | undefined
  /** Said once more after so long, unless the user said anything by then. */
  readonly repeatAfterMs?: number | undefined
  /** Called once, unless it was withdrawn: it was heard, or shown because it could not be said. */
  onDelivered?(how: "heard" | "written"): void
}

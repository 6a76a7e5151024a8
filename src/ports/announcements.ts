/** Things Jett says by itself: a timer that rings. One after the other, and never into a turn. */
export interface Announcements {
  announce(announcement: Announcement): void
}

export interface Announcement {
  readonly id: string
  readonly text: string
}

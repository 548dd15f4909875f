/** The state of the recorded intents in memory, so that changes need not query it. */
export class IntentLog {
  /** Ids of intents that are carried out; the next transaction deletes them. Repeating them does no harm. */
  readonly done = new Set<number>()
  /** OCI repositories with intents that failed, or that an earlier process left pending. */
  readonly unfinished = new Set<string>()
  /** Sets to which each OCI repository is added that changes from now on. */
  readonly followers = new Set<Set<string>>()

  /** Adds an OCI repository that is about to change, or has just changed, to the sets of the followers. */
  note(ociRepository: string): void {
    for (const follower of this.followers) follower.add(ociRepository)
  }
}

/** What this process knows of the recorded intents, so that it need not ask for each change. */
export class IntentLog {
  /** Done in the registry: the next transaction takes them out. Doing them again would do no harm. */
  readonly done = new Set<number>()
  /** OCI repositories in which something failed, or was left by an earlier process. */
  readonly unfinished = new Set<string>()
  /** Each is told of the OCI repositories in which anything is done, as long as it is in here. */
  readonly followers = new Set<Set<string>>()

  /** Notes that something is about to be done in an OCI repository, or was just done. */
  note(ociRepository: string): void {
    for (const follower of this.followers) follower.add(ociRepository)
  }
}

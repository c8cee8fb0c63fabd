import type { Candidate, Proposal } from './search.ts';

/** What is proposed, for who has nothing else to do. */
export function inOneGo(proposal: Proposal): readonly Candidate[] {
  for (;;) {
    const { done, value } = proposal.next();
    if (done) return value;
  }
}

/** What is proposed; between its pieces of work all else that this process waits for has its turn. None where it is given up. */
export async function inTurns(proposal: Proposal, isGivenUp: () => boolean): Promise<readonly Candidate[]> {
  for (;;) {
    const { done, value } = proposal.next();
    if (done) return value;
    await new Promise((resolve) => setImmediate(resolve));
    if (isGivenUp()) return [];
  }
}

// The switch of all mutants: at most one is on, for the life of the process. Without one, what could
// be a mutant notes that it was reached.

const active = Number(process.env.RDS_MUTANT ?? -1);

/** One for each mutant that was reached. */
export const reached = new Uint8Array(1 << 16);

/** @param {number} id */
export function isMutant(id) {
  if (active === -1) reached[id] = 1;
  return id === active;
}
